import { AshConfigurationError } from '../core/index.js';
import { checkKeys, checkPositive } from '../core/configuration.js';
import { markAtOnce } from './at-once.js';
import { contextOf, newContextFields, type AshContext, type AshContextOptions } from './context.js';
import {
  AshContextStore,
  type AshChainLink,
  type AshConsumeResult,
  type AshLinkHold,
  type AshReserveResult,
  type AshSpendResult,
  type AshStoredLink,
} from './context-store.js';
import { KeyRing } from './key-ring.js';
import { OpenedContexts } from './opened-contexts.js';
import { decodeSealedContext, encodeSealedContext, MOST_SHARDS, spentKeyOf } from './sealed-context.js';
import type { OpenedContext } from './sealed-context.js';
import type { AshSealingKey } from './sealing-key.js';
import { epochsOf, type ShardEpoch } from './shard-epoch.js';
import type { AshMarkResult, AshSpentSet } from './spent-set.js';

/** Options of {@link AshSealedStore}. */
export interface AshSealedStoreOptions {
  /** The key ring: the first key seals, all of them open. */
  readonly keys: readonly AshSealingKey[];
  /** Where spent contexts are marked, and the links of chains are kept: a memory, Redis or SQL store. */
  readonly spent: AshContextStore & AshSpentSet;
  /** How long an expired context is still told apart from an unknown one, in milliseconds. Default 60,000. */
  readonly grace?: number;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

const OPTION_KEYS = ['keys', 'spent', 'grace', 'clock'];
const DEFAULT_GRACE = 60_000;

/** How many contexts are issued for one shard before the next has its turn: few keep waiting for an epoch. */
const CONTEXTS_PER_TURN = 256;

/** A context that was issued in another epoch is none of this set's: whether it was spent is not known any more. */
const CONSUMED: Readonly<Record<AshMarkResult, AshConsumeResult>> = {
  marked: 'consumed',
  'already-marked': 'already-used',
  'other-epoch': 'not-found',
};

/**
 * Keeps contexts in their own identifiers, encrypted and authenticated (AES-256-GCM), so that issuing one writes nothing
 * and a forged one is refused without asking anybody. Only the spending of one is written, to the spent set.
 *
 * What was issued before the spent set lost its marks, by a restart or a flush, is refused. It does not know at `get`
 * whether a context is spent. The whole context has to fit into 1,024 characters, which leaves about 600 bytes to
 * binding, subject, scope and metadata. The clocks of all servers have to agree within the grace period of the spent set.
 *
 * `open` and `close` are the spent set's too: a store made here for this one is closed with it.
 *
 * Source: protocol, section 9.
 *
 * @throws AshConfigurationError for an unknown option, a spent set that is none, or a missing, malformed, weak or
 * doubled key.
 * @example
 * const store = new AshSealedStore({
 *   keys: [{ id: '2026-11', secret: process.env.ASH_KEY ?? '' }],   // 32 random bytes: ashGenerateKey()
 *   spent: new AshRedisStore('redis://127.0.0.1:6379'),
 * });
 * AshModule.forRoot({ store });
 */
export class AshSealedStore extends AshContextStore {
  static {
    // Nobody is asked for it, so that there is nothing to wait for either, wherever the spent set is.
    markAtOnce(AshSealedStore.prototype, 'get', function (this: AshSealedStore, id) {
      return this.getNow(id);
    });
  }

  override readonly inProcess: boolean;

  private readonly spent: AshContextStore & AshSpentSet;
  private readonly grace: number;
  private readonly clock: () => number;
  private readonly epochOf: (shard: number) => ShardEpoch;
  private ring: KeyRing;
  private opened = new OpenedContexts();
  private issued: number;

  constructor(options: AshSealedStoreOptions) {
    super();
    checkKeys('AshSealedStore', options, OPTION_KEYS);
    this.ring = new KeyRing(options.keys);
    this.spent = checkSpentSet(options.spent);
    this.inProcess = this.spent.inProcess;
    this.grace = checkPositive('AshSealedStore', 'grace', options.grace ?? DEFAULT_GRACE);
    this.clock = options.clock ?? Date.now;
    this.epochOf = epochsOf(this.spent, this.clock);
    // Instances that start at once begin on different shards.
    this.issued = CONTEXTS_PER_TURN * Math.floor(Math.random() * this.spent.shards);
  }

  /** Makes the spent set ready. */
  override open(): Promise<void> {
    return this.spent.open();
  }

  /**
   * Makes a context and writes nothing. The spent set is asked for its epoch once, and about once a second in the
   * background while contexts are issued.
   *
   * @throws AshError `ASH_CANONICALIZATION_ERROR` for a context that does not fit into an identifier.
   * @throws whatever the spent set does where it could not be asked for ten seconds.
   */
  async create(options: AshContextOptions): Promise<AshContext> {
    const context = newContextFields(options, this.clock());
    const shard = this.nextShard();
    const epoch = await this.epochOf(shard).current();
    const { ring } = this;
    const id = ring.seal(encodeSealedContext({ context, shard, epoch }, ring.room));
    return contextOf(id, context);
  }

  /** A context that this key ring sealed, spent or not, read from its identifier alone. */
  get(id: string): Promise<AshContext | null> {
    return Promise.resolve(this.getNow(id));
  }

  /** Spends a context: one question to the spent set, and none for one that is forged or has expired. */
  async consume(id: string): Promise<AshConsumeResult> {
    const opened = this.opened.take(id) ?? this.unseal(id);
    if (opened === undefined) return 'not-found';
    const now = this.clock();
    const state = this.stateOf(opened, now);
    return state === 'open' ? this.mark(opened, now) : state;
  }

  override async spend(id: string, hold: AshLinkHold): Promise<AshSpendResult> {
    const opened = this.unseal(id);
    const state = opened === undefined ? 'not-found' : this.stateOf(opened, this.clock());
    return state === 'open' ? super.spend(id, hold) : state;
  }

  /** Has the spent set forget what it may. Contexts themselves are nowhere to be forgotten. */
  cleanup(): Promise<number> {
    return this.spent.cleanup();
  }

  writeLink(link: AshChainLink): Promise<void> {
    return this.spent.writeLink(link);
  }

  getLink(hash: string): Promise<AshStoredLink | null> {
    return this.spent.getLink(hash);
  }

  reserveLink(hash: string, holder: string): Promise<AshReserveResult> {
    return this.spent.reserveLink(hash, holder);
  }

  releaseLink(hash: string, holder: string): Promise<boolean> {
    return this.spent.releaseLink(hash, holder);
  }

  /** Ends what the spent set opened itself: a client or a pool that the application gave it stays open. */
  override close(): Promise<void> {
    this.opened = new OpenedContexts();
    return this.spent.close();
  }

  /**
   * Puts another key ring in place, for keys that change while the process runs. To change a key refuse no request:
   * every server adds the new key as its last, then every server makes it its first, and when the longest `ttl` and the
   * grace period are over, every server drops the old one.
   *
   * @throws AshConfigurationError for a missing, malformed, weak or doubled key; the ring stays as it was then.
   * @example
   * store.rotate([oldKey, newKey]);   // first step: opens what other servers seal with the new key
   */
  rotate(keys: readonly AshSealingKey[]): void {
    this.ring = new KeyRing(keys);
    this.opened = new OpenedContexts();
  }

  /**
   * The same store, with its contexts spent through another door to its spent set: within a transaction of the
   * application's, what it spends is spent when the transaction commits.
   *
   * @throws AshConfigurationError for a spent set that is none.
   * @example
   * await dataSource.transaction(async (manager) => {
   *   await ash.spend(sealed.over(sql.withManager(manager)));
   *   await manager.insert(Transfer, transfer);
   * });
   */
  over(spent: AshContextStore & AshSpentSet): AshContextStore {
    // Whatever it does not have of its own is the store's: keys that change, epochs that were learnt.
    const view = Object.create(this) as AshSealedStore;
    return Object.defineProperty(view, 'spent', { value: checkSpentSet(spent) });
  }

  private getNow(id: string): AshContext | null {
    const opened = this.unseal(id);
    const now = this.clock();
    if (opened === undefined || this.stateOf(opened, now) === 'not-found') return null;
    this.opened.keep(opened, now);
    return opened.context;
  }

  private unseal(id: string): OpenedContext | undefined {
    const body = this.ring.open(id);
    return body && decodeSealedContext(id, body);
  }

  /** What the clock says. Written so that one which gives no number refuses. */
  private stateOf({ context: { expiresAt }, shard }: OpenedContext, now: number): 'open' | 'expired' | 'not-found' {
    if (shard >= this.spent.shards || !(now < expiresAt + this.grace)) return 'not-found';
    return now < expiresAt ? 'open' : 'expired';
  }

  private async mark(opened: OpenedContext, now: number): Promise<AshConsumeResult> {
    const { shard, epoch, context } = opened;
    const ttlMs = Math.ceil(context.expiresAt - now);
    const result = await this.spent.mark({ shard, key: spentKeyOf(opened), epoch, ttlMs });
    if (result === 'other-epoch') this.epochOf(shard).refuse(epoch);
    else this.epochOf(shard).confirm(epoch, now);
    return CONSUMED[result];
  }

  private nextShard(): number {
    return Math.floor(this.issued++ / CONTEXTS_PER_TURN) % this.spent.shards;
  }
}

function checkSpentSet(spent: AshContextStore & AshSpentSet): AshContextStore & AshSpentSet {
  const { mark, epoch, shards } = (spent as Partial<AshSpentSet> | undefined) ?? {};
  if (typeof mark !== 'function' || typeof epoch !== 'function') {
    throw new AshConfigurationError(
      "AshSealedStore: 'spent' marks nothing as spent: give it an AshMemoryStore, AshRedisStore or AshSqlStore.",
    );
  }
  if (Number.isInteger(shards) && spent.shards >= 1 && spent.shards <= MOST_SHARDS) return spent;
  throw new AshConfigurationError(
    `AshSealedStore: 'spent' has ${String(shards)} shards instead of 1 to ${MOST_SHARDS}.`,
  );
}
