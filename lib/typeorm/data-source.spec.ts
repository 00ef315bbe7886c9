import type { DataSourceOptions } from 'typeorm';
import { describe as describeServer, withoutPassword } from './data-source.js';

const MASTER = { host: 'db.example', port: 5433, username: 'shop', password: 's3cr3t', database: 'orders' };

describe('the place that a message names', () => {
  it.each<[string, DataSourceOptions, string]>([
    ['an option', { type: 'postgres', ...MASTER }, "db.example:5433, database 'orders'"],
    [
      'a url',
      { type: 'mysql', url: 'mysql://shop:s3cr3t@db.example:3307/orders' },
      "db.example:3307, database 'orders'",
    ],
    [
      'a url without a port',
      { type: 'postgres', url: 'postgres://db.example/orders' },
      "db.example:its default port, database 'orders'",
    ],
    [
      'a replicated server',
      { type: 'postgres', replication: { master: MASTER, slaves: [] } },
      "db.example:5433, database 'orders'",
    ],
    ['a file', { type: 'better-sqlite3', database: '/var/ash.sqlite' }, "the file '/var/ash.sqlite'"],
    ['nothing at all', { type: 'postgres' }, "localhost:its default port, database ''"],
  ])('comes from %s', (_title, options, place) => {
    expect(describeServer(options)).toBe(place);
  });
});

describe('a message about a connection', () => {
  it.each<[string, DataSourceOptions, string]>([
    ['the password', { type: 'postgres', ...MASTER }, 's3cr3t'],
    ['the password of a url', { type: 'postgres', url: 'postgres://shop:s3cr3t@db/orders' }, 's3cr3t'],
    [
      'the password of a url as it was meant',
      { type: 'postgres', url: 'postgres://shop:s3%2Fcr3t@db/orders' },
      's3/cr3t',
    ],
    ['the url', { type: 'postgres', url: 'postgres://shop:%ff@db/orders' }, 'postgres://shop:%ff@db/orders'],
    ['a url that is none', { type: 'postgres', url: 'postgres://shop:s3cr3t@[' }, 'postgres://shop:s3cr3t@['],
    [
      'the password of a replicated server',
      { type: 'postgres', replication: { master: MASTER, slaves: [] } },
      's3cr3t',
    ],
  ])('does not show %s', (_title, options, secret) => {
    expect(withoutPassword(`refused: ${secret}!`, options)).toBe('refused: ***!');
  });

  it('stays as it is where there is no password', () => {
    expect(withoutPassword('refused', { type: 'postgres', password: '' })).toBe('refused');
  });
});
