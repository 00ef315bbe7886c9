import { AshConfigurationError } from '../core/index.js';
import { checkKeys, checkPositive, LONGEST_TIMER } from '../core/configuration.js';
import { TABLE_PREFIX } from './tables.js';

/** Options of `AshSqlStore`. */
export interface AshSqlStoreOptions {
  /**
   * Whether `open()` makes the tables and indexes that are not there. Default `false`: a migration makes them, so that
   * the application's account needs no right to.
   */
  readonly createTables?: boolean;
  /** What the tables' names begin with. Default `ash_`. */
  readonly tablePrefix?: string;
  /** How long a consumed or expired record is kept after it expired, in milliseconds. Default 60,000. */
  readonly grace?: number;
  /** The longest wait for a connection and a statement together, in milliseconds. Default 1,000. */
  readonly timeout?: number;
  /**
   * How often records past their grace are forgotten, in milliseconds; one of all instances does it. `false` leaves it
   * to whoever calls `cleanup()`. Default 60,000.
   */
  readonly cleanupInterval?: number | false;
  /** How many rows one statement of the cleanup takes. Default 1,000. */
  readonly cleanupBatch?: number;
  /** Told of a cleanup of the schedule that failed. Default: a process warning, once for each message. */
  readonly onCleanupError?: (error: unknown) => void;
  /**
   * Whether the server keeps each statement for the next time. Default `true`; `false` behind a pooler that hands a
   * server's session to another client after each transaction (PgBouncer in its mode `transaction`).
   */
  readonly prepare?: boolean;
  /**
   * Whether to start on a server that may lose commits it has confirmed when it crashes (`synchronous_commit = off`,
   * `innodb_flush_log_at_trx_commit = 0`), and with them that a context was spent. Default `refuse`.
   */
  readonly lostCommits?: 'refuse' | 'accept';
  /**
   * The clock, in milliseconds since the epoch. Default `Date.now`; the cleanup then forgets nothing before the server's
   * clock says so too.
   */
  readonly clock?: () => number;
}

/** The options with their defaults. */
export interface CheckedOptions extends Required<AshSqlStoreOptions> {
  /** Whether the clock is the application's own choice. */
  readonly hasOwnClock: boolean;
}

const OPTION_KEYS = [
  'createTables',
  'tablePrefix',
  'grace',
  'timeout',
  'cleanupInterval',
  'cleanupBatch',
  'onCleanupError',
  'prepare',
  'lostCommits',
  'clock',
];

const PREFIX = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;

/** @throws AshConfigurationError for an unknown option, or one that the store cannot work with. */
export function checkOptions(options: AshSqlStoreOptions): CheckedOptions {
  checkKeys('AshSqlStore', options, OPTION_KEYS);
  const { tablePrefix = TABLE_PREFIX, cleanupInterval = 60_000 } = options;
  if (!PREFIX.test(tablePrefix)) {
    throw new AshConfigurationError(
      `AshSqlStore: 'tablePrefix' is a letter or '_', then at most 31 letters, digits and '_', not '${tablePrefix}'.`,
    );
  }
  const lostCommits: string = options.lostCommits ?? 'refuse';
  if (lostCommits !== 'refuse' && lostCommits !== 'accept') {
    throw new AshConfigurationError(`AshSqlStore: 'lostCommits' is 'refuse' or 'accept', not '${lostCommits}'.`);
  }
  return {
    createTables: options.createTables ?? false,
    tablePrefix,
    grace: positive('grace', options.grace ?? 60_000),
    timeout: Math.ceil(positive('timeout', options.timeout ?? 1_000)),
    cleanupInterval:
      cleanupInterval === false ? false : Math.min(positive('cleanupInterval', cleanupInterval), LONGEST_TIMER),
    cleanupBatch: Math.ceil(positive('cleanupBatch', options.cleanupBatch ?? 1_000)),
    onCleanupError: options.onCleanupError ?? warnOnce(),
    prepare: options.prepare ?? true,
    lostCommits,
    clock: options.clock ?? Date.now,
    hasOwnClock: options.clock !== undefined,
  };
}

function positive(key: string, value: number): number {
  return checkPositive('AshSqlStore', key, value);
}

function warnOnce(): (error: unknown) => void {
  const told = new Set<string>();
  return (error) => {
    const message = error instanceof Error ? error.message : String(error);
    if (told.has(message)) return;
    told.add(message);
    process.emitWarning(`The cleanup failed, and is tried again: ${message}`, 'AshSqlStore');
  };
}
