import type { RedisConnection } from './connection.js';
import type { AshRedisSingle } from './redis-client.js';
import { sendScript, type ScriptCall } from './script-call.js';
import { isScriptMissing } from './server-error.js';
import { asUnavailable, unavailable } from './unavailable.js';

/** What a line waits for. */
export interface AcknowledgementOptions {
  /** How many replicas have to confirm. */
  readonly replicas: number;
  /** How long they have for it, in milliseconds. */
  readonly replicaTimeout: number;
  /** The longest wait for an answer of the server itself, in milliseconds. */
  readonly timeout: number;
}

/** A call that comes while one `WAIT` is under way has the whole of the next one before it. */
export function longestWait({ timeout, replicaTimeout }: AcknowledgementOptions): number {
  return timeout + 2 * replicaTimeout;
}

/** One call that waits for its turn. */
interface Turn {
  readonly call: ScriptCall;
  readonly isWritten: (answer: unknown) => boolean;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** When nobody waits for it any more, by the clock of `performance`. */
  readonly deadline: number;
  withText: boolean;
}

/**
 * Sends what replicas have to confirm over a connection of its own, since `WAIT` blocks the one it is sent on and
 * speaks of what that one has written. What comes while a `WAIT` is under way goes out together with the next, so
 * that a replica that is gone costs nobody more than two time-outs.
 */
export class AcknowledgedLine {
  private readonly known = new Set<string>();
  private waiting: Turn[] = [];
  private isBusy = false;

  constructor(
    private readonly connection: RedisConnection<AshRedisSingle>,
    private readonly options: AcknowledgementOptions,
  ) {}

  /**
   * @param isWritten Whether an answer says that something was written that must not be lost.
   * @throws AshError `ASH_STORE_UNAVAILABLE` also where too few replicas confirmed; it is written then all the same.
   */
  run(call: ScriptCall, isWritten: (answer: unknown) => boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + longestWait(this.options);
      // The first time with its text: a server that does not have the script would cost a second wait for the replicas.
      const withText = !this.known.has(call.script.sha);
      this.waiting.push({ call, isWritten, resolve, reject, deadline, withText });
      if (!this.isBusy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    while (this.waiting.length > 0) {
      const turns = this.waiting.filter(({ deadline }) => deadline > performance.now());
      this.waiting = [];
      if (turns.length === 0) break;
      try {
        await this.runTogether(turns);
      } catch (error) {
        for (const turn of turns) turn.reject(error);
      }
    }
    this.isBusy = false;
  }

  private async runTogether(turns: readonly Turn[]): Promise<void> {
    const { replicas, replicaTimeout, timeout } = this.options;
    const written: { turn: Turn; answer: unknown }[] = [];
    const unknown: Turn[] = [];
    const confirmed = await this.connection.run(async (client) => {
      const answers = turns.map(async (turn) => {
        try {
          const [answer] = await sendScript(client, [turn.call], turn.withText);
          this.known.add(turn.call.script.sha);
          if (answer instanceof Error) throw answer;
          if (turn.isWritten(answer)) written.push({ turn, answer });
          else turn.resolve(answer);
        } catch (error) {
          if (isScriptMissing(error)) unknown.push(Object.assign(turn, { withText: true }));
          else turn.reject(asUnavailable(error));
        }
      });
      // Sent in the same turn as the calls, so that nothing comes between them on the connection.
      const [count] = await Promise.all([client.call('wait', replicas, replicaTimeout), ...answers]);
      return Number(count);
    }, timeout + replicaTimeout);
    // Not before: where all of them are refused, these must not be done all the same.
    this.waiting.unshift(...unknown);
    for (const { turn, answer } of written) {
      if (confirmed >= replicas) turn.resolve(answer);
      else turn.reject(tooFew(confirmed, this.options));
    }
  }
}

function tooFew(confirmed: number, { replicas, replicaTimeout }: AcknowledgementOptions): Error {
  return unavailable(
    `${confirmed} of ${replicas} replicas confirmed within ${replicaTimeout} ms what was spent: ` +
      'it stays spent, and the request is refused. See to the replicas, or ask for fewer.',
  );
}
