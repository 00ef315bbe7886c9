import type { AshRedisClient } from './redis-client.js';
import type { RedisScript } from './scripts.js';
import { isScriptMissing } from './server-error.js';
import { unavailable } from './unavailable.js';

/** One call of a script. */
export interface ScriptCall {
  readonly script: RedisScript;
  readonly keys: readonly string[];
  readonly parameters: readonly (string | number)[];
}

/** One reading of a key. */
export interface Reading {
  readonly key: string;
}

/** Calls of one script that go out as one command. */
export type ScriptCalls = readonly [ScriptCall, ...ScriptCall[]];

/**
 * Sends calls by the script's digest, or with its text, which the server then keeps.
 *
 * @returns What came of each call: an answer, or an `Error`.
 */
export async function sendScript(
  client: AshRedisClient,
  calls: ScriptCalls,
  withText: boolean,
): Promise<readonly unknown[]> {
  const { script, keys } = calls[0];
  const parameters: (string | number)[] = [withText ? script.text : script.sha, calls.length * keys.length];
  for (const call of calls) parameters.push(...call.keys);
  for (const call of calls) parameters.push(...call.parameters);
  return listed(await client.call(withText ? 'eval' : 'evalsha', ...parameters));
}

/** Sends calls by the digest, and once more with the text where the server did not have it. */
export async function runScript(client: AshRedisClient, calls: ScriptCalls): Promise<readonly unknown[]> {
  try {
    return await sendScript(client, calls, false);
  } catch (error) {
    if (!isScriptMissing(error)) throw error;
    return sendScript(client, calls, true);
  }
}

/**
 * What each key holds, `null` for nothing or for what is no text: by a command of the server's own, which costs it less
 * than a script.
 */
export async function readTogether(client: AshRedisClient, readings: readonly Reading[]): Promise<readonly unknown[]> {
  return listed(await client.call('mget', ...readings.map(({ key }) => key)));
}

/** A text has a length too, and each of its letters would pass for the answer to one of the calls. */
function listed(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  throw unavailable('Redis gave no list of answers. Is the client in a transaction (MULTI) of the application?');
}
