import { AshSnapshots, ashVerifySnapshot, type AshSeedSet, type AshSnapshot } from 'nestjs-ash/snapshot';
import { ADAPTERS, applications } from '../module/application.js';
import { KEY, snapshots, START } from './stopped-server.js';

describe.each(ADAPTERS)('On %s a server of snapshots', (adapter) => {
  const start = applications(adapter);

  it('answers the snapshot of this moment, how long it lasts, and lets nobody keep it', async () => {
    const application = await start(snapshots());
    const { status, headers, body } = await application.send('GET', '/snapshot');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-ash-snapshot-life')).toBe('750');
    const { seed, signature } = body as AshSnapshot;
    expect(body).toStrictEqual({ tick: 1_740_904_491, seed, timestamp: 1_740_904_491, signature });
    expect(ashVerifySnapshot(KEY, body as AshSnapshot)).toBe(true);
  });

  it('says that it is healthy, and its time', async () => {
    const application = await start(snapshots());
    const { status, headers, body } = await application.send('GET', '/health');
    expect([status, headers.get('cache-control')]).toStrictEqual([200, 'no-store']);
    expect(body).toStrictEqual({ status: 'healthy', timestamp: 1_740_904_491 });
  });

  it('moves tick and seed with the clock, and finds what is still kept', async () => {
    let now = START;
    const application = await start(snapshots({ clock: () => now, tickInterval: 3, maxDrift: 10 }));
    const snapshot = async (query = ''): Promise<unknown> => (await application.send('GET', `/snapshot${query}`)).body;
    const first = (await snapshot()) as AshSnapshot;
    expect(first).toMatchObject({ tick: 580_301_497, timestamp: 1_740_904_491 });
    now += 2_000;
    await expect(snapshot()).resolves.toMatchObject({ tick: first.tick, seed: first.seed, timestamp: 1_740_904_493 });
    now += 1_000;
    const second = (await snapshot()) as AshSnapshot;
    expect(second).toMatchObject({ tick: first.tick + 1, timestamp: 1_740_904_494 });
    expect(second.seed).not.toBe(first.seed);

    const kept = { ...first, timestamp: 1_740_904_493, signature: expect.any(String) };
    await expect(snapshot(`?tick=${first.tick}`)).resolves.toStrictEqual(kept);
    await expect(snapshot('?at=1740904491')).resolves.toStrictEqual(first);
    now = 1_740_904_504_000;
    await expect(snapshot(`?tick=${first.tick}`)).resolves.toStrictEqual(kept);
    now += 1;
    for (const query of [`?tick=${first.tick}`, '?at=1740904491', `?tick=${first.tick + 9}`, '?at=0']) {
      await expect(application.send('GET', `/snapshot${query}`)).resolves.toMatchObject({
        status: 404,
        body: { statusCode: 404, error: 'Not Found', code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' },
      });
    }
  });

  it('says of no snapshot but that of this moment how long it lasts', async () => {
    const application = await start(snapshots());
    for (const query of ['?tick=1740904490', '?at=1740904490']) {
      const { status, headers } = await application.send('GET', `/snapshot${query}`);
      expect([status, headers.get('cache-control')]).toStrictEqual([200, 'no-store']);
      expect(headers.has('x-ash-snapshot-life')).toBe(false);
    }
  });

  it.each(['?tick=', '?tick=-1', '?tick=1.5', '?tick=2147483648', '?tick=1&tick=1', '?tick=1&at=1', '?at=now'])(
    'answers 400 to %s',
    async (query) => {
      const application = await start(snapshots());
      await expect(application.send('GET', `/snapshot${query}`)).resolves.toMatchObject({
        status: 400,
        body: {
          statusCode: 400,
          error: 'Bad Request',
          message:
            "The query names one snapshot, by 'tick' (a whole number below 2^31) or by 'at' (whole seconds since the epoch), or none.",
        },
      });
    },
  );

  it('agrees with another one that has its key, and opens what that one encrypted', async () => {
    const [one, other] = [await start(snapshots()), await start(snapshots())];
    const { body } = await one.send('GET', '/snapshot');
    await expect(other.send('GET', '/snapshot')).resolves.toMatchObject({ body });
    const message = await one.get(AshSnapshots).encryptMessage('Your secret message');
    const opened = await other.get(AshSnapshots).decryptMessage(message);
    expect(Buffer.from(opened).toString()).toBe('Your secret message');
  });

  it('answers 503 while its store does not, and is healthy meanwhile', async () => {
    let isDown = true;
    const store: AshSeedSet = {
      agreeOnSeed: (_tick, proposed) => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(proposed)),
      findSeed: () => new Promise(() => undefined),
    };
    const application = await start(snapshots({ store, storeTimeout: 50 }));
    for (const query of ['', '?tick=1740904490']) {
      await expect(application.send('GET', `/snapshot${query}`)).resolves.toMatchObject({
        status: 503,
        body: {
          statusCode: 503,
          error: 'Service Unavailable',
          code: 'ASH_STORE_UNAVAILABLE',
          message: 'The store of the snapshots did not answer.',
        },
      });
    }
    await expect(application.send('GET', '/health')).resolves.toMatchObject({ status: 200 });
    await expect(application.send('POST', '/handshake', { hash: '00'.repeat(16) })).resolves.toMatchObject({
      status: 200,
    });
    const told = 'error [AshSnapshotModule] The seed of a snapshot is not to be had from the store.';
    expect(application.log.ofAsh.filter((line) => line === told)).toHaveLength(2);
    isDown = false;
    await expect(application.send('GET', '/snapshot')).resolves.toMatchObject({ status: 200 });
  });
});
