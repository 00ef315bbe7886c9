import type { DataSource } from 'typeorm';
import { property } from './property.js';

/** What is needed of a pool of `pg`: it tells of each client that it opens. */
interface PgPool {
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
  off(event: 'connect', listener: (client: PgClient) => void): unknown;
}

interface PgClient {
  on(event: 'error', listener: () => void): unknown;
}

/**
 * Listens to the errors of every client from the moment in which it is opened. The pool takes its own listener off as it
 * hands a client over, and TypeORM adds one a moment later: without one a connection that the server ends in between
 * would end the process. Whoever waits for an answer on it hears of the error all the same.
 *
 * @returns Ends it for clients that are opened later.
 */
export function attendPool(source: DataSource): () => void {
  const pool = property(source.driver, 'master');
  if (!isPool(pool)) return () => undefined;
  const attend = (client: PgClient): void => {
    client.on('error', () => undefined);
  };
  pool.on('connect', attend);
  return () => pool.off('connect', attend);
}

function isPool(value: unknown): value is PgPool {
  return typeof property(value, 'on') === 'function' && typeof property(value, 'off') === 'function';
}
