import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkKeys, checkPositive, LONGEST_TIMER } from '../core/configuration.js';
import * as digest from '#digest';
import { AshError } from '../core/index.js';
import { markAtOnce } from './at-once.js';
import { ashContext, ashNewContext, type AshContext, type AshContextOptions } from './context.js';
import {
  AshContextStore,
  type AshChainLink,
  type AshConsumeResult,
  type AshLinkHold,
  type AshReserveResult,
  type AshSpendResult,
  type AshStoredLink,
} from './context-store.js';
import { ExpiringRecords } from './expiring-records.js';
import type { AshMarkResult, AshSpentMark, AshSpentSet } from './spent-set.js';

/** Options of {@link AshMemoryStore}. */
export interface AshMemoryStoreOptions {
  /**
   * How many contexts are kept at once, how many links, and how many marks of spent sealed contexts: when they are
   * full, new ones are refused with `ASH_STORE_UNAVAILABLE`. Default 100,000, which is about 45 MB of contexts, and
   * what they have in subject, scope and metadata on top.
   */
  readonly maxEntries?: number;
  /** How long a consumed or expired record is kept after it expired, in milliseconds. Default 60,000. */
  readonly grace?: number;
  /** How often records past their grace are swept out, in milliseconds. Default 10,000. */
  readonly sweepInterval?: number;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

const OPTION_KEYS = ['maxEntries', 'grace', 'sweepInterval', 'clock'];

const EPOCH_BYTES = 16;

/** How many records are forgotten in one go, before all else that is ready has its turn: well under a millisecond. */
const SLICE = 250;

interface HeldContext {
  readonly context: AshContext;
  consumedAt: number | undefined;
}

interface HeldLink {
  readonly link: AshChainLink;
  holder: string | undefined;
}

/**
 * Keeps contexts in this process's memory: for development, tests, and applications of one process. A second process
 * knows nothing of it, and a restart forgets everything, so that open contexts are refused then.
 *
 * Bounded: it refuses new contexts when it is full, and never forgets a consumed one before its time.
 *
 * @throws AshConfigurationError for an unknown option, or one that is no positive number.
 * @example
 * AshModule.forRoot({ store: new AshMemoryStore({ maxEntries: 10_000 }) });
 */
export class AshMemoryStore extends AshContextStore implements AshSpentSet {
  static {
    const { prototype } = AshMemoryStore;
    markAtOnce(prototype, 'get', function (this: AshMemoryStore, id) {
      return this.getNow(id);
    });
    markAtOnce(prototype, 'consume', function (this: AshMemoryStore, id) {
      return this.consumeNow(id);
    });
  }

  override readonly inProcess = true;
  readonly shards: number = 1;

  private readonly maxEntries: number;
  private readonly grace: number;
  private readonly sweepInterval: number;
  private readonly clock: () => number;
  private readonly contexts = new ExpiringRecords<HeldContext>();
  private readonly links = new ExpiringRecords<HeldLink>();
  private readonly marks = new ExpiringRecords<true>();
  private readonly ownEpoch = digest.randomHex(EPOCH_BYTES);
  private sweep: ReturnType<typeof setInterval> | undefined;

  constructor(options: AshMemoryStoreOptions = {}) {
    super();
    checkKeys('AshMemoryStore', options, OPTION_KEYS);
    this.maxEntries = positive('maxEntries', options.maxEntries ?? 100_000);
    this.grace = positive('grace', options.grace ?? 60_000);
    this.sweepInterval = Math.min(positive('sweepInterval', options.sweepInterval ?? 10_000), LONGEST_TIMER);
    this.clock = options.clock ?? Date.now;
  }

  /** How many contexts, links and marks are kept now. */
  get size(): number {
    return this.contexts.size + this.links.size + this.marks.size;
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` when the store is full. */
  create(options: AshContextOptions): Promise<AshContext> {
    return attempt(() => {
      const now = this.clock();
      this.makeRoom(this.contexts);
      const context = ashNewContext(options, now);
      this.contexts.add(
        context.id,
        { context: separate(context), consumedAt: undefined },
        context.expiresAt + this.grace,
      );
      return context;
    });
  }

  get(id: string): Promise<AshContext | null> {
    return Promise.resolve(this.getNow(id));
  }

  consume(id: string): Promise<AshConsumeResult> {
    return Promise.resolve(this.consumeNow(id));
  }

  override spend(id: string, { hash, holder }: AshLinkHold): Promise<AshSpendResult> {
    const link = this.links.get(hash);
    const wasHeld = link?.holder !== undefined;
    const reserved = this.reserveNow(hash, holder);
    if (reserved !== 'reserved') {
      // The context first: of identical requests all but one are late for it.
      const isUsed = this.contexts.get(id)?.consumedAt !== undefined;
      return Promise.resolve<AshSpendResult>(isUsed ? 'already-used' : `link-${reserved}`);
    }
    const result = this.consumeNow(id);
    if (result !== 'consumed' && !wasHeld && link !== undefined) link.holder = undefined;
    return Promise.resolve(result);
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` when the store is full. */
  writeLink(link: AshChainLink): Promise<void> {
    return attempt(() => {
      // Whoever holds it goes on holding it.
      if (this.links.get(link.hash)?.holder !== undefined) return;
      this.makeRoom(this.links);
      this.links.add(link.hash, { link, holder: undefined }, link.expiresAt + this.grace);
    });
  }

  getLink(hash: string): Promise<AshStoredLink | null> {
    const held = this.links.get(hash);
    if (held === undefined) return Promise.resolve(null);
    const { link, holder } = held;
    return Promise.resolve(holder === undefined ? link : { ...link, holder });
  }

  reserveLink(hash: string, holder: string): Promise<AshReserveResult> {
    return Promise.resolve(this.reserveNow(hash, holder));
  }

  releaseLink(hash: string, holder: string): Promise<boolean> {
    const held = this.links.get(hash);
    if (held?.holder !== holder) return Promise.resolve(false);
    held.holder = undefined;
    return Promise.resolve(true);
  }

  epoch(_shard: number): Promise<string> {
    return Promise.resolve(this.ownEpoch);
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` when the store is full. */
  mark({ key, epoch, ttlMs }: AshSpentMark): Promise<AshMarkResult> {
    return attempt(() => {
      if (epoch !== this.ownEpoch) return 'other-epoch';
      if (this.marks.get(key) === true) return 'already-marked';
      this.makeRoom(this.marks);
      this.marks.add(key, true, this.clock() + ttlMs + this.grace);
      return 'marked';
    });
  }

  /**
   * Forgets what is past its grace period, and answers how many records that were. Of many it forgets some hundreds at a
   * time, and lets all else that is ready have its turn in between.
   */
  async cleanup(): Promise<number> {
    let forgotten = 0;
    for (;;) {
      const slice = this.forgetSlice();
      forgotten += slice;
      if (slice < SLICE) return forgotten;
      await nextTurn();
    }
  }

  /** Ends the sweep. The records stay. */
  override close(): Promise<void> {
    clearInterval(this.sweep);
    this.sweep = undefined;
    return Promise.resolve();
  }

  private getNow(id: string): AshContext | null {
    const held = this.contexts.get(id);
    if (held === undefined) return null;
    const context = separate(held.context);
    const { consumedAt } = held;
    return consumedAt === undefined ? context : ashContext({ ...context, nonce: context.nonce, consumedAt });
  }

  private consumeNow(id: string): AshConsumeResult {
    const now = this.clock();
    const held = this.contexts.get(id);
    if (held === undefined) return 'not-found';
    if (held.consumedAt !== undefined) return 'already-used';
    if (isOver(held.context, now)) return 'expired';
    held.consumedAt = now;
    return 'consumed';
  }

  private reserveNow(hash: string, holder: string): AshReserveResult {
    const held = this.links.get(hash);
    if (held === undefined) return 'not-found';
    if (held.holder !== undefined) return held.holder === holder ? 'reserved' : 'taken';
    if (isOver(held.link, this.clock())) return 'expired';
    held.holder = holder;
    return 'reserved';
  }

  /** Begins the sweep with the first record, so that a store that is never used costs nothing. */
  private makeRoom(records: ExpiringRecords<unknown>): void {
    this.sweep ??= this.beginSweep();
    if (records.size < this.maxEntries) return;
    records.forgetDue(this.clock(), SLICE);
    if (records.size < this.maxEntries) return;
    throw new AshError('ASH_STORE_UNAVAILABLE', `The memory store is full: ${String(this.maxEntries)} entries.`);
  }

  private beginSweep(): ReturnType<typeof setInterval> {
    let isSweeping = false;
    const sweep = setInterval(() => {
      // Of two that overlap each would lengthen the turns of the other.
      if (isSweeping) return;
      isSweeping = true;
      void this.cleanup().finally(() => {
        isSweeping = false;
      });
    }, this.sweepInterval);
    sweep.unref();
    return sweep;
  }

  private forgetSlice(): number {
    const now = this.clock();
    let forgotten = 0;
    for (const records of [this.contexts, this.links, this.marks]) {
      forgotten += records.forgetDue(now, SLICE - forgotten);
    }
    return forgotten;
  }
}

/**
 * A context with a scope and metadata of its own, if it has them: what one request does to them no other sees, as over a
 * store that reads them from elsewhere.
 */
function separate(context: AshContext): AshContext {
  const { scope, metadata, nonce } = context;
  if (scope === undefined && metadata === undefined) return context;
  const own = JSON.parse(JSON.stringify({ scope, metadata })) as Pick<AshContext, 'scope' | 'metadata'>;
  return ashContext({ ...context, ...own, nonce });
}

/** Also where the clock gives no number: what cannot be told to be in time is not. */
function isOver({ expiresAt }: { readonly expiresAt: number }, now: number): boolean {
  return !(expiresAt > now);
}

function attempt<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(act());
  });
}

function positive(key: string, value: number): number {
  return checkPositive('AshMemoryStore', key, value);
}
