import { AshMemoryStore } from './memory.store.js';
import { AshSealedStore } from './sealed.store.js';
import { ashGenerateKey, type AshSealingKey } from './sealing-key.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 1_000 };
const GRACE = 500;
const OLD = { id: 'old', secret: ashGenerateKey() };
const NEW = { id: 'new', secret: ashGenerateKey() };

type Move = (server: AshSealedStore, keys: readonly AshSealingKey[]) => AshSealedStore;

function setUp() {
  const clock = { now: 1_700_000_000_000 };
  const now = (): number => clock.now;
  const spent = new AshMemoryStore({ grace: GRACE, clock: now });
  const start = (keys: readonly AshSealingKey[]): AshSealedStore =>
    new AshSealedStore({ keys, spent, grace: GRACE, clock: now });
  const rotate: Move = (server, keys) => {
    server.rotate(keys);
    return server;
  };
  const restart: Move = (_server, keys) => start(keys);
  return { clock, start, moves: { rotate, restart } };
}

/** Requests that never stop: whatever one server issues, every server has to read, and any one to spend. */
class Load {
  private open: string[] = [];
  private turn = 0;
  accepted = 0;
  readonly refused: string[] = [];

  /** Spends what was issued before, and issues more, which so lives through whatever comes between two calls. */
  async go(servers: readonly AshSealedStore[]): Promise<void> {
    const due = this.open;
    this.open = [];
    for (const server of servers) this.open.push((await server.create(OPTIONS)).id);
    for (const id of due) {
      for (const reader of servers) if ((await reader.get(id)) === null) this.refused.push('one was not read');
      const result = await servers[this.turn++ % servers.length]?.consume(id);
      if (result === 'consumed') this.accepted++;
      else this.refused.push(`one was ${String(result)}`);
    }
  }
}

describe('AshSealedStore, when its key changes under load', () => {
  it.each(['rotate', 'restart'] as const)('refuses no request: by %s, one server after the other', async (by) => {
    const { clock, start, moves } = setUp();
    const servers = [start([OLD]), start([OLD])];
    const load = new Load();
    const pass = async (milliseconds: number): Promise<void> => {
      for (let passed = 0; passed < milliseconds; passed += 50) {
        await load.go(servers);
        clock.now += 50;
      }
    };
    const take = async (keys: readonly AshSealingKey[]): Promise<void> => {
      for (const [index, server] of servers.entries()) {
        await pass(500);
        servers[index] = moves[by](server, keys);
      }
    };
    await take([OLD, NEW]);
    await take([NEW, OLD]);
    await pass(OPTIONS.ttlMs + GRACE);
    await take([NEW]);
    await pass(500);
    await load.go(servers);
    expect(load.refused).toStrictEqual([]);
    expect(load.accepted).toBe(2 * (6 * 10 + 30 + 10));
  });

  it('refuses requests where a step is left out, which is why there are three', async () => {
    const { start, moves } = setUp();
    const servers = [start([OLD]), start([OLD])];
    const load = new Load();
    await load.go(servers);
    for (const [index, server] of servers.entries()) {
      servers[index] = moves.rotate(server, [NEW, OLD]);
      await load.go(servers);
      await load.go(servers);
    }
    expect(load.refused).toContain('one was not read');
  });

  it('opens what either key sealed during the overlap, and what a dropped key sealed no more', async () => {
    const { start } = setUp();
    const server = start([OLD]);
    const early = await server.create(OPTIONS);
    const late = await server.create(OPTIONS);
    server.rotate([NEW, OLD]);
    const next = await server.create(OPTIONS);
    await expect(server.consume(early.id)).resolves.toBe('consumed');
    await expect(server.get(late.id)).resolves.toMatchObject({ id: late.id });
    server.rotate([NEW]);
    await expect(server.get(late.id)).resolves.toBeNull();
    await expect(server.consume(late.id)).resolves.toBe('not-found');
    await expect(server.consume(early.id)).resolves.toBe('not-found');
    await expect(server.consume(next.id)).resolves.toBe('consumed');
  });

  it('lets nobody spend again what was spent before, by whichever server and key', async () => {
    const { start } = setUp();
    const [here, there] = [start([OLD, NEW]), start([NEW, OLD])];
    const { id } = await here.create(OPTIONS);
    await expect(there.consume(id)).resolves.toBe('consumed');
    here.rotate([NEW, OLD]);
    await expect(here.consume(id)).resolves.toBe('already-used');
  });

  it('goes on with the keys that it has where the new ones are refused', async () => {
    const { start } = setUp();
    const server = start([OLD]);
    expect(() => {
      server.rotate([{ id: 'new', secret: 'secret' }]);
    }).toThrow("the secret of the key 'new' is not 32 bytes");
    const { id } = await server.create(OPTIONS);
    await expect(server.consume(id)).resolves.toBe('consumed');
  });
});
