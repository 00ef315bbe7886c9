import { SnapshotError } from '../cipher/errors.js';
import type { SnapshotFinder, SnapshotQuery, SnapshotSeed } from '../cipher/snapshot.js';
import type { ClientSettings } from './client-settings.js';
import type { ServerExchange } from './server-exchange.js';
import { askForSnapshot, isFresh, notKept } from './snapshot-request.js';
import { SnapshotShelf } from './snapshot-shelf.js';

/** By how much snapshots may be out of order, in seconds: a server may be processes whose clocks differ a little. */
const DISORDER = 1;

/** A snapshot while it is that of the moment, in milliseconds of the client's clock. */
interface CurrentSnapshot {
  readonly snapshot: SnapshotSeed;
  readonly from: number;
  readonly until: number;
}

/** The snapshots of a client: asked for once, and kept for as long as they are good. */
export class SnapshotSupply implements SnapshotFinder {
  readonly #settings: ClientSettings;
  readonly #exchange: ServerExchange;
  readonly #greet: () => Promise<void>;
  readonly #shelf = new SnapshotShelf();
  /** What is under way, by the query. */
  readonly #asking = new Map<string, Promise<SnapshotSeed>>();
  #current: CurrentSnapshot | undefined;
  /** The newest timestamp of a current snapshot so far. */
  #newest = -Infinity;

  /** @param greet What has to be done before the server is asked. */
  constructor(settings: ClientSettings, exchange: ServerExchange, greet: () => Promise<void>) {
    this.#settings = settings;
    this.#exchange = exchange;
    this.#greet = greet;
  }

  async current(): Promise<SnapshotSeed> {
    this.#exchange.assertOpen();
    return this.#ready() ?? this.#once('', () => this.#askForCurrent());
  }

  async find(query: SnapshotQuery): Promise<SnapshotSeed> {
    this.#exchange.assertOpen();
    // Where ticks end within a second the server alone can tell whose it is.
    const isKnowable = 'tick' in query || Number.isInteger(this.#settings.tickInterval);
    const found = isKnowable ? this.#onShelf(query) : undefined;
    if (found !== undefined) return found;
    // What is too old by its own account is not asked for.
    if ('at' in query && !isFresh(query.at, this.#settings)) throw notKept();
    const text = 'tick' in query ? `?tick=${query.tick}` : `?at=${query.at}`;
    return this.#once(text, () => this.#askFor(query, text));
  }

  /** Forgets every seed. */
  clear(): void {
    this.#shelf.clear();
    this.#current = undefined;
  }

  #ready(): SnapshotSeed | undefined {
    if (this.#current === undefined) return undefined;
    const { snapshot, from, until } = this.#current;
    const now = this.#settings.clock();
    return from <= now && now < until && isFresh(snapshot.timestamp, this.#settings) ? snapshot : undefined;
  }

  #once(key: string, ask: () => Promise<SnapshotSeed>): Promise<SnapshotSeed> {
    const underWay = this.#asking.get(key);
    if (underWay !== undefined) return underWay;
    const asking = ask().finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #askForCurrent(): Promise<SnapshotSeed> {
    await this.#greet();
    const { snapshot, until } = await askForSnapshot('', this.#settings, this.#exchange);
    const from = this.#settings.clock();
    // One that is too far from the clock by now says nothing: the clock was set since.
    const newest = isFresh(this.#newest, this.#settings) ? this.#newest : -Infinity;
    if (snapshot.timestamp < newest - DISORDER) throw replayed();
    this.#newest = Math.max(newest, snapshot.timestamp);
    this.#current = { snapshot, from, until };
    this.#shelf.put(snapshot);
    return snapshot;
  }

  async #askFor(query: SnapshotQuery, text: string): Promise<SnapshotSeed> {
    await this.#greet();
    const { snapshot } = await askForSnapshot(text, this.#settings, this.#exchange);
    this.#shelf.put(snapshot);
    // A server that does not know the query answers with the snapshot of the moment, which may be the one.
    const found = this.#onShelf(query);
    if (found === undefined) throw notKept();
    return found;
  }

  #onShelf(query: SnapshotQuery): SnapshotSeed | undefined {
    if ('tick' in query) {
      const found = this.#shelf.ofTick(query.tick);
      return found && isFresh(found.timestamp, this.#settings) ? found : undefined;
    }
    const [found, other] = this.#shelf.ofSecond(query.at);
    if (other !== undefined) throw ambiguous(query.at);
    return found && isFresh(query.at, this.#settings) ? found : undefined;
  }
}

function replayed(): SnapshotError {
  return new SnapshotError(
    'ASH_CRYPTO_SNAPSHOT_REPLAYED',
    'The snapshot is older than one that the server gave before: somebody replays it, or its clock was set back.',
  );
}

function ambiguous(second: number): SnapshotError {
  return new SnapshotError(
    'ASH_CRYPTO_SNAPSHOT_EXPIRED',
    `The second ${second} belongs to more than one snapshot, so that the message's own cannot be told: use 'aes-256-gcm', or ticks of whole seconds.`,
  );
}
