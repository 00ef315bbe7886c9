import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, DataSourceOptions, EntityManager } from 'typeorm';
import * as digest from '#digest';
import { AshConfigurationError } from '../core/index.js';
import type { AshContextStore } from '../stores/context-store.js';
import type { AshSeedSet } from '../stores/seed-set.js';
import type { AshSpentSet } from '../stores/spent-set.js';
import { CleanupSchedule } from './cleanup-schedule.js';
import { engineOf, sourceOf } from './data-source.js';
import { closeParts, openParts } from './opening.js';
import { checkOptions, type AshSqlStoreOptions } from './options.js';
import { assemble, recordsOf, type SqlParts } from './parts.js';
import { SqlRecords } from './sql-records.js';
import { SqlSeeds } from './sql-seeds.js';
import { TransactionSession } from './transaction-session.js';

const OWNER_BYTES = 8;

/**
 * Keeps contexts in PostgreSQL, MySQL, MariaDB or SQLite through TypeORM: for applications of many processes that have
 * such a database anyway. A context is spent by a conditional UPDATE, so that the database decides which of many
 * requests goes on. What a process asks at the same time goes out as one statement, on PostgreSQL and SQLite.
 *
 * Inside a transaction of the application, {@link withManager} spends the context and writes the application's rows
 * together, or neither.
 *
 * It is a spent set for `AshSealedStore` too, and for `AshSnapshotModule` the place where processes agree on seeds.
 *
 * The spending lasts as long as the database keeps what it committed: `synchronous_commit = off` (PostgreSQL),
 * `innodb_flush_log_at_trx_commit = 0` (MySQL) and the promotion of a replica that lags may lose it in a crash.
 *
 * A DataSource of the application's waits for connections as the application says: give it a time-out of its own
 * (`connectTimeoutMS` for PostgreSQL, `connectTimeout` for MySQL), or a server that vanished keeps its pool busy.
 *
 * @throws AshConfigurationError for an unknown option, one that the store cannot work with, or another driver.
 * @example
 * AshModule.forRootAsync({
 *   inject: [DataSource],
 *   useFactory: (dataSource: DataSource) => ({ store: new AshSqlStore(dataSource) }),
 * });
 *
 * @example
 * new AshSqlStore({ type: 'postgres', url: process.env.DATABASE_URL }, { createTables: true });
 */
export class AshSqlStore extends SqlRecords implements AshSeedSet {
  private readonly parts: SqlParts;
  private readonly seeds: AshSeedSet;
  private opening: Promise<void> | undefined;
  private schedule: CleanupSchedule | undefined;

  /**
   * @param connection The application's own DataSource, or options for one of the store's own, which `close()` ends.
   */
  constructor(connection: DataSource | DataSourceOptions, options: AshSqlStoreOptions = {}) {
    const parts = assemble(connection, checkOptions(options));
    const records = recordsOf(parts);
    super(records);
    this.parts = parts;
    this.seeds = new SqlSeeds(records);
  }

  /**
   * Connects a DataSource of the store's own, makes the tables if `createTables` says so, checks that they are there,
   * and begins the schedule of the cleanup.
   *
   * @throws AshConfigurationError where the database does not answer, or has not the tables.
   */
  override open(): Promise<void> {
    this.opening ??= this.openOnce().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /**
   * The same store inside a transaction of the application's: what it does holds when the transaction commits, and
   * never was when it is rolled back.
   *
   * @param manager The one that `dataSource.transaction()` gives.
   * @throws AshConfigurationError for a manager in no transaction, or of another kind of database.
   * @example
   * await dataSource.transaction(async (manager) => {
   *   const result = await store.withManager(manager).consume(contextId);
   *   if (result !== 'consumed') throw new ConflictException();
   *   await manager.insert(Transfer, transfer);
   * });
   */
  withManager(manager: EntityManager): AshContextStore & AshSpentSet {
    const { parts } = this;
    const { engine, options, source } = parts;
    const theirs = sourceOf(manager).options;
    if (engineOf(theirs) !== engine) {
      throw new AshConfigurationError(
        `AshSqlStore: withManager() got a manager of '${theirs.type}', and the store is on '${source.options.type}'.`,
      );
    }
    return new SqlRecords(recordsOf(parts, new TransactionSession(manager, engine, options)));
  }

  /**
   * The seed of a tick, on which all processes on the database agree. In no transaction of the application's: it would be
   * given out before it holds.
   *
   * @throws RangeError for a tick, a seed or a time that is none; AshError `ASH_STORE_UNAVAILABLE`
   */
  agreeOnSeed(tick: number, proposed: number, ttlMs: number): Promise<number> {
    return this.seeds.agreeOnSeed(tick, proposed, ttlMs);
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  findSeed(tick: number): Promise<number | undefined> {
    return this.seeds.findSeed(tick);
  }

  /** Forgets what is past its grace period, in batches with a pause after each, and answers how many rows that were. */
  override cleanup(): Promise<number> {
    return this.forget(this.pauseBetweenBatches());
  }

  /**
   * Ends the schedule of the cleanup, and a DataSource of the store's own. What is under way gets its answer first, within
   * `timeout`.
   */
  override async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    await this.schedule?.end();
    this.schedule = undefined;
    this.opening = undefined;
    await closeParts(this.parts);
  }

  private async openOnce(): Promise<void> {
    await openParts(this.parts, this.sql);
    this.beginSchedule();
  }

  private beginSchedule(): void {
    const { cleanupInterval: interval, onCleanupError: onError } = this.parts.options;
    if (interval === false) return;
    const owner = digest.randomHex(OWNER_BYTES);
    this.schedule = new CleanupSchedule({
      interval,
      takeLease: () => this.takeLease(owner, Math.ceil(interval)),
      cleanup: () => this.cleanup(),
      onError,
    });
    this.schedule.begin();
  }

  /** As long a pause as the batch took, so that the cleanup has half of one connection's time at most. */
  private pauseBetweenBatches(): () => Promise<'stop' | undefined> {
    const { schedule } = this;
    let begun = performance.now();
    return async () => {
      if (schedule?.isEnded === true) return 'stop';
      await pause(performance.now() - begun);
      begun = performance.now();
      return undefined;
    };
  }
}
