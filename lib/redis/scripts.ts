import { createHash } from 'node:crypto';

/** One atomic act on the server. */
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
 * A replica that takes writes gives none.
 */
const ASK_HISTORY = `
local function history()
  local id = string.match(redis.call('INFO', 'replication'), 'role:master.-master_replid:(%x+)')
  if id == nil or #id ~= ${String(HISTORY_DIGITS)} then
    error('READONLY this server is no master, or gives no master_replid')
  end
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

/** The epoch of a shard: the history, and a part that a flush changes. */
const EPOCH = `
local function current_epoch(key, random)
  local id = history()
  local epoch = redis.call('GET', key)
  if epoch and string.sub(epoch, 1, ${String(HISTORY_DIGITS + 1)}) == id .. ':' then return epoch end
  epoch = id .. ':' .. random
  redis.call('SET', key, epoch)
  return epoch
end
`;

const WRITE_RECORD = `
redis.call('SET', KEYS[1], ARGV[1] .. history() .. ARGV[2], 'PX', ARGV[3], 'NX')
`;

const CONSUME = `
local state = context_state(KEYS[1], ARGV[1])
if state ~= 'unspent' then return state end
redis.call('SETRANGE', KEYS[1], 0, ARGV[1])
return 'consumed'
`;

const RESERVE_LINK = `
local state, free_from = link_state(KEYS[1], ARGV[1], ARGV[2])
if state == 'reserved' then redis.call('SETRANGE', KEYS[1], free_from, ARGV[2]) end
return state
`;

const RELEASE_LINK = `
local head = redis.call('GETRANGE', KEYS[1], 0, ${String(LINK_HEAD - 1)})
if #head < ${String(LINK_HEAD)} then return 0 end
local free_from = ${String(LINK_HEAD)} + tonumber(string.sub(head, 57, 64))
if redis.call('GETRANGE', KEYS[1], free_from, -1) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], redis.call('GETRANGE', KEYS[1], 0, free_from - 1), 'KEEPTTL')
return 1
`;

const SPEND = `
local context = context_state(KEYS[1], ARGV[1])
if context == 'already-used' then return context end
local link, free_from = link_state(KEYS[2], ARGV[1], ARGV[2])
if link ~= 'reserved' then return 'link-' .. link end
if context ~= 'unspent' then return context end
redis.call('SETRANGE', KEYS[1], 0, ARGV[1])
redis.call('SETRANGE', KEYS[2], free_from, ARGV[2])
return 'consumed'
`;

const READ_EPOCH = `
return current_epoch(KEYS[1], ARGV[1])
`;

/**
 * A mark outlives its key by the server's clock, whereas the key expires by the application's. Where the two differ by
 * more than half of what a mark is kept beyond its time, the mark could be gone while the key is still good.
 */
const CHECK_CLOCK = `
local difference = math.abs(redis.call('TIME')[1] * 1000 - ARGV[4])
if difference > ${String(CLOCK_TOLERANCE)} then
  return redis.error_reply('CLOCK the clocks of this server and of the application differ by ' ..
    math.floor(difference / 1000) .. ' s: set both by NTP')
end
`;

const MARK = `
if current_epoch(KEYS[1], ARGV[1]) ~= ARGV[2] then return 'other-epoch' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'already-marked' end
redis.call('SET', KEYS[2], '', 'PX', ARGV[3])
return 'marked'
`;

const READ_HISTORY = `
return history()
`;

/** Every act of the store that is more than reading one record. */
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
  const script = (...parts: string[]): RedisScript => {
    const text = parts.join('');
    return { text, sha: createHash('sha1').update(text).digest('hex') };
  };
  return {
    writeRecord: script(history, WRITE_RECORD),
    consume: script(ALSO_WHEN_FULL, history, CONTEXT_STATE, CONSUME),
    reserveLink: script(ALSO_WHEN_FULL, history, LINK_STATE, RESERVE_LINK),
    releaseLink: script(ALSO_WHEN_FULL, RELEASE_LINK),
    spend: script(ALSO_WHEN_FULL, history, CONTEXT_STATE, LINK_STATE, SPEND),
    readEpoch: script(history, EPOCH, READ_EPOCH),
    mark: script(CHECK_CLOCK, history, EPOCH, MARK),
    readHistory: script(history, READ_HISTORY),
  };
}
