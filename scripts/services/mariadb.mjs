import { mkdirSync, writeFileSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { accountFor, binariesOf } from './binaries.mjs';
import { freePort, HOST, makeFolder, runOnce, startServer } from './server.mjs';

const USER = 'ash';
const DATABASE = 'ash';

// A test server has nothing to lose in a power cut; what it confirmed outlives a killed process all the same.
const DEFAULTS = {
  'innodb-flush-log-at-trx-commit': 2,
  'innodb-buffer-pool-size': '64M',
  'performance-schema': 'OFF',
  'max-connections': 200,
};

const SET_UP = `
CREATE DATABASE IF NOT EXISTS ${DATABASE};
CREATE USER IF NOT EXISTS '${USER}'@'%' IDENTIFIED BY '${USER}';
GRANT ALL ON *.* TO '${USER}'@'%' WITH GRANT OPTION;
`;

async function query(port, text, values) {
  const connection = await mysql.createConnection({
    host: HOST,
    port,
    user: USER,
    password: USER,
    database: DATABASE,
    connectTimeout: 2_000,
  });
  connection.on('error', () => {});
  try {
    const [rows] = await connection.query(text, values);
    return rows;
  } finally {
    await connection.end().catch(() => {});
  }
}

/** A MariaDB of one's own; `config` holds its options: `{ 'general-log': 'ON' }`. */
export async function startMariadb({ config = {}, port } = {}) {
  const [mariadbd, installDb] = binariesOf('mariadb');
  const account = accountFor('mysql', 'nobody');
  const chosenPort = port ?? (await freePort());
  const folder = makeFolder('mariadb', account);
  const tables = join(folder, 'tables');
  const setUp = join(folder, 'set-up.sql');
  writeFileSync(setUp, SET_UP);
  mkdirSync(tables);
  if (account) for (const path of [tables, setUp]) chownSync(path, account.uid, account.gid);
  await runOnce(
    installDb,
    [
      '--no-defaults',
      `--datadir=${tables}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
    ],
    { folder, account },
  );
  const options = {
    datadir: tables,
    'bind-address': HOST,
    port: chosenPort,
    socket: join(folder, 'mariadb.sock'),
    'pid-file': join(folder, 'mariadb.pid'),
    'init-file': setUp,
    'skip-name-resolve': 'ON',
    ...DEFAULTS,
    ...config,
  };
  const server = await startServer({
    name: 'MariaDB',
    command: mariadbd,
    args: ['--no-defaults', ...Object.entries(options).map(([key, value]) => `--${key}=${value}`)],
    folder,
    port: chosenPort,
    account,
    isReady: async () => (await query(chosenPort, 'SELECT 1')).length === 1,
  });
  return Object.defineProperties(
    {
      url: `mysql://${USER}:${USER}@${HOST}:${chosenPort}/${DATABASE}`,
      query: (text, values) => query(chosenPort, text, values),
    },
    Object.getOwnPropertyDescriptors(server),
  );
}
