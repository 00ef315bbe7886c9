import { Redis } from 'ioredis';
import { AshRedisStore } from 'nestjs-ash/redis';
import { forget, newPrefix, serviceOf } from './redis-service.js';

const TICK = 1_763_700_000;
const TTL = 60_000;
const GRACE = 5_000;

describe('AshRedisStore, where processes agree on seeds,', () => {
  const prefix = newPrefix();
  const key = `${prefix}n:${String(TICK)}`;
  let client: Redis;
  let stores: AshRedisStore[];

  beforeAll(async () => {
    client = new Redis(serviceOf('REDIS_URL'));
    stores = [1, 2].map(() => new AshRedisStore(serviceOf('REDIS_URL'), { prefix, grace: GRACE }));
    await Promise.all(stores.map((store) => store.open()));
  });

  afterEach(() => forget(client, prefix));

  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await client.quit();
  });

  const agree = (proposed: number) => Promise.all(stores.map((store) => store.agreeOnSeed(TICK, proposed, TTL)));
  const find = () => Promise.all(stores.map((store) => store.findSeed(TICK)));

  it('keeps one key for a tick, which Redis forgets when its time and the grace period are over', async () => {
    await agree(7);
    expect(await client.keys(`${prefix}*`)).toStrictEqual([key]);
    expect(await client.get(key)).toBe('7');
    const left = await client.pttl(key);
    expect(left).toBeGreaterThan(TTL);
    expect(left).toBeLessThanOrEqual(TTL + GRACE);
  });

  it('has them agree anew on a seed that was lost, without a restart of theirs', async () => {
    expect(await agree(7)).toStrictEqual([7, 7]);
    await forget(client, prefix);
    expect(await find()).toStrictEqual([undefined, undefined]);
    expect(await agree(8)).toStrictEqual([8, 8]);
    expect(await find()).toStrictEqual([8, 8]);
  });

  it.each(['', 'seed', '0', '-1', '1.5', '1e3', '1073741825', 'NaN', ' 7'])(
    'refuses %j, which is no seed, and leaves it where it is',
    async (value) => {
      await client.set(key, value);
      for (const ask of [find, () => agree(7)]) {
        await expect(ask()).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
      }
      expect(await client.get(key)).toBe(value);
    },
  );

  it('refuses what is not even text', async () => {
    await client.rpush(key, '7');
    for (const ask of [find, () => agree(7)]) {
      await expect(ask()).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    }
  });
});
