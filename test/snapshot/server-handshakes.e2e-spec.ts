import { AshSnapshots } from 'nestjs-ash/snapshot';
import { ADAPTERS, applications } from '../module/application.js';
import { snapshots } from './stopped-server.js';

const HASH = '0123456789abcdef0123456789ABCDEF';

describe.each(ADAPTERS)('On %s a server of snapshots', (adapter) => {
  const start = applications(adapter);

  it('takes a handshake, in any case, and remembers it once', async () => {
    const application = await start(snapshots());
    for (const hash of [HASH, HASH.toLowerCase(), HASH.toUpperCase()]) {
      await expect(application.send('POST', '/handshake', { hash })).resolves.toMatchObject({
        status: 200,
        body: { status: 'ok' },
      });
    }
    expect(application.get(AshSnapshots).handshakes).toBe(1);
  });

  type Row = [title: string, body: unknown];
  const malformed: Row[] = [
    ['a digit too few', { hash: HASH.slice(1) }],
    ['a digit too many', { hash: `${HASH}0` }],
    ['the hash of another size', { hash: HASH.repeat(2) }],
    ['an empty hash', { hash: '' }],
    ['a letter that is no digit', { hash: HASH.replace('0', 'g') }],
    ['a space in front', { hash: ` ${HASH.slice(1)}` }],
    ['a line behind', { hash: `${HASH}\n` }],
    ['digits of another script', { hash: '٠'.repeat(32) }],
    ['a number', { hash: 12_345_678 }],
    ['a list of a hash', { hash: [HASH] }],
    ['an object', { hash: { length: 32 } }],
    ['null', { hash: null }],
    ['what is true', { hash: true }],
    ['90 kilobytes', { hash: '0'.repeat(90_000) }],
    ['another name', { Hash: HASH }],
    ['no hash', {}],
    ['a list', [HASH]],
    ['no body', undefined],
  ];
  it.each(malformed)('answers 400 to a handshake of %s, with what it has to be', async (_title, body) => {
    const application = await start(snapshots());
    await expect(application.send('POST', '/handshake', body)).resolves.toMatchObject({
      status: 400,
      body: {
        statusCode: 400,
        error: 'Bad Request',
        code: 'ASH_CRYPTO_HANDSHAKE_REFUSED',
        message: 'hash: it has to be 32 hexadecimal digits: send { "hash": "…" } as application/json.',
      },
    });
    expect(application.get(AshSnapshots).handshakes).toBe(0);
  });

  const noObjects: [title: string, text: string][] = [
    ['no JSON', '{"hash":'],
    ['a text', `"${HASH}"`],
    ['a number', '7'],
    ['null', 'null'],
    ['nothing', ''],
  ];
  it.each(noObjects)('answers 400 to a body that is %s', async (_title, body) => {
    const application = await start(snapshots());
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(`${application.origin}/handshake`, { method: 'POST', headers, body });
    expect(status).toBe(400);
    expect(application.get(AshSnapshots).handshakes).toBe(0);
  });

  it('takes hashes of the size that it is told', async () => {
    const application = await start(snapshots({ hashSize: 32 }));
    await expect(application.send('POST', '/handshake', { hash: HASH })).resolves.toMatchObject({
      status: 400,
      body: { message: 'hash: it has to be 64 hexadecimal digits: send { "hash": "…" } as application/json.' },
    });
    await expect(application.send('POST', '/handshake', { hash: HASH.repeat(2) })).resolves.toMatchObject({
      status: 200,
    });
  });
});
