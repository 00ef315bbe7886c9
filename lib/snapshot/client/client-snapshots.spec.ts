import { failureOf, FakeSnapshots, SECRET_KEY, SERVER_TIME } from '../../../test/support/fake-snapshots.js';
import { CryptoClient, type AshSnapshot, type CryptoConfig } from './index.js';

const SECOND = Math.floor(SERVER_TIME / 1_000);

function open(config: Partial<CryptoConfig> = {}): { client: CryptoClient; server: FakeSnapshots } {
  const server = new FakeSnapshots();
  return { client: new CryptoClient(server.config(config)), server };
}

const refusal = (what: string): object => ({ name: 'SnapshotError', code: `ASH_CRYPTO_SNAPSHOT_${what}` });

describe('the snapshot of the moment', () => {
  it('is asked for once in its tick', async () => {
    const { client, server } = open();
    for (const later of [0, 100, 499, 500, 1_499]) {
      server.now = SERVER_TIME + later;
      await client.encryptMessage('text');
    }

    // The tick ends half a second after the first message.
    expect(server.count('/snapshot')).toBe(2);
  });

  it('is asked for once by those who need it at once', async () => {
    const { client, server } = open();
    await Promise.all(Array.from({ length: 50 }, () => client.encryptMessage('text')));

    expect(server.seen.map(({ path }) => path)).toEqual(['/handshake', '/snapshot']);
  });

  it('lasts for the tick of the configuration where the server does not say how long', async () => {
    const { client, server } = open({ tickInterval: 5 });
    server.isReference = true;
    for (const later of [0, 2_000, 4_999, 5_000]) {
      server.now = SERVER_TIME + later;
      await client.encryptMessage('text');
    }

    expect(server.count('/snapshot')).toBe(2);
  });

  it.each(['none', '-1', '1e3', ' ', '9'.repeat(16)])('lasts for a tick where the server says %j', async (life) => {
    const { client, server } = open();
    const headers = { 'x-ash-snapshot-life': life };
    server.answerOnce('/snapshot', () => Response.json(server.snapshot(), { headers }));
    for (const later of [0, 999, 1_000]) {
      server.now = SERVER_TIME + later;
      await client.encryptMessage('text');
    }

    expect(server.count('/snapshot')).toBe(2);
  });

  it('is used no longer than the drift allows, whatever the server says', async () => {
    const { client, server } = open({ maxDrift: 3 });
    server.interval = 3_600_000;
    for (const later of [0, 3_000, 4_000]) {
      server.now = SERVER_TIME + later;
      await client.encryptMessage('text');
    }

    expect(server.count('/snapshot')).toBe(2);
  });

  it('ends no later than at the server, however long the answer took', async () => {
    const { client, server } = open();
    server.answerOnce('/snapshot', () => {
      const answer = Response.json(server.snapshot(), { headers: { 'x-ash-snapshot-life': '500' } });
      server.now += 400;
      return answer;
    });
    await client.encryptMessage('text');
    server.now += 99;
    await client.encryptMessage('text');
    expect(server.count('/snapshot')).toBe(1);
    server.now += 1;
    await client.encryptMessage('text');
    expect(server.count('/snapshot')).toBe(2);
  });

  it('is asked for anew where the clock of the client was set back', async () => {
    let setBack = 0;
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config({ clock: () => server.now - setBack }));
    await client.encryptMessage('text');
    setBack = 10_000;
    await client.encryptMessage('text');

    expect(server.count('/snapshot')).toBe(2);
  });
});

describe('a snapshot whose time is off by the drift', () => {
  it.each([
    ['behind', 60_000],
    ['ahead', -60_000],
  ])('is taken where the clock of the server is %s', async (_title, off) => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config({ clock: () => server.now + off }));

    expect(await client.decryptMessage(await client.encryptMessage('text'))).toHaveLength(4);
  });

  it.each([
    ['behind', 61_000, '61 s behind'],
    ['ahead', -61_000, '61 s ahead of'],
  ])('and a second more is refused where the clock of the server is %s', async (_title, off, said) => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config({ clock: () => server.now + off }));

    expect(await failureOf(client.encryptMessage('text'))).toEqual(refusal('EXPIRED'));
    await expect(client.encryptMessage('text')).rejects.toThrow(said);
  });

  it('is the drift of the configuration', async () => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config({ maxDrift: 2, clock: () => server.now + 3_000 }));

    expect(await failureOf(client.encryptMessage('text'))).toEqual(refusal('EXPIRED'));
  });
});

describe('a forged snapshot is refused', () => {
  const forged: [string, (server: FakeSnapshots) => AshSnapshot][] = [
    ['with another tick', (server) => ({ ...server.snapshot(), tick: 1 })],
    ['with another seed', (server) => ({ ...server.snapshot(), seed: 1 })],
    ['with another time', (server) => ({ ...server.snapshot(), timestamp: SECOND + 1 })],
    ['signed with another key', () => new FakeSnapshots(Buffer.alloc(32)).snapshot()],
    ['with a signature of nothing', (server) => ({ ...server.snapshot(), signature: `${'A'.repeat(43)}=` })],
  ];

  it.each(forged)('%s', async (_title, forge) => {
    const { client, server } = open();
    server.answerOnce('/snapshot', () => Response.json(forge(server)));

    expect(await failureOf(client.encryptMessage('text'))).toEqual(refusal('FORGED'));
    // The server's own one is as good as before.
    expect(await client.encryptMessage('text')).toBeInstanceOf(Uint8Array);
  });

  it.each(forged.slice(0, 2))('also to open a message with, %s', async (_title, forge) => {
    const { client, server } = open();
    const message = await new CryptoClient(server.config()).encryptMessage('text');
    server.answerOnce('/snapshot', () => Response.json(forge(server)));

    expect(await failureOf(client.decryptMessage(message))).toEqual(refusal('FORGED'));
  });
});

describe('an old snapshot that is replayed', () => {
  const replay = async (age: number, config: Partial<CryptoConfig> = {}): Promise<unknown> => {
    const { client, server } = open(config);
    const old = server.snapshot(SERVER_TIME - age * 1_000);
    await client.encryptMessage('text');
    server.now += 1_000;
    server.answerOnce('/snapshot', () => Response.json(old));
    return failureOf(client.encryptMessage('text'));
  };

  it.each([2, 30, 59])('is refused within the drift: %d s', async (age) => {
    expect(await replay(age)).toEqual(refusal('REPLAYED'));
  });

  it.each([60, 3_600])('is refused outside the drift: %d s', async (age) => {
    expect(await replay(age)).toEqual(refusal('EXPIRED'));
  });

  it('is one of a process whose clock is a little behind, where it is a second old', async () => {
    expect(await replay(1)).toBe('no failure');
  });

  it('is refused where it comes back in steps', async () => {
    const { client, server } = open();
    await client.encryptMessage('text');
    const outcomes: unknown[] = [];
    for (const age of [1, 2, 3]) {
      server.now += 1_000;
      server.answerOnce('/snapshot', () => Response.json(server.snapshot(SERVER_TIME - age * 1_000)));
      outcomes.push(await failureOf(client.encryptMessage('text')));
    }

    expect(outcomes).toEqual(['no failure', refusal('REPLAYED'), refusal('REPLAYED')]);
  });

  it('is not known by a client that saw no newer one', async () => {
    const { client, server } = open();
    server.answerOnce('/snapshot', () => Response.json(server.snapshot(SERVER_TIME - 30_000)));

    expect(await client.encryptMessage('text')).toBeInstanceOf(Uint8Array);
  });

  it('is none where the clock of the server was set back further than the drift', async () => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config());
    await client.encryptMessage('text');
    server.now -= 3_600_000;

    expect(await client.encryptMessage('text')).toBeInstanceOf(Uint8Array);
  });
});

it('takes the key as bytes and as base64 alike, and keeps none of the bytes that it was given', async () => {
  const server = new FakeSnapshots();
  const bytes = Buffer.from(SECRET_KEY, 'base64');
  const client = new CryptoClient(server.config({ secretKey: bytes }));
  bytes.fill(0);
  const message = await client.encryptMessage('text');

  expect(await new CryptoClient(server.config()).decryptMessage(message)).toHaveLength(4);
});
