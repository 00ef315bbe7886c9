import { randomBytes } from 'node:crypto';
import { AshConfigurationError } from '../core/index.js';
import { ashNewContext, type AshContext, type AshContextOptions } from '../stores/context.js';
import {
  AshContextStore,
  type AshChainLink,
  type AshConsumeResult,
  type AshLinkHold,
  type AshReserveResult,
  type AshSpendResult,
  type AshStoredLink,
} from '../stores/context-store.js';
import { checkProposal, seedOf } from '../stores/seed.js';
import type { AshSeedSet } from '../stores/seed-set.js';
import type { AshMarkResult, AshSpentMark, AshSpentSet } from '../stores/spent-set.js';
import { acknowledgement, type Acknowledgement } from './acknowledgement.js';
import { RedisConnection } from './connection.js';
import { GatheredScripts } from './gathered-scripts.js';
import { ownClient } from './own-client.js';
import { readContext, readLink, timeDigits, writtenContext, writtenLink, type WrittenRecord } from './records.js';
import { describeTarget, isClient, isCluster } from './redis-client.js';
import {
  checkConnection,
  redisStoreSettings,
  type AshRedisConnection,
  type AshRedisStoreOptions,
  type RedisStoreSettings,
} from './redis.options.js';
import type { ScriptCall } from './script-call.js';
import { redisScripts, SHORTEST_MARK_GRACE, type RedisScript, type RedisScripts } from './scripts.js';
import { checkServers } from './server-check.js';
import { isForbidden, withoutParameters } from './server-error.js';

/** Parts of the spent set: on a Cluster they lie in as many slots, so that its nodes share the work. */
const SHARDS = 16;
const EPOCH_BYTES = 16;
/** How long start-up waits for a server that accepts the connection and says nothing, in milliseconds. */
const LONGEST_OPENING = 3_000;
const SPENDING_ANSWERS: readonly unknown[] = ['consumed', 'reserved', 'marked'];

/**
 * Keeps contexts and chain links in Redis 7 or newer (or Valkey), for any number of processes: one server, Sentinel,
 * or a Cluster, through ioredis 5 or 6.
 *
 * Every change is one script, so that of any number of simultaneous requests one spends a context. Nothing waits
 * longer than `commandTimeout`; what fails rejects, which the verifier answers with 503. What a restart or a promotion
 * may have lost is refused unless `acrossRestarts` says otherwise.
 *
 * It is a spent set for `AshSealedStore` too, and for `AshSnapshotModule` the place where processes agree on seeds.
 *
 * @throws AshConfigurationError for an unknown option or a value that an option cannot have.
 * @example
 * AshModule.forRoot({ store: new AshRedisStore('redis://localhost:6379') });
 * @example
 * new AshRedisStore({ name: 'main', sentinels: [{ host: 'sentinel-1', port: 26379 }] }, { replicas: 1, acrossRestarts: 'accept' });
 * @example
 * new AshRedisStore(new Cluster([{ host: 'redis-1', port: 6379 }]));
 */
export class AshRedisStore extends AshContextStore implements AshSpentSet, AshSeedSet {
  readonly shards = SHARDS;

  // Private to the language too, so that no inspection of the store leads to a password.
  readonly #connection: RedisConnection;
  readonly #acknowledgement: Acknowledgement | undefined;
  readonly #settings: RedisStoreSettings;
  readonly #scripts: RedisScripts;
  readonly #gathered: GatheredScripts;
  readonly #isCluster: boolean;
  #opening: Promise<void> | undefined;

  /** @param connection A URL, the options of ioredis, or a client, which stays the application's to close. */
  constructor(connection: AshRedisConnection, options: AshRedisStoreOptions = {}) {
    super();
    checkConnection(connection);
    const settings = redisStoreSettings(options);
    const { commandTimeout: timeout, replicas, replicaTimeout } = settings;
    const isGiven = typeof connection === 'object' && isClient(connection);
    const client = isGiven ? connection : ownClient(connection, timeout);
    this.#settings = settings;
    this.#scripts = redisScripts(settings.acrossRestarts === 'refuse');
    this.#isCluster = isCluster(client);
    this.#connection = new RedisConnection({ client, isOwn: !isGiven, timeout });
    this.#gathered = new GatheredScripts(this.#connection);
    this.#acknowledgement = replicas === 0 ? undefined : acknowledgement(client, { replicas, replicaTimeout, timeout });
  }

  /**
   * Connects, and checks the server's version, role, eviction policy and replicas.
   *
   * @throws AshConfigurationError where the server cannot be reached, or the store cannot keep its promises on it.
   */
  override open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      // An application that does not start must be able to end.
      this.#connection.giveUp();
      this.#acknowledgement?.giveUp();
      throw error;
    });
    return this.#opening;
  }

  /** @throws RangeError where `ttlMs` is no positive number; AshError `ASH_STORE_UNAVAILABLE` */
  async create(options: AshContextOptions): Promise<AshContext> {
    const now = this.#settings.clock();
    const context = ashNewContext(options, now);
    await this.#write(this.#contextKey(context.id), writtenContext(context), context.expiresAt - now);
    return context;
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async get(id: string): Promise<AshContext | null> {
    const value = await this.#read(this.#contextKey(id));
    return value === null ? null : readContext(id, value);
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async consume(id: string): Promise<AshConsumeResult> {
    const answer = await this.#spendBy(this.#scripts.consume, [this.#contextKey(id)], [this.#now()]);
    return answer as AshConsumeResult;
  }

  /** One script for both, but on a Cluster: there the two keys lie on different servers. */
  override async spend(id: string, hold: AshLinkHold): Promise<AshSpendResult> {
    if (this.#isCluster) return super.spend(id, hold);
    const keys = [this.#contextKey(id), this.#linkKey(hold.hash)];
    return (await this.#spendBy(this.#scripts.spend, keys, [this.#now(), hold.holder])) as AshSpendResult;
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async writeLink(link: AshChainLink): Promise<void> {
    await this.#write(this.#linkKey(link.hash), writtenLink(link), link.expiresAt - this.#settings.clock());
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async getLink(hash: string): Promise<AshStoredLink | null> {
    const value = await this.#read(this.#linkKey(hash));
    return value === null ? null : readLink(hash, value);
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async reserveLink(hash: string, holder: string): Promise<AshReserveResult> {
    const answer = await this.#spendBy(this.#scripts.reserveLink, [this.#linkKey(hash)], [this.#now(), holder]);
    return answer as AshReserveResult;
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async releaseLink(hash: string, holder: string): Promise<boolean> {
    return Number(await this.#run(this.#scripts.releaseLink, [this.#linkKey(hash)], [holder])) === 1;
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async epoch(shard: number): Promise<string> {
    return String(await this.#run(this.#scripts.readEpoch, [this.#epochKey(shard)], [newEpoch()]));
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` also where the clocks of Redis and of this process are half a minute apart. */
  async mark({ shard, key, epoch, ttlMs }: AshSpentMark): Promise<AshMarkResult> {
    const keys = [this.#epochKey(shard), `${this.#settings.prefix}{s${shard}}:m:${key}`];
    const kept = this.#keptFor(ttlMs, Math.max(this.#settings.grace, SHORTEST_MARK_GRACE));
    const answer = await this.#spendBy(this.#scripts.mark, keys, [epoch, kept, this.#now()]);
    return answer as AshMarkResult;
  }

  /**
   * One `SET` that answers what was there before. A seed that a restart or a promotion loses is agreed on anew: unlike a
   * context it opens nothing to anybody, so that neither history nor replicas are asked about it.
   *
   * @throws RangeError for a tick, a seed or a time that is none; AshError `ASH_STORE_UNAVAILABLE`
   */
  async agreeOnSeed(tick: number, proposed: number, ttlMs: number): Promise<number> {
    checkProposal(tick, proposed, ttlMs);
    const [key, kept] = [this.#seedKey(tick), this.#keptFor(ttlMs)];
    const held = await this.#connection.run((client) => client.call('set', key, proposed, 'NX', 'GET', 'PX', kept));
    return held === null ? proposed : seedOf(held);
  }

  /** @throws AshError `ASH_STORE_UNAVAILABLE` */
  async findSeed(tick: number): Promise<number | undefined> {
    // By itself: among several, what is no text would pass for nothing.
    const held = await this.#connection.run((client) => client.call('get', this.#seedKey(tick)));
    return held === null ? undefined : seedOf(held);
  }

  /** Redis forgets by itself what is past its grace period. */
  cleanup(): Promise<number> {
    return Promise.resolve(0);
  }

  /** Ends the connections that the store opened. A client of the application's stays open. */
  override async close(): Promise<void> {
    this.#gathered.send();
    await Promise.all([this.#connection.close(), this.#acknowledgement?.close()]);
  }

  async #open(): Promise<void> {
    const { client } = this.#connection;
    try {
      const timeout = Math.max(this.#settings.commandTimeout, LONGEST_OPENING);
      await this.#connection.whenReady(timeout);
      await checkServers(this.#connection, this.#settings);
      await this.#acknowledgement?.open(timeout);
      // What is forbidden to a script shows only in a script, and no request shall be the first to read.
      await this.#run(this.#scripts.readHistory, [], []);
      await this.#read(this.#contextKey(''));
    } catch (error) {
      if (error instanceof AshConfigurationError) throw error;
      const cause = withoutParameters(error instanceof Error && error.cause !== undefined ? error.cause : error);
      const mend = isForbidden(cause)
        ? 'Allow its user the commands that the store needs (ACL SETUSER; docs/stores.md lists them).'
        : 'Start it (redis-server, or: docker compose up redis), or name the one to use.';
      throw new AshConfigurationError(
        `AshRedisStore: Redis could not be used at ${describeTarget(client)}: ${cause.message.replace(/\.$/, '')}. ${mend}`,
        { cause },
      );
    }
  }

  #read(key: string): Promise<string | null> {
    return this.#gathered.run({ key }) as Promise<string | null>;
  }

  async #write(key: string, { before, after }: WrittenRecord, life: number): Promise<void> {
    await this.#run(this.#scripts.writeRecord, [key], [before, after, this.#keptFor(life)]);
  }

  #run(script: RedisScript, keys: readonly string[], parameters: readonly (string | number)[]): Promise<unknown> {
    return this.#gathered.run({ script, keys, parameters });
  }

  /** Runs what spends, and has replicas confirm it where that is asked for. */
  #spendBy(script: RedisScript, keys: readonly string[], parameters: readonly (string | number)[]): Promise<unknown> {
    const call: ScriptCall = { script, keys, parameters };
    if (this.#acknowledgement === undefined) return this.#gathered.run(call);
    return this.#acknowledgement.run(call, (answer) => SPENDING_ANSWERS.includes(answer));
  }

  #now(): string {
    return timeDigits(Math.ceil(this.#settings.clock()));
  }

  /** How long Redis keeps a record, in milliseconds: its life, and the grace period. */
  #keptFor(life: number, grace = this.#settings.grace): number {
    return Math.min(Math.max(1, Math.ceil(life + grace)), Number.MAX_SAFE_INTEGER);
  }

  #contextKey(id: string): string {
    return `${this.#settings.prefix}c:${id}`;
  }

  #linkKey(hash: string): string {
    return `${this.#settings.prefix}l:${hash}`;
  }

  #seedKey(tick: number): string {
    return `${this.#settings.prefix}n:${tick}`;
  }

  #epochKey(shard: number): string {
    return `${this.#settings.prefix}{s${shard}}:e`;
  }
}

function newEpoch(): string {
  return randomBytes(EPOCH_BYTES).toString('hex');
}
