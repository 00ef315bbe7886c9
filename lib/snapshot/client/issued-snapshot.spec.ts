import { failureOf, FakeSnapshots, SERVER_TIME } from '../../../test/support/fake-snapshots.js';
import { CryptoClient, type AshSnapshot } from './index.js';

const SECOND = Math.floor(SERVER_TIME / 1_000);
const INVALID = { name: 'SnapshotError', code: 'ASH_CRYPTO_SNAPSHOT_INVALID' };

function open(): { client: CryptoClient; server: FakeSnapshots } {
  const server = new FakeSnapshots();
  return { client: new CryptoClient(server.config()), server };
}

describe('what is no snapshot is refused', () => {
  const answers: [string, (snapshot: AshSnapshot) => Response][] = [
    ['an error', () => Response.json({}, { status: 500 })],
    ['a snapshot with the status of an error', (snapshot) => Response.json(snapshot, { status: 503 })],
    ['nothing', () => new Response(null, { status: 204 })],
    ['a page', (snapshot) => new Response(JSON.stringify(snapshot), { headers: { 'content-type': 'text/html' } })],
    ['half of it', (snapshot) => jsonText(JSON.stringify(snapshot).slice(0, -1))],
    ['null', () => Response.json(null)],
    ['a list', (snapshot) => Response.json([snapshot])],
    ['a text', () => Response.json('tick')],
    ['more than a snapshot can be', (snapshot) => Response.json({ ...snapshot, more: 'x'.repeat(8_192) })],
    ...(['tick', 'seed', 'timestamp', 'signature'] as const).map((name): [string, (from: AshSnapshot) => Response] => [
      `no ${name}`,
      (snapshot) => Response.json({ ...snapshot, [name]: undefined }),
    ]),
    ...[-1, 1.5, 2 ** 31, '7', null].map((tick): [string, (from: AshSnapshot) => Response] => [
      `the tick ${String(tick)}`,
      (snapshot) => Response.json({ ...snapshot, tick }),
    ]),
    ...[0, -1, 2 ** 30 + 1, 1.5, '7'].map((seed): [string, (from: AshSnapshot) => Response] => [
      `the seed ${String(seed)}`,
      (snapshot) => Response.json({ ...snapshot, seed }),
    ]),
    ...[-1, 1.5, 2 ** 53, `${SECOND}`].map((timestamp): [string, (from: AshSnapshot) => Response] => [
      `the time ${String(timestamp)}`,
      (snapshot) => Response.json({ ...snapshot, timestamp }),
    ]),
    ...['', 'AAAA', 7].map((signature): [string, (from: AshSnapshot) => Response] => [
      `the signature '${signature}'`,
      (snapshot) => Response.json({ ...snapshot, signature }),
    ]),
  ];

  it.each(answers)('%s', async (_title, answer) => {
    const { client, server } = open();
    server.answerOnce('/snapshot', () => answer(server.snapshot()));

    expect(await failureOf(client.encryptMessage('text'))).toEqual(INVALID);
  });

  it('without being read to its end', async () => {
    const { client, server } = open();
    const [part, parts] = [new TextEncoder().encode(' '.repeat(1_024)), { given: 0, isCancelled: false }];
    const body = new ReadableStream({
      pull: (controller) => {
        parts.given += 1;
        controller.enqueue(part);
      },
      cancel: () => {
        parts.isCancelled = true;
      },
    });
    server.answerOnce('/snapshot', () => new Response(body, { headers: { 'content-type': 'application/json' } }));

    expect(await failureOf(client.encryptMessage('text'))).toEqual(INVALID);
    expect(parts.isCancelled).toBe(true);
    expect(parts.given).toBeLessThan(16);
  });
});

function jsonText(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'application/json' } });
}
