import { jest } from '@jest/globals';
import { AshMemoryStore } from './memory.store.js';
import { AshSealedStore } from './sealed.store.js';
import { ashGenerateKey } from './sealing-key.js';
import type { AshMarkResult, AshSpentMark } from './spent-set.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };
const KEYS = [{ id: 'a', secret: ashGenerateKey() }];
const DOWN = new Error('ECONNREFUSED');

/** A spent set of several shards whose marks a test can lose, and whose answers it can keep back. */
class FlushableSet extends AshMemoryStore {
  override readonly shards = 3;
  down = false;
  private readonly marked = new Set<string>();
  private flushes = 0;

  flush(): void {
    this.marked.clear();
    this.flushes++;
  }

  override epoch(shard: number): Promise<string> {
    return this.down ? Promise.reject(DOWN) : Promise.resolve(this.epochNow(shard));
  }

  override mark({ shard, key, epoch }: AshSpentMark): Promise<AshMarkResult> {
    if (this.down) return Promise.reject(DOWN);
    if (epoch !== this.epochNow(shard)) return Promise.resolve('other-epoch');
    if (this.marked.has(key)) return Promise.resolve('already-marked');
    this.marked.add(key);
    return Promise.resolve('marked');
  }

  private epochNow(shard: number): string {
    return `epoch-${this.flushes}-of-shard-${shard}`;
  }
}

function setUp() {
  const clock = { now: 1_700_000_000_000 };
  const spent = new FlushableSet();
  const [here, there] = [0, 1].map(() => new AshSealedStore({ keys: KEYS, spent, clock: () => clock.now }));
  if (here === undefined || there === undefined) throw new TypeError('there are two stores');
  const issue = async (store: AshSealedStore): Promise<string> => (await store.create(OPTIONS)).id;
  /** Lets what happens in the background happen. */
  const settled = (): Promise<void> => new Promise(setImmediate);
  return { clock, spent, here, there, issue, settled };
}

describe('AshSealedStore, when the spent set loses its marks', () => {
  it('refuses what was issued before, spent or not, and what it issues from then on is good', async () => {
    const { spent, here, issue } = setUp();
    const [used, unused] = [await issue(here), await issue(here)];
    await here.consume(used);
    spent.flush();
    await expect(here.consume(used)).resolves.toBe('not-found');
    await expect(here.consume(unused)).resolves.toBe('not-found');
    await expect(here.consume(await issue(here))).resolves.toBe('consumed');
  });

  it('learns it as an instance that only issues, within a second', async () => {
    const { clock, spent, here, there, issue, settled } = setUp();
    await issue(there);
    spent.flush();
    clock.now += 999;
    await expect(here.consume(await issue(there))).resolves.toBe('not-found');
    clock.now += 1;
    await issue(there);
    await settled();
    await expect(here.consume(await issue(there))).resolves.toBe('consumed');
  });

  it('learns it as an instance that only spends, from what the others issue', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const { spent, here, there, issue } = setUp();
    await issue(here);
    spent.flush();
    await expect(here.consume(await issue(there))).resolves.toBe('consumed');
    const asked = jest.spyOn(spent, 'epoch');
    await expect(there.consume(await issue(here))).resolves.toBe('consumed');
    expect(asked).not.toHaveBeenCalled();
    jest.restoreAllMocks();
  });

  it('refuses what it issued before however often that happens', async () => {
    const { spent, here, issue } = setUp();
    const refused: string[] = [];
    for (let time = 0; time < 3; time++) {
      refused.push(await issue(here));
      spent.flush();
      for (const id of [...refused].reverse()) await expect(here.consume(id)).resolves.toBe('not-found');
      await expect(here.consume(await issue(here))).resolves.toBe('consumed');
    }
  });
});

describe('AshSealedStore, when the spent set does not answer', () => {
  it('issues for ten seconds more, then rejects, and issues again when it is back', async () => {
    const { clock, spent, here, issue, settled } = setUp();
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const early = await issue(here);
    spent.down = true;
    for (let second = 1; second < 10; second++) {
      clock.now += 1_000;
      await expect(issue(here)).resolves.toMatch(/^ash_s/);
      await settled();
    }
    await expect(here.consume(early)).rejects.toBe(DOWN);
    await expect(here.get(early)).resolves.toMatchObject({ id: early });
    clock.now += 1_000;
    await expect(issue(here)).rejects.toBe(DOWN);
    spent.down = false;
    await expect(here.consume(await issue(here))).resolves.toBe('consumed');
    await expect(here.consume(early)).resolves.toBe('consumed');
    process.removeListener('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('rejects the first context where the set never answered', async () => {
    const { spent, here, issue } = setUp();
    spent.down = true;
    await expect(issue(here)).rejects.toBe(DOWN);
  });

  it.each<unknown>(['', 'short', 'x'.repeat(129), 'with a space in its text', 7, undefined])(
    'rejects an epoch that is none: %p',
    async (epoch) => {
      const { spent, here, issue } = setUp();
      jest.spyOn(spent, 'epoch').mockImplementation(() => Promise.resolve(epoch as string));
      await expect(issue(here)).rejects.toThrow("The spent set's epoch of shard");
    },
  );

  it('answers nothing good where the set gives an answer that its contract does not know', async () => {
    const { spent, here, issue } = setUp();
    jest.spyOn(spent, 'mark').mockResolvedValue('yes' as AshMarkResult);
    await expect(here.consume(await issue(here))).resolves.toBeUndefined();
  });
});

describe('AshSealedStore over a set of shards', () => {
  it('spends each context in the shard that it was issued for, and uses them all', async () => {
    const { spent, here, there, issue } = setUp();
    const mark = jest.spyOn(spent, 'mark');
    for (let issued = 0; issued < 3 * 256; issued++) {
      await expect(there.consume(await issue(here))).resolves.toBe('consumed');
    }
    const used = mark.mock.calls.map(([{ shard }]) => shard);
    for (const shard of [0, 1, 2]) expect(used.filter((number) => number === shard)).toHaveLength(256);
  });

  it('asks for one epoch a second while it issues steadily, and for none while what it issues is spent', async () => {
    const { clock, spent, here, issue, settled } = setUp();
    await issue(here);
    const asked = jest.spyOn(spent, 'epoch');
    for (let tenth = 0; tenth < 100; tenth++) {
      clock.now += 100;
      await issue(here);
      await settled();
    }
    expect(asked).toHaveBeenCalledTimes(10);
    for (let tenth = 0; tenth < 100; tenth++) {
      clock.now += 100;
      await here.consume(await issue(here));
      await settled();
    }
    expect(asked).toHaveBeenCalledTimes(10);
  });
});

describe('AshSealedStore with another clock', () => {
  it('lets no replay through while clocks differ by less than the grace period of the set', async () => {
    const clock = { now: 1_700_000_000_000 };
    const spent = new AshMemoryStore({ grace: 5_000, clock: () => clock.now });
    const ahead = new AshSealedStore({ keys: KEYS, spent, clock: () => clock.now + 2_000 });
    const behind = new AshSealedStore({ keys: KEYS, spent, clock: () => clock.now - 2_000 });
    const { id, expiresAt } = await behind.create(OPTIONS);
    clock.now = expiresAt - 2_001;
    await expect(ahead.consume(id)).resolves.toBe('consumed');
    for (; clock.now < expiresAt + 10_000; clock.now += 500) {
      await spent.cleanup();
      await expect(behind.consume(id)).resolves.toMatch(/^(already-used|expired|not-found)$/);
    }
  });
});
