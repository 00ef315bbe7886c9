import * as digest from '#digest';
import { AshError } from '../core/index.js';
import { ashNewContext, type AshContext, type AshContextOptions } from '../stores/context.js';
import {
  AshContextStore,
  isHeldFor,
  type AshChainLink,
  type AshConsumeResult,
  type AshLinkHold,
  type AshReserveResult,
  type AshSpendResult,
  type AshStoredLink,
} from '../stores/context-store.js';
import type { AshMarkResult, AshSpentMark, AshSpentSet } from '../stores/spent-set.js';
import type { SqlEngine } from './engine.js';
import { insertUnlessThere } from './insertion.js';
import type { SqlSession } from './session.js';
import type { SqlAnswer, SqlValue } from './statement.js';
import type { SqlStatements } from './statements.js';
import { contextBody, linkBody, readContext, readLink } from './rows.js';

/** What the records of a store work with. */
export interface SqlRecordsOptions {
  readonly session: SqlSession;
  readonly engine: SqlEngine;
  readonly statements: SqlStatements;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** How long a consumed or expired record is kept after it expired, in milliseconds. */
  readonly grace: number;
  /** How many rows one statement of the cleanup takes. */
  readonly cleanupBatch: number;
  /** The longest wait for one batch of the cleanup, in milliseconds. */
  readonly cleanupTimeout: number;
}

const OWN_ID = /^ash_[0-9a-f]{32}$/;
const LINK_HASH = /^[0-9a-f]{64}$/;
const EPOCH_BYTES = 16;

/** The contract of a store over a session: what a row says, and whether a statement changed one, decides. */
export class SqlRecords extends AshContextStore implements AshSpentSet {
  readonly shards = 1;

  constructor(private readonly records: SqlRecordsOptions) {
    super();
  }

  async create(options: AshContextOptions): Promise<AshContext> {
    // Whole milliseconds, as the columns hold them.
    const context = ashNewContext({ ...options, ttlMs: Math.ceil(options.ttlMs) }, this.now());
    const { id, issuedAt, expiresAt } = context;
    const values = { id, body: contextBody(context), issuedAt, expiresAt, keepUntil: this.keepUntil(expiresAt) };
    await this.execute('insertContext', values);
    return context;
  }

  get(id: string): Promise<AshContext | null> {
    return this.contextRow('selectContext', id);
  }

  async consume(id: string): Promise<AshConsumeResult> {
    if (!OWN_ID.test(id)) return 'not-found';
    const now = this.now();
    const { affected } = await this.execute('consumeContext', { id, now });
    if (affected > 0) return 'consumed';
    return refusalOf(await this.contextRow('recheckContext', id), now) ?? changedMeanwhile();
  }

  override async spend(id: string, { hash, holder }: AshLinkHold): Promise<AshSpendResult> {
    const { spend } = this.records.statements;
    if (spend === undefined || !OWN_ID.test(id) || !LINK_HASH.test(hash)) return super.spend(id, { hash, holder });
    const now = this.now();
    const { affected } = await this.records.session.execute(spend, { id, hash, holder, now });
    if (affected > 0) return 'consumed';
    const context = refusalOf(await this.contextRow('recheckContext', id), now);
    if (context !== undefined) return context;
    const link = await this.linkRow('recheckLink', hash);
    if (link === null) return 'link-not-found';
    if (link.holder !== undefined) return isHeldFor(id, link) ? 'already-used' : 'link-taken';
    return link.expiresAt <= now ? 'link-expired' : 'link-taken';
  }

  async writeLink(link: AshChainLink): Promise<void> {
    const { hash } = link;
    const issuedAt = Math.floor(link.issuedAt);
    const expiresAt = Math.floor(link.expiresAt);
    const keepUntil = this.keepUntil(expiresAt);
    await this.execute('insertLink', { hash, body: linkBody(link), issuedAt, expiresAt, keepUntil });
  }

  getLink(hash: string): Promise<AshStoredLink | null> {
    return this.linkRow('selectLink', hash);
  }

  async reserveLink(hash: string, holder: string): Promise<AshReserveResult> {
    if (!LINK_HASH.test(hash)) return 'not-found';
    const now = this.now();
    const { affected } = await this.execute('reserveLink', { hash, holder, now });
    if (affected > 0) return 'reserved';
    const link = await this.linkRow('recheckLink', hash);
    if (link === null) return 'not-found';
    // A row that was written over with the same counts as unchanged for some clients of MySQL.
    if (link.holder === holder) return 'reserved';
    // A link that is free now and has not expired was held when it could not be had: it was freed in between.
    return link.holder === undefined && link.expiresAt <= now ? 'expired' : 'taken';
  }

  async releaseLink(hash: string, holder: string): Promise<boolean> {
    const { affected } = await this.execute('releaseLink', { hash, holder });
    return affected > 0;
  }

  async epoch(_shard: number): Promise<string> {
    const known = await this.knownEpoch();
    if (known !== undefined) return known;
    await insertUnlessThere(this.records, this.records.statements.insertEpoch, {
      epoch: digest.randomHex(EPOCH_BYTES),
    });
    return (await this.knownEpoch()) ?? changedMeanwhile();
  }

  async mark({ key, epoch, ttlMs }: AshSpentMark): Promise<AshMarkResult> {
    const keepUntil = this.keepUntil(this.now() + Math.ceil(ttlMs));
    const { insertMark } = this.records.statements;
    if (await insertUnlessThere(this.records, insertMark, { key, epoch, keepUntil })) return 'marked';
    return (await this.knownEpoch()) === epoch ? 'already-marked' : 'other-epoch';
  }

  async cleanup(): Promise<number> {
    return this.forget(() => undefined);
  }

  /**
   * Forgets batch after batch.
   *
   * @param between Runs between two batches; with `'stop'` it ends the whole.
   */
  protected async forget(between: () => Promise<'stop' | undefined> | 'stop' | undefined): Promise<number> {
    const { session, statements, cleanupBatch, cleanupTimeout } = this.records;
    const now = this.now();
    let forgotten = 0;
    for (const statement of statements.forget) {
      for (;;) {
        const { affected } = await session.execute(statement, { now }, cleanupTimeout);
        forgotten += affected;
        // What somebody holds at the moment is left for the next time.
        if (affected < cleanupBatch) break;
        if ((await between()) === 'stop') return forgotten;
      }
    }
    return forgotten;
  }

  /** Whether the lease of the cleanup is this owner's now, until the given time. */
  protected async takeLease(owner: string, duration: number): Promise<boolean> {
    const now = this.now();
    const lease = { owner, until: now + duration };
    const { affected } = await this.execute('takeLease', { ...lease, now });
    return affected > 0 || (await insertUnlessThere(this.records, this.records.statements.insertLease, lease));
  }

  private execute(
    name: Exclude<keyof SqlStatements, 'forget' | 'probe' | 'spend'>,
    values: Readonly<Record<string, SqlValue>>,
  ): Promise<SqlAnswer> {
    const { session, statements } = this.records;
    return session.execute(statements[name], values);
  }

  private async contextRow(name: 'selectContext' | 'recheckContext', id: string): Promise<AshContext | null> {
    if (!OWN_ID.test(id)) return null;
    const { rows } = await this.execute(name, { id });
    return rows[0] === undefined ? null : readContext(rows[0], id);
  }

  private async linkRow(name: 'selectLink' | 'recheckLink', hash: string): Promise<AshStoredLink | null> {
    if (!LINK_HASH.test(hash)) return null;
    const { rows } = await this.execute(name, { hash });
    return rows[0] === undefined ? null : readLink(rows[0], hash);
  }

  private async knownEpoch(): Promise<string | undefined> {
    const { rows } = await this.execute('selectEpoch', {});
    const epoch = rows[0]?.['epoch'];
    return typeof epoch === 'string' ? epoch : undefined;
  }

  /** Where the statements run. */
  protected get sql(): SqlSession {
    return this.records.session;
  }

  private now(): number {
    return Math.floor(this.records.clock());
  }

  private keepUntil(expiresAt: number): number {
    return Math.ceil(expiresAt + this.records.grace);
  }
}

/** Why a context was not spent; `undefined` where it could have been. */
function refusalOf(context: AshContext | null, now: number): AshConsumeResult | undefined {
  if (context === null) return 'not-found';
  if (context.consumedAt !== undefined) return 'already-used';
  return context.expiresAt <= now ? 'expired' : undefined;
}

/** What a record says now does not explain why it was refused a moment ago: neither is an answer. */
function changedMeanwhile(): never {
  throw new AshError('ASH_STORE_UNAVAILABLE', 'AshSqlStore: the record changed between two statements.');
}
