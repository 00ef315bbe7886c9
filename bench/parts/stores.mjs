import { databaseContests } from '../harness/database-contests.mjs';
import { redisContest } from '../harness/redis-contest.mjs';

export const title = 'Stores';
export const about = [
  'The rate of each act as a share of the rate of the bare commands that its engine cannot do without, over the same ' +
    'number of connections to the same server, with so many loops in flight that each await their own act. Issuing is ' +
    '`create`; verification is `get`, then `consume`; a replay is seen by `get`, or refused by `consume` where it comes at ' +
    'the same moment. Every answer is checked.',
  'Bare are, in Redis, `SET PX`, `GET`, and a script of four lines that compares and marks; for sealed contexts ' +
    '`SET NX PX` alone, since issuing one writes nothing. The stores of this process stand beside the commands that are ' +
    'sent one by one. In a database they are one prepared statement each: an INSERT, a SELECT, an UPDATE with the ' +
    'condition that the row is unspent. None reads what it got, or explains a refusal, as a store does. A store that ' +
    'spends many contexts with one statement passes 1. The databases flush each commit to the disk.',
].join('\n\n');
export const packages = ['ioredis', 'typeorm', 'pg', 'mysql2', 'better-sqlite3'];

export async function measure() {
  const sections = [await redisContest(), ...(await databaseContests())];
  return { tables: sections.map(({ table }) => table), goals: sections.flatMap(({ goals }) => goals) };
}
