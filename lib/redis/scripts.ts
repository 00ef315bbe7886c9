import { createHash } from 'node:crypto';

/** One act on the server, for one call or for several: together they are atomic too. */
export interface RedisScript {
  readonly text: string;
  /** By which the server knows it once it has seen it. */
  readonly sha: string;
}

/** The digits of a time in a record's head: milliseconds since the epoch, with leading zeros. */
export const TIME_DIGITS = 16;
/** Where the time of consumption would stand; no time looks like it, the clock's zero neither. */
export const UNSPENT = '-'.repeat(TIME_DIGITS);
/** The digits of the length of a link's body. */
export const LENGTH_DIGITS = 8;
const HISTORY_DIGITS = 40;
/** The identity of what the server holds, where it is not asked for it. */
const NO_HISTORY = '0'.repeat(HISTORY_DIGITS);

/** By how much the clocks of the server and of an application that marks keys may differ, in milliseconds. */
const CLOCK_TOLERANCE = 30_000;
/** How long a mark is kept beyond its time at least, in milliseconds: two applications may differ in both directions. */
export const SHORTEST_MARK_GRACE = 2 * CLOCK_TOLERANCE;

/** Head of a context: when it was spent, when it expires, in which history it was made. Its body is JSON. */
export const CONTEXT_HEAD = TIME_DIGITS + TIME_DIGITS + HISTORY_DIGITS;
/** Head of a link: when it expires, in which history it was made, how long its body is. The holder follows the body. */
export const LINK_HEAD = TIME_DIGITS + HISTORY_DIGITS + LENGTH_DIGITS;

/**
 * A server takes the script also where its memory is full: it changes records in their place, and a context that
 * cannot be spent is as good as lost.
 */
const ALSO_WHEN_FULL = '#!lua flags=allow-oom\n';

/**
 * The replication ID is what Redis itself goes by to tell whether two servers hold one and the same data. It changes
 * with a restart and with a promotion, also where the same process becomes master again, whose run ID stays.
 * A replica that takes writes gives none. While a script runs it cannot change, so that one question does for all calls.
 */
const ASK_HISTORY = `
local known_history
local function history()
  if known_history then return known_history end
  local id = string.match(redis.call('INFO', 'replication'), 'role:master.-master_replid:(%x+)')
  if id == nil or #id ~= ${String(HISTORY_DIGITS)} then
    error('READONLY this server is no master, or gives no master_replid')
  end
  known_history = id
  return id
end
`;

const KEEP_HISTORY = `
local function history()
  return '${NO_HISTORY}'
end
`;

const CONTEXT_STATE = `
local function context_state(key, now)
  local head = redis.call('GETRANGE', key, 0, ${String(CONTEXT_HEAD - 1)})
  if #head < ${String(CONTEXT_HEAD)} then return 'not-found' end
  if string.sub(head, 1, 16) ~= '${UNSPENT}' then return 'already-used' end
  if tonumber(string.sub(head, 17, 32)) <= tonumber(now) then return 'expired' end
  if string.sub(head, 33, 72) ~= history() then return 'not-found' end
  return 'unspent'
end
`;

const LINK_STATE = `
local function link_state(key, now, holder)
  local head = redis.call('GETRANGE', key, 0, ${String(LINK_HEAD - 1)})
  if #head < ${String(LINK_HEAD)} then return 'not-found' end
  local free_from = ${String(LINK_HEAD)} + tonumber(string.sub(head, 57, 64))
  local held_by = redis.call('GETRANGE', key, free_from, -1)
  if held_by == holder then return 'reserved', free_from end
  if held_by ~= '' then return 'taken' end
  if tonumber(string.sub(head, 1, 16)) <= tonumber(now) then return 'expired' end
  if string.sub(head, 17, 56) ~= history() then return 'not-found' end
  return 'reserved', free_from
end
`;

/**
 * What a script does for one call. What may fail for want of memory fails for its own call alone (`pcall`): others were
 * answered before it, or need no memory.
 */
interface Act {
  /** How many keys, and then how many parameters, the function `act` takes. */
  readonly takes: readonly [keys: number, parameters: number];
  readonly text: string;
}

/** What else a write fails for, a server that is no master for one, fails the whole: the client has to hear of it. */
const UNLESS_FULL = `
local function unless_full(written)
  if type(written) == 'table' and written.err and not string.find(written.err, 'OOM', 1, true) then error(written) end
  return written
end
`;

const WRITE_RECORD: Act = {
  takes: [1, 3],
  text: `
local function act(key, before, after, kept)
  return unless_full(redis.pcall('SET', key, before .. history() .. after, 'PX', kept, 'NX'))
end
`,
};

const CONSUME: Act = {
  takes: [1, 1],
  text: `
local function act(key, now)
  local state = context_state(key, now)
  if state ~= 'unspent' then return state end
  redis.call('SETRANGE', key, 0, now)
  return 'consumed'
end
`,
};

const RESERVE_LINK: Act = {
  takes: [1, 2],
  text: `
local function act(key, now, holder)
  local state, free_from = link_state(key, now, holder)
  if state == 'reserved' then redis.call('SETRANGE', key, free_from, holder) end
  return state
end
`,
};

const RELEASE_LINK: Act = {
  takes: [1, 1],
  text: `
local function act(key, holder)
  local head = redis.call('GETRANGE', key, 0, ${String(LINK_HEAD - 1)})
  if #head < ${String(LINK_HEAD)} then return 0 end
  local free_from = ${String(LINK_HEAD)} + tonumber(string.sub(head, 57, 64))
  if redis.call('GETRANGE', key, free_from, -1) ~= holder then return 0 end
  redis.call('SET', key, redis.call('GETRANGE', key, 0, free_from - 1), 'KEEPTTL')
  return 1
end
`,
};

const SPEND: Act = {
  takes: [2, 2],
  text: `
local function act(context_key, link_key, now, holder)
  local context = context_state(context_key, now)
  if context == 'already-used' then return context end
  local link, free_from = link_state(link_key, now, holder)
  if link ~= 'reserved' then return 'link-' .. link end
  if context ~= 'unspent' then return context end
  redis.call('SETRANGE', context_key, 0, now)
  redis.call('SETRANGE', link_key, free_from, holder)
  return 'consumed'
end
`,
};

/** The epoch of a shard: the history, and a part that a flush changes. */
const READ_EPOCH: Act = {
  takes: [1, 1],
  text: `
local function act(key, random)
  local id = history()
  local epoch = redis.call('GET', key)
  if epoch and string.sub(epoch, 1, ${String(HISTORY_DIGITS + 1)}) == id .. ':' then return epoch end
  epoch = id .. ':' .. random
  local written = unless_full(redis.pcall('SET', key, epoch))
  return written.err and written or epoch
end
`,
};

/**
 * A mark outlives its key by the server's clock, whereas the key expires by the application's. Where the two differ by
 * more than half of what a mark is kept beyond its time, the mark could be gone while the key is still good.
 */
const CLOCK_ERROR = `
local seconds
local function clock_error(now)
  seconds = seconds or redis.call('TIME')[1]
  local difference = math.abs(seconds * 1000 - now)
  if difference <= ${String(CLOCK_TOLERANCE)} then return nil end
  return redis.error_reply('CLOCK the clocks of this server and of the application differ by ' ..
    math.floor(difference / 1000) .. ' s: set both by NTP')
end
`;

/**
 * Most calls of one command are of one shard, and nothing changes its epoch while the script runs. Where the memory is
 * full, a mark that is there is still found.
 */
const MARK: Act = {
  takes: [2, 3],
  text: `
local known_key, known_epoch
local function epoch_of(epoch_key)
  if epoch_key ~= known_key then
    known_key, known_epoch = epoch_key, redis.call('GET', epoch_key)
    if known_epoch and string.sub(known_epoch, 1, ${String(HISTORY_DIGITS)}) ~= history() then known_epoch = false end
  end
  return known_epoch
end
local function act(epoch_key, key, epoch, kept, now)
  local refusal = clock_error(now)
  if refusal then return refusal end
  if epoch_of(epoch_key) ~= epoch then return 'other-epoch' end
  local written = unless_full(redis.pcall('SET', key, '', 'PX', kept, 'NX'))
  if not written then return 'already-marked' end
  if not written.err then return 'marked' end
  return redis.call('EXISTS', key) == 1 and 'already-marked' or written
end
`,
};

const READ_HISTORY = `
return { history() }
`;

/** Every act of the store. Each answers a list: what came of each call. */
export interface RedisScripts {
  readonly writeRecord: RedisScript;
  readonly consume: RedisScript;
  readonly reserveLink: RedisScript;
  readonly releaseLink: RedisScript;
  readonly spend: RedisScript;
  readonly readEpoch: RedisScript;
  readonly mark: RedisScript;
  readonly readHistory: RedisScript;
}

/**
 * The scripts of a store.
 *
 * @param asksHistory Whether what was written before a restart or a promotion is told apart from what came after.
 */
export function redisScripts(asksHistory: boolean): RedisScripts {
  const history = asksHistory ? ASK_HISTORY : KEEP_HISTORY;
  return {
    writeRecord: script(history, UNLESS_FULL, forEachCall(WRITE_RECORD)),
    consume: script(ALSO_WHEN_FULL, history, CONTEXT_STATE, forEachCall(CONSUME)),
    reserveLink: script(ALSO_WHEN_FULL, history, LINK_STATE, forEachCall(RESERVE_LINK)),
    releaseLink: script(ALSO_WHEN_FULL, forEachCall(RELEASE_LINK)),
    spend: script(ALSO_WHEN_FULL, history, CONTEXT_STATE, LINK_STATE, forEachCall(SPEND)),
    readEpoch: script(history, UNLESS_FULL, forEachCall(READ_EPOCH)),
    mark: script(CLOCK_ERROR, history, UNLESS_FULL, forEachCall(MARK)),
    readHistory: script(history, READ_HISTORY),
  };
}

function script(...parts: string[]): RedisScript {
  const text = parts.join('');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Calls stand one after another in the keys and in the parameters. */
function forEachCall({ takes: [keys, parameters], text }: Act): string {
  const each = (list: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${list}[${count} * call - ${count - 1 - index}]`);
  return `${text}
local answers = {}
for call = 1, #KEYS / ${keys} do
  answers[call] = act(${[...each('KEYS', keys), ...each('ARGV', parameters)].join(', ')})
end
return answers
`;
}
