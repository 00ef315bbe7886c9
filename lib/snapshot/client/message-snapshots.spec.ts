import { jest } from '@jest/globals';
import { failureOf, FakeSnapshots, SERVER_TIME } from '../../../test/support/fake-snapshots.js';
import { CryptoClient, type CryptoConfig } from './index.js';

const SECOND = Math.floor(SERVER_TIME / 1_000);
const EXPIRED = { name: 'SnapshotError', code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' };

beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

function open(config: Partial<CryptoConfig> = {}): { client: CryptoClient; server: FakeSnapshots } {
  const server = new FakeSnapshots();
  return { client: new CryptoClient(server.config(config)), server };
}

describe('the snapshot of a message', () => {
  it('is asked for by its tick, once', async () => {
    const { client, server } = open();
    const { tick } = server.snapshot();
    const message = await new CryptoClient(server.config()).encryptMessage('text');
    server.now += 5_000;
    server.seen.length = 0;
    await Promise.all([client.decryptMessage(message), client.decryptMessage(message)]);
    await client.decryptMessage(message);

    expect(server.queries).toEqual([`?tick=${tick}`]);
  });

  it('is asked for by its second for array-crypto, once', async () => {
    const { client, server } = open({ cipher: 'array-crypto' });
    const message = await new CryptoClient(server.config({ cipher: 'array-crypto' })).encryptMessage('text');
    server.now += 5_000;
    server.seen.length = 0;
    await Promise.all([client.decryptMessage(message), client.decryptMessage(message)]);
    await client.decryptMessage(message);

    expect(server.queries).toEqual([`?at=${SECOND}`]);
  });

  it('is not asked for where the message says itself that it is too old', async () => {
    const { client, server } = open({ cipher: 'array-crypto' });
    const message = await new CryptoClient(server.config({ cipher: 'array-crypto' })).encryptMessage('text');
    server.now += 61_000;
    server.seen.length = 0;

    expect(await failureOf(client.decryptMessage(message))).toEqual(EXPIRED);
    expect(server.seen).toEqual([]);
  });

  it('has to be the one that was asked for', async () => {
    const { client, server } = open();
    const message = await new CryptoClient(server.config()).encryptMessage('text');
    server.now += 5_000;
    server.answerOnce('/snapshot', () => Response.json(server.snapshot()));

    expect(await failureOf(client.decryptMessage(message))).toEqual(EXPIRED);
  });

  it('does not pass for that of the moment', async () => {
    const { client, server } = open();
    const message = await new CryptoClient(server.config()).encryptMessage('text');
    server.now += 5_000;
    await client.decryptMessage(message);
    server.seen.length = 0;
    await client.encryptMessage('text');

    expect(server.queries).toEqual(['']);
  });

  it('is kept as long as it is good, whatever came after it', async () => {
    const { client, server } = open();
    const message = await client.encryptMessage('text');
    for (let seconds = 0; seconds < 59; seconds += 1) {
      server.now += 1_000;
      await client.encryptMessage('text');
    }
    server.seen.length = 0;
    await client.decryptMessage(message);

    expect(server.seen).toEqual([]);
  });

  it('is forgotten with the oldest ones, and asked for again', async () => {
    const { client, server } = open();
    server.interval = 10;
    const message = await client.encryptMessage('text');
    for (let count = 0; count < 1_024; count += 1) {
      server.now += 10;
      await client.encryptMessage('text');
    }
    server.seen.length = 0;
    await client.decryptMessage(message);

    expect(server.count('/snapshot')).toBe(1);
  });
});

describe('with a server of the reference, which answers the snapshot of the moment only', () => {
  const withReference = (config: Partial<CryptoConfig> = {}): ReturnType<typeof open> => {
    const opened = open(config);
    opened.server.isReference = true;
    return opened;
  };

  it('a message of its tick is opened', async () => {
    const { client, server } = withReference();
    const message = await new CryptoClient(server.config()).encryptMessage('text');

    expect(await client.decryptMessage(message)).toHaveLength(4);
  });

  it('a message of a tick before is opened where it was seen, and refused otherwise', async () => {
    const { client, server } = withReference();
    const other = new CryptoClient(server.config());
    const message = await other.encryptMessage('text');
    await client.encryptMessage('text');
    server.now += 5_000;

    expect(await client.decryptMessage(message)).toHaveLength(4);
    expect(await failureOf(new CryptoClient(server.config()).decryptMessage(message))).toEqual(EXPIRED);
  });

  it('a second between two that were seen of the same tick is that tick’s', async () => {
    const { client, server } = withReference({ cipher: 'array-crypto', tickInterval: 1 });
    server.interval = 10_000;
    server.epoch = SERVER_TIME - 1_000;
    await client.encryptMessage('text');
    server.now += 2_000;
    const message = await new CryptoClient(server.config({ cipher: 'array-crypto' })).encryptMessage('text');
    server.now += 2_000;
    await client.encryptMessage('text');
    server.seen.length = 0;

    expect(await client.decryptMessage(message)).toHaveLength(4);
    expect(server.seen).toEqual([]);
  });

  it('goes on where the server began to count anew', async () => {
    const { client, server } = withReference();
    server.epoch = SERVER_TIME - 7_000;
    const before = await client.encryptMessage('text');
    server.epoch = server.now += 1_000;
    await client.encryptMessage('text');
    // The tick of the message before, with another seed.
    server.now += 7_000;
    const after = await client.encryptMessage('text');

    expect(await client.decryptMessage(after)).toHaveLength(4);
    expect(await failureOf(client.decryptMessage(before))).toMatchObject({ code: 'ASH_CRYPTO_MESSAGE_INVALID' });
  });
});

it('a second of a tick that there was before the server counted anew is not that of the new one', async () => {
  const { client, server } = open({ cipher: 'array-crypto' });
  server.isReference = true;
  server.epoch = SERVER_TIME - 2_000;
  const message = await client.encryptMessage('text');
  server.now += 5_000;
  server.epoch = server.now - 2_000;
  await client.encryptMessage('text');

  expect(await failureOf(client.decryptMessage(message))).toEqual(EXPIRED);
});

describe('a second of two ticks', () => {
  it('is refused where both were seen', async () => {
    const { client, server } = open({ cipher: 'array-crypto' });
    server.interval = 400;
    const message = await client.encryptMessage('text');
    server.now += 400;
    await client.encryptMessage('text');

    expect(await failureOf(client.decryptMessage(message))).toEqual(EXPIRED);
    await expect(client.decryptMessage(message)).rejects.toThrow('belongs to more than one snapshot');
  });

  it('is left to the server to tell where ticks are no whole seconds', async () => {
    const { client, server } = open({ cipher: 'array-crypto', tickInterval: 1.5 });
    server.interval = 1_500;
    const message = await client.encryptMessage('text');
    server.answerOnce('/snapshot', () => new Response('', { status: 404 }));

    expect(await failureOf(client.decryptMessage(message))).toEqual(EXPIRED);
    expect(server.queries).toEqual(['', `?at=${SECOND}`]);
    expect(await client.decryptMessage(message)).toHaveLength(4);
  });
});
