import type { AshRedisClient } from './redis-client.js';
import type { RedisScript } from './scripts.js';
import { isScriptMissing } from './server-error.js';

/** One call of a script. */
export interface ScriptCall {
  readonly script: RedisScript;
  readonly keys: readonly string[];
  readonly parameters: readonly (string | number)[];
}

/** Sends a call by the script's digest, or with its text, which the server then keeps. */
export function sendScript(client: AshRedisClient, call: ScriptCall, withText: boolean): Promise<unknown> {
  const { script, keys, parameters } = call;
  const [command, body] = withText ? ['eval', script.text] : ['evalsha', script.sha];
  return client.call(command, body, keys.length, ...keys, ...parameters);
}

/** Sends a call by the digest, and once more with the text where the server did not have it. */
export async function runScript(client: AshRedisClient, call: ScriptCall): Promise<unknown> {
  try {
    return await sendScript(client, call, false);
  } catch (error) {
    if (!isScriptMissing(error)) throw error;
    return sendScript(client, call, true);
  }
}
