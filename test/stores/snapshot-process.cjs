const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { AshRedisStore } = require('nestjs-ash/redis');
const { AshSnapshotModule, AshSnapshots } = require('nestjs-ash/snapshot');
const { AshSqlStore } = require('nestjs-ash/typeorm');

const { STORE, STORE_URL, STORE_PREFIX, SECRET_KEY, TICK_INTERVAL, MAX_DRIFT } = process.env;

/** The moment that whoever started the process says it is; the platform's time before that. */
let moment;
const clock = () => moment ?? Date.now();

const STORES = {
  none: () => undefined,
  redis: () => new AshRedisStore(STORE_URL, { prefix: STORE_PREFIX }),
  sql: () =>
    new AshSqlStore({ type: 'postgres', url: STORE_URL }, { tablePrefix: STORE_PREFIX, createTables: true, clock }),
};

const ANSWERS = {
  be: (_snapshots, at) => void (moment = at ?? undefined),
  seal: async (snapshots, text) => Buffer.from(await snapshots.encryptMessage(text)).toString('base64'),
  open: async (snapshots, message) =>
    new TextDecoder().decode(await snapshots.decryptMessage(Buffer.from(message, 'base64'))),
};

async function main() {
  const store = STORES[STORE]();
  class App {}
  const options = { secretKey: SECRET_KEY, tickInterval: Number(TICK_INTERVAL), maxDrift: Number(MAX_DRIFT), clock };
  Module({ imports: [AshSnapshotModule.forRoot({ ...options, ...(store && { store }) })] })(App);
  const app = await NestFactory.create(App, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');

  process.on('message', ({ id, ask, value }) => {
    Promise.resolve(ANSWERS[ask](app.get(AshSnapshots), value)).then(
      (answer) => process.send({ id, answer }),
      ({ code, message }) => process.send({ id, error: { code, message } }),
    );
  });
  process.on('disconnect', () => app.close().then(() => store?.close()));
  process.send({ url: `http://127.0.0.1:${app.getHttpServer().address().port}` });
}

main();
