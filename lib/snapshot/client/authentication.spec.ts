import { failureOf, FakeSnapshots } from '../../../test/support/fake-snapshots.js';
import { CryptoClient, type CryptoConfig } from './index.js';

function open(config: Partial<CryptoConfig> = {}): { client: CryptoClient; server: FakeSnapshots } {
  const server = new FakeSnapshots();
  return { client: new CryptoClient(server.config(config)), server };
}

const hashesOf = ({ seen }: FakeSnapshots): string[] =>
  seen.filter(({ path }) => path === '/handshake').map(({ text }) => (JSON.parse(text) as { hash: string }).hash);

describe('the handshake', () => {
  it.each([
    [undefined, 32],
    [1, 2],
    [32, 64],
  ])('is a hash of the configured size, %s: %d digits', async (hashSize, digits) => {
    const { client, server } = open(hashSize === undefined ? {} : { hashSize });
    await client.authenticate();

    expect(hashesOf(server)).toEqual([expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`))]);
  });

  it('is sent as JSON, without credentials, and followed nowhere', async () => {
    const { client, server } = open();
    await client.authenticate();
    const [seen] = server.seen;

    expect(seen).toMatchObject({
      method: 'POST',
      init: { credentials: 'omit', redirect: 'error', cache: 'no-store' },
    });
    expect(new Headers(seen?.init.headers).get('content-type')).toBe('application/json');
    expect(Object.keys(JSON.parse(seen?.text ?? '') as object)).toEqual(['hash']);
  });

  it('is another one each time', async () => {
    const { client, server } = open();
    await client.authenticate();
    await client.authenticate();
    await new CryptoClient(server.config({ handshakePoints: 1 })).authenticate();

    expect(new Set(hashesOf(server)).size).toBe(3);
  });

  it('goes before the first message of its own accord, and not before the second', async () => {
    const { client, server } = open();
    await client.encryptMessage('text');
    await client.encryptMessage('text');

    expect(server.seen.map(({ path }) => path)).toEqual(['/handshake', '/snapshot']);
  });

  it('goes before a message that is opened first', async () => {
    const { client, server } = open();
    const message = await new CryptoClient(server.config()).encryptMessage('text');
    server.seen.length = 0;
    await client.decryptMessage(message);

    expect(server.seen.map(({ path }) => path)).toEqual(['/handshake', '/snapshot']);
  });

  it('is not repeated by a message where the application did it', async () => {
    const { client, server } = open();
    await client.authenticate();
    await client.encryptMessage('text');

    expect(server.count('/handshake')).toBe(1);
  });

  it('is one for all who need it at once', async () => {
    const { client, server } = open();
    await Promise.all([client.authenticate(), client.authenticate(), client.encryptMessage('text')]);

    expect(server.count('/handshake')).toBe(1);
  });

  it('that failed is tried again by the next call', async () => {
    const { client, server } = open();
    const no = (): Response => new Response('', { status: 500 });
    server.answerOnce('/handshake', no, no);

    expect(await failureOf(client.encryptMessage('text'))).toMatchObject({ name: 'AuthenticationError' });
    expect(await failureOf(client.authenticate())).toMatchObject({ name: 'AuthenticationError' });
    expect(await failureOf(client.encryptMessage('text'))).toBe('no failure');
    expect(server.count('/handshake')).toBe(3);
  });

  it.each<[string, () => Response]>([
    ['an error of the client', () => Response.json({ detail: 'no' }, { status: 400 })],
    ['an error of the server', () => Response.json({ status: 'ok' }, { status: 500 })],
    ['a redirect', () => new Response(null, { status: 307, headers: { location: 'https://else.example' } })],
    ['another status', () => Response.json({ status: 'no' })],
    ['no status', () => Response.json({})],
    ['null', () => Response.json(null)],
    ['no JSON', () => new Response('{"status":"ok"}')],
    ['a broken text', () => new Response('{"status":', { headers: { 'content-type': 'application/json' } })],
    ['too much', () => Response.json({ status: 'ok', more: 'x'.repeat(9_000) })],
  ])('is refused by anything but ok: %s', async (_title, answer) => {
    const { client, server } = open();
    server.answerOnce('/handshake', answer);

    await expect(client.authenticate()).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'ASH_CRYPTO_HANDSHAKE_REFUSED',
      message: expect.stringContaining(`answered with status ${answer().status}`),
    });
  });
});
