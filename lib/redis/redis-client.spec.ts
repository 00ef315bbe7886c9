import { Cluster, Redis } from 'ioredis';
import { describeTarget, isClient, isCluster } from './redis-client.js';

const lazy = { lazyConnect: true, password: 'hunter2' };

describe('describeTarget', () => {
  it.each<[string, Redis | Cluster, string]>([
    ['a host and a port', new Redis({ host: 'cache', port: 6380, ...lazy }), 'cache:6380'],
    ['the defaults', new Redis(lazy), 'localhost:6379'],
    ['a URL', new Redis('redis://user:hunter2@cache:6380/3', lazy), 'cache:6380'],
    ['a socket', new Redis({ path: '/run/redis.sock', ...lazy }), '/run/redis.sock'],
    [
      'Sentinels',
      new Redis({ name: 'main', sentinels: [{ host: 's1', port: 26_380 }, { host: 's2' }], ...lazy }),
      "'main' behind the Sentinels s1:26380, s2:26379",
    ],
    ['a Cluster that is not connected', new Cluster([{ host: 'c1', port: 1 }], { lazyConnect: true }), 'the Cluster'],
  ])('names %s', (_title, client, target) => {
    expect(describeTarget(client)).toBe(target);
  });
});

describe('A client', () => {
  it('is told by what it can do', () => {
    expect([isClient(new Redis(lazy)), isClient({ host: 'cache' }), isClient({ call: true })]).toStrictEqual([
      true,
      false,
      false,
    ]);
    expect([new Redis(lazy), new Cluster([], { lazyConnect: true })].map(isCluster)).toStrictEqual([false, true]);
  });
});
