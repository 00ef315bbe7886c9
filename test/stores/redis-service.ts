import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';

/** What the test command says of a service. */
export function serviceOf(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set: run these specs by \`npm test\`.`);
  return value;
}

/** The addresses of `host:port,host:port`. */
export function addresses(list: string): { host: string; port: number }[] {
  return list.split(',').map((address) => {
    const colon = address.lastIndexOf(':');
    return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
  });
}

/** A prefix of one's own, so that specs on one server do not meet. */
export function newPrefix(): string {
  return `ash-${randomBytes(4).toString('hex')}:`;
}

/** Removes every key that has the prefix, as a flush would. */
export async function forget(client: Redis | Cluster, prefix: string): Promise<void> {
  for (const node of client instanceof Cluster ? client.nodes('master') : [client]) {
    // By a script's parameter, since the prefix of a client would be put before a key once more.
    for (const key of await node.keys(`*${prefix}*`)) await node.eval("redis.call('DEL', ARGV[1])", 0, key);
  }
}

/** Waits until the clock that contexts expire by has moved so far: by that clock, a timer may end a millisecond early. */
export async function pass(milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = end - Date.now()) await wait(left);
}
