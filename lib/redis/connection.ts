import { within } from '../stores/within.js';
import { isCluster, type AshRedisClient } from './redis-client.js';
import { asUnavailable, unavailable } from './unavailable.js';

/** What a connection of the store is made of. */
export interface RedisConnectionOptions<C extends AshRedisClient> {
  readonly client: C;
  /** Whether the store made the client: then it mends the client and closes it. */
  readonly isOwn: boolean;
  /** The longest wait for an answer, the connecting included, in milliseconds. */
  readonly timeout: number;
}

/**
 * A client that answers within a bounded time, or not at all: nothing is put into its queue while its server is away.
 */
export class RedisConnection<C extends AshRedisClient = AshRedisClient> {
  readonly client: C;
  private readonly isOwn: boolean;
  private readonly timeout: number;
  private connecting: Promise<void> | undefined;
  private wasReady = false;
  private isClosed = false;
  private lastAnswer = 0;
  private unanswered: Promise<unknown> | undefined;
  private lastError: unknown;

  constructor({ client, isOwn, timeout }: RedisConnectionOptions<C>) {
    this.client = client;
    this.isOwn = isOwn;
    this.timeout = timeout;
    if (!isOwn) return;
    // Without a listener an error of the socket would be printed, or end the process.
    client.on('error', (error) => {
      this.lastError = error;
    });
    client.on('ready', () => {
      this.wasReady = true;
      this.lastError = undefined;
    });
  }

  /**
   * Sends what `send` sends once the client is ready, and waits for it.
   *
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  async run<T>(send: (client: C) => Promise<T>, timeout = this.timeout): Promise<T> {
    const start = performance.now();
    if (this.client.status !== 'ready') await this.whenReady(timeout);
    if (this.unanswered !== undefined) throw unavailable('Redis has not answered yet what it was asked before.');
    const sent = performance.now();
    try {
      const answer = send(this.client);
      const answered = (): void => {
        this.lastAnswer = performance.now();
      };
      answer.then(answered, answered);
      return await within(answer, Math.max(0, start + timeout - sent), () => {
        if (this.lastAnswer < sent) this.mend(answer);
        return unavailable(`Redis did not answer within ${timeout} ms.`);
      });
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  /**
   * Waits until the client is ready. A client of the store's own that has lost its server refuses at once: while it
   * tries to connect again in the background, nobody has to wait for it.
   */
  async whenReady(timeout = this.timeout): Promise<void> {
    const { client } = this;
    if (client.status === 'ready') return;
    if (this.isClosed) throw unavailable('The store was closed.');
    const isAway = client.status !== 'end' && client.status !== 'wait';
    if (this.isOwn && this.wasReady && isAway)
      throw unavailable('The connection to Redis is lost for now.', this.lastError);
    this.connecting ??= this.connect().finally(() => {
      this.connecting = undefined;
    });
    await within(this.connecting, timeout, () =>
      unavailable(`The connection to Redis was not ready within ${timeout} ms.`, this.lastError),
    );
  }

  /** Ends the client where it is the store's own; what is under way gets its answer first, within the time-out. */
  async close(): Promise<void> {
    const { client } = this;
    if (!this.isOwn || this.isClosed) return;
    this.isClosed = true;
    try {
      if (client.status !== 'ready') throw unavailable('There is nobody to say goodbye to.');
      await within(client.quit(), this.timeout, () => unavailable('Redis did not say goodbye.'));
    } catch {
      if (client.status !== 'end') client.disconnect();
    }
  }

  /** Ends the attempts to connect; another call of {@link whenReady} begins them again. */
  giveUp(): void {
    if (this.isOwn && this.client.status !== 'end') this.client.disconnect();
  }

  private connect(): Promise<void> {
    const { client, isOwn } = this;
    const isAtRest = client.status === 'wait' || client.status === 'end';
    if (client.status === 'end' && !isOwn) {
      return Promise.reject(unavailable('The client that the application gave is closed.'));
    }
    return new Promise((resolve, reject) => {
      const listeners = {
        ready: () => {
          settle(resolve);
        },
        end: () => {
          settle(refuse);
        },
        error: (error: unknown) => {
          this.lastError = error;
        },
      };
      const settle = (how: () => void): void => {
        for (const [event, listener] of Object.entries(listeners)) client.off(event, listener);
        how();
      };
      const refuse = (): void => {
        reject(unavailable('The connection to Redis could not be made.', this.lastError));
      };
      for (const [event, listener] of Object.entries(listeners)) client.on(event, listener);
      if (!isAtRest) return;
      client.connect().catch((error: unknown) => {
        this.lastError ??= error;
        // A client of the store's own goes on in the background; whoever waits hears at once.
        if (isOwn) settle(refuse);
      });
    });
  }

  /**
   * Nothing came back on a connection for the whole of a wait.
   *
   * Most likely it is half-open, since a cut cable tells nobody: an own client gets a new one at once, where TCP would
   * try for a quarter of an hour. An application's client is left alone, and asked nothing more before it has answered,
   * which it does in order. A Cluster may have another master by now.
   */
  private mend(answer: Promise<unknown>): void {
    const { client } = this;
    if (isCluster(client)) client.refreshSlotsCache();
    else if (this.isOwn) {
      this.lastAnswer = performance.now();
      if (client.status === 'ready') client.disconnect(true);
    } else {
      const answered = (): void => {
        if (this.unanswered === answer) this.unanswered = undefined;
      };
      this.unanswered = answer;
      answer.then(answered, answered);
    }
  }
}
