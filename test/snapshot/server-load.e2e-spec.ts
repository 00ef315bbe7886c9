import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AshSnapshotModule, AshSnapshots } from 'nestjs-ash/snapshot';
import { ADAPTERS, applications, type Application, type Setup } from '../module/application.js';

const MEGABYTE = 2 ** 20;
const COUNT = 400;

function snapshots(): Setup {
  return { imports: [AshSnapshotModule.forRoot({ secretKey: randomBytes(32) })] };
}

/** What the heap holds when all that nobody refers to is gone, in megabytes. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed / MEGABYTE;
}

function accept(service: AshSnapshots, count: number): void {
  for (let index = 0; index < count; index++) service.acceptHandshake(randomBytes(16).toString('hex'));
}

/** Asks again and again, a few at a time, and counts the statuses. */
async function flood(
  ask: (index: number) => Promise<{ status: number }>,
  count: number,
): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const { status } = await ask(next++);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return statuses;
}

/** How often health was answered while something was going on. */
async function healthDuring(application: Application, work: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  const watched = work.finally(() => {
    over.abort();
  });
  let answers = 0;
  while (!over.signal.aborted) {
    const { status, body } = await application.send('GET', '/health');
    if (status !== 200) throw new Error(`Health was answered with ${status}: ${JSON.stringify(body)}`);
    answers += 1;
  }
  await watched;
  return answers;
}

describe('A flood of handshakes', () => {
  const start = applications('express');

  it('of 100,000 leaves 10,000 of them in memory, and the heap where it was', async () => {
    const application = await start(snapshots());
    const service = application.get(AshSnapshots);
    accept(service, 20_000);
    const before = heap();
    accept(service, 100_000);
    expect(service.handshakes).toBe(10_000);
    // 100,000 more would be some twenty megabytes.
    expect(heap() - before).toBeLessThan(4);
  });
});

describe.each(ADAPTERS)('On %s a flood', (adapter) => {
  const start = applications(adapter);

  it('of handshakes and snapshots is answered, and health beside it', async () => {
    const application = await start(snapshots());
    const handshake = (index: number): Promise<{ status: number }> =>
      application.send('POST', '/handshake', {
        hash: index % 2 === 0 ? randomBytes(16).toString('hex') : 'malformed',
      });
    const snapshot = (index: number): Promise<{ status: number }> =>
      application.send('GET', index % 2 === 0 ? '/snapshot' : `/snapshot?tick=${index}`);
    const floods = Promise.all([flood(handshake, COUNT), flood(snapshot, COUNT)]);
    const answers = await healthDuring(application, floods);
    await expect(floods).resolves.toStrictEqual([
      { 200: COUNT / 2, 400: COUNT / 2 },
      { 200: COUNT / 2, 404: COUNT / 2 },
    ]);
    expect(application.get(AshSnapshots).handshakes).toBe(COUNT / 2);
    // Each waits for its turn behind the forty that are always under way, and no longer.
    expect(answers).toBeGreaterThan(3);
  });
});
