import type { RedisConnection } from './connection.js';
import { isCluster } from './redis-client.js';
import { readTogether, runScript, type Reading, type ScriptCall, type ScriptCalls } from './script-call.js';
import { asUnavailable, unavailable } from './unavailable.js';

/** The most calls of one command: the server does nothing else meanwhile, for a fifth of a millisecond. */
const MOST_TOGETHER = 64;

/** All readings are one group. */
const READINGS = 'mget';

/** A call that waits for the end of the turn. */
interface Waiting {
  readonly call: ScriptCall | Reading;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers the calls that come in one turn of the event loop: those of one script go out as one command, and so do all
 * readings, since a loaded process and its server spend more on a command than on what it does. While nothing is under way
 * they wait for what is asked in one go, and not for the event loop.
 */
export class GatheredScripts {
  private readonly isCluster: boolean;
  private waiting = new Map<string, Waiting[]>();
  private underWay = 0;

  constructor(private readonly connection: RedisConnection) {
    this.isCluster = isCluster(connection.client);
  }

  /**
   * @returns What the script answers, or what the key holds.
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  run(call: ScriptCall | Reading): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.waiting.size === 0) this.awaitTurn();
      const group = this.groupOf(call);
      const waiting = this.waiting.get(group);
      if (waiting === undefined) this.waiting.set(group, [{ call, resolve, reject }]);
      else waiting.push({ call, resolve, reject });
    });
  }

  private awaitTurn(): void {
    if (this.underWay === 0) process.nextTick(this.send);
    else setImmediate(this.send);
  }

  /** Sends what waits for the end of the turn. */
  readonly send = (): void => {
    const groups = this.waiting;
    this.waiting = new Map();
    for (const group of groups.values()) {
      for (let first = 0; first < group.length; first += MOST_TOGETHER) {
        void this.sendTogether(group.slice(first, first + MOST_TOGETHER));
      }
    }
  };

  /** On a Cluster one command has one slot, which the first key tells. */
  private groupOf(call: ScriptCall | Reading): string {
    const kind = isReading(call) ? READINGS : call.script.sha;
    if (!this.isCluster) return kind;
    return kind + (isReading(call) ? call.key : (call.keys[0] ?? ''));
  }

  private async sendTogether(group: readonly Waiting[]): Promise<void> {
    this.underWay += 1;
    try {
      const calls = group.map(({ call }) => call);
      const answers = await this.connection.run((client) =>
        areReadings(calls) ? readTogether(client, calls) : runScript(client, calls as unknown as ScriptCalls),
      );
      if (answers.length !== group.length)
        throw unavailable('Redis did not answer each of the calls that went together.');
      for (const [index, { resolve, reject }] of group.entries()) {
        const answer = answers[index];
        if (answer instanceof Error) reject(asUnavailable(answer));
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.underWay -= 1;
    }
  }
}

function isReading(call: ScriptCall | Reading): call is Reading {
  return 'key' in call;
}

/** A group is of one kind. */
function areReadings(calls: readonly (ScriptCall | Reading)[]): calls is readonly Reading[] {
  return calls[0] !== undefined && isReading(calls[0]);
}
