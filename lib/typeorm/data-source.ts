import { DataSource, type DataSourceOptions, type EntityManager } from 'typeorm';
import { AshConfigurationError } from '../core/index.js';
import type { SqlEngine } from './engine.js';
import { MARIADB, MYSQL } from './mysql.js';
import { POSTGRES } from './postgres.js';
import { property } from './property.js';
import { SQLITE, type SqliteDatabase } from './sqlite.js';

const ENGINES: Readonly<Partial<Record<string, SqlEngine>>> = {
  postgres: POSTGRES,
  mysql: MYSQL,
  mariadb: MARIADB,
  'better-sqlite3': SQLITE,
};

/** A server ends a statement that is ten times too late, so that what nobody awaits any more ends there too. */
const SERVER_PATIENCE = 10;

/** @throws AshConfigurationError for a driver that the store has no statements for. */
export function engineOf({ type }: DataSourceOptions): SqlEngine {
  const engine = ENGINES[type];
  if (engine !== undefined) return engine;
  throw new AshConfigurationError(
    `AshSqlStore: there are no statements for the driver '${type}'; it works with ${Object.keys(ENGINES).join(', ')}.`,
  );
}

/** Whether a value is a DataSource, also one of another copy of TypeORM. */
export function isDataSource(connection: DataSource | DataSourceOptions): connection is DataSource {
  return 'createQueryRunner' in connection;
}

/** The DataSource of a manager, which had another name before TypeORM 1. */
export function sourceOf(manager: EntityManager): DataSource {
  const source: unknown = property(manager, 'dataSource') ?? property(manager, 'connection');
  return source as DataSource;
}

/**
 * A DataSource of the store's own, whose driver does not wait longer than the store.
 *
 * @throws AshConfigurationError where TypeORM cannot make one of the options: the driver's package is missing, the URL is malformed.
 */
export function makeDataSource(options: DataSourceOptions, timeout: number, prepare: boolean): DataSource {
  try {
    return new DataSource(bounded(options, timeout, prepare));
  } catch (error) {
    // Not as the cause: what cannot be read as a URL is in the error, with the password in it.
    const reason = property(error, 'code') === 'ERR_INVALID_URL' ? 'its url is malformed' : String(error);
    throw new AshConfigurationError(
      `AshSqlStore: no DataSource can be made of these options: ${withoutPassword(reason, options)}.`,
    );
  }
}

/** Where a DataSource connects to, without any secret: `127.0.0.1:5432, database 'shop'`. */
export function describe(options: DataSourceOptions): string {
  if (options.type === 'better-sqlite3') return `the file '${options.database}'`;
  const master = property(property(options, 'replication'), 'master') ?? options;
  const url = urlOf(property(master, 'url'));
  const named = (name: string) => {
    const value = property(master, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const host = url?.hostname ?? named('host') ?? 'localhost';
  const port = (url?.port === '' ? undefined : url?.port) ?? named('port') ?? 'its default port';
  return `${host}:${port}, database '${url?.pathname.slice(1) ?? named('database') ?? ''}'`;
}

/** A message in which the password of a connection does not stand. */
export function withoutPassword(message: string, options: DataSourceOptions): string {
  const master = property(property(options, 'replication'), 'master');
  return [options, master].reduce<string>((shown, each) => {
    const url = property(each, 'url');
    const secrets = [property(each, 'password'), url, urlOf(url)?.password, decoded(urlOf(url)?.password)];
    return secrets.reduce<string>(
      (text, secret) => (typeof secret === 'string' && secret !== '' ? text.replaceAll(secret, '***') : text),
      shown,
    );
  }, message);
}

function bounded(options: DataSourceOptions, timeout: number, prepare: boolean): DataSourceOptions {
  switch (options.type) {
    case 'postgres': {
      // A pooler of transactions refuses settings that it does not know.
      const setting = prepare ? { statement_timeout: timeout * SERVER_PATIENCE } : {};
      const extra: unknown = options.extra;
      return {
        connectTimeoutMS: timeout,
        applicationName: 'nestjs-ash',
        ...options,
        extra: { keepAlive: true, ...setting, ...(typeof extra === 'object' ? extra : {}) },
      };
    }
    case 'mysql':
    case 'mariadb':
      return { connectTimeout: timeout, ...options };
    case 'better-sqlite3':
      return {
        enableWAL: options.database !== ':memory:',
        timeout: 0,
        ...options,
        prepareDatabase: async (database: SqliteDatabase) => {
          // With a write-ahead log the driver's own choice loses the last commits in a power cut.
          database.pragma('synchronous = FULL');
          await options.prepareDatabase?.(database);
        },
      };
    default:
      return options;
  }
}

function urlOf(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
