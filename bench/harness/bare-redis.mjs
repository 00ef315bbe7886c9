import { CONTEXT, newIdentifier, spentNow } from './contestants.mjs';

// A record's first character says whether it is spent.
const MARK = `
local mark = redis.call('GETRANGE', KEYS[1], 0, 0)
if mark ~= '-' then return mark end
redis.call('SETRANGE', KEYS[1], 0, '+')
return 'marked'
`;

/** The least that keeping contexts in Redis takes: `SET PX`, `GET`, and a script of four lines that compares and marks. */
export async function bareRedis(client, recordBytes) {
  const record = '-'.repeat(recordBytes);
  const sha = await client.script('LOAD', MARK);
  return {
    create: async () => {
      const key = newIdentifier();
      if ((await client.set(key, record, 'PX', CONTEXT.ttlMs)) !== 'OK') throw new Error('A record was not set.');
      return key;
    },
    isSpent: async (key) => {
      const value = await client.get(key);
      if (value?.length !== recordBytes) throw new Error(`Redis lost ${key}.`);
      return value[0] === '+';
    },
    spend: async (key) => spentNow(await client.evalsha(sha, 1, key), { marked: true, '+': false }),
  };
}

/** The least that marking the spent takes, where nothing is kept of what is not: `SET NX PX`. */
export function bareMarks(client) {
  return {
    create: () => Promise.resolve(newIdentifier()),
    isSpent: () => Promise.resolve(false),
    spend: async (key) => spentNow(await client.set(key, '1', 'PX', CONTEXT.ttlMs, 'NX'), { OK: true, null: false }),
  };
}
