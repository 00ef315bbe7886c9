import { join } from 'node:path';
import pg from 'pg';
import { accountFor, binariesOf } from './binaries.mjs';
import { freePort, HOST, makeFolder, runOnce, startServer } from './server.mjs';

const USER = 'ash';
const DATABASE = 'ash';

// A test server has nothing to lose in a power cut; what it confirmed outlives a killed process all the same.
const DEFAULTS = { fsync: 'off', full_page_writes: 'off', max_connections: 200 };

async function query(port, database, text, values) {
  const client = new pg.Client({
    host: HOST,
    port,
    user: USER,
    database,
    password: USER,
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

/** A PostgreSQL of one's own; `config` holds its settings: `{ fsync: 'on', log_statement: 'all' }`. */
export async function startPostgres({ config = {}, port } = {}) {
  const [postgres, initdb] = binariesOf('postgres');
  const account = accountFor('postgres', 'nobody');
  const chosenPort = port ?? (await freePort());
  const folder = makeFolder('postgres', account);
  const tables = join(folder, 'tables');
  await runOnce(
    initdb,
    ['--pgdata', tables, '--username', USER, '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
    { folder, account },
  );
  const settings = { listen_addresses: HOST, port: chosenPort, unix_socket_directories: '', ...DEFAULTS, ...config };
  const server = await startServer({
    name: 'PostgreSQL',
    command: postgres,
    args: ['-D', tables, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    folder,
    port: chosenPort,
    account,
    // A fast end: sessions are cut, and what they had not committed is rolled back.
    stopSignal: 'SIGINT',
    isReady: async () => (await query(chosenPort, 'postgres', 'SELECT 1')).length === 1,
  });
  try {
    await query(chosenPort, 'postgres', `CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return Object.defineProperties(
    {
      url: `postgres://${USER}:${USER}@${HOST}:${chosenPort}/${DATABASE}`,
      query: (text, values) => query(chosenPort, DATABASE, text, values),
    },
    Object.getOwnPropertyDescriptors(server),
  );
}
