import { AshError } from '../core/index.js';
import { isTick } from '../core/snapshot-numbers.js';
import { checkProposal, seedOf } from '../stores/seed.js';
import type { AshSeedSet } from '../stores/seed-set.js';
import { insertUnlessThere } from './insertion.js';
import type { SqlRecordsOptions } from './sql-records.js';

/** A row that is there for one statement can be gone for the next one, by the cleanup: then it is begun again this often. */
const ATTEMPTS = 3;

/**
 * The seeds of ticks, on which processes agree by the primary key. A row past its time is as good as none: after 2^31
 * ticks, or under a clock that was wrong, another tick of the same name must not get its seed.
 */
export class SqlSeeds implements AshSeedSet {
  constructor(private readonly records: SqlRecordsOptions) {}

  async agreeOnSeed(tick: number, proposed: number, ttlMs: number): Promise<number> {
    checkProposal(tick, proposed, ttlMs);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const held = await this.findSeed(tick);
      if (held !== undefined) return held;
      if (await this.write(tick, proposed, ttlMs)) return proposed;
    }
    throw new AshError('ASH_STORE_UNAVAILABLE', 'AshSqlStore: the seed of the tick changed between two statements.');
  }

  async findSeed(tick: number): Promise<number | undefined> {
    if (!isTick(tick)) return undefined;
    const { session, statements } = this.records;
    const { rows } = await session.execute(statements.selectSeed, { tick, now: this.now() });
    return rows[0] === undefined ? undefined : seedOf(rows[0]['seed']);
  }

  /** Whether the proposal is the tick's seed now. */
  private async write(tick: number, proposed: number, ttlMs: number): Promise<boolean> {
    const { session, statements, grace } = this.records;
    const now = this.now();
    const proposal = { tick, proposed, now, keepUntil: Math.ceil(now + ttlMs + grace) };
    if (await insertUnlessThere(this.records, statements.insertSeed, proposal)) return true;
    return (await session.execute(statements.renewSeed, proposal)).affected > 0;
  }

  private now(): number {
    return Math.floor(this.records.clock());
  }
}
