import { AshSqlStore } from 'nestjs-ash/typeorm';

// Spends contexts in a database without a pause, and answers to each message how long the verifications since the last
// one took, from the call to the answer, in milliseconds.

const IN_FLIGHT = 8;
const OPTIONS = { binding: 'POST /transfer', ttlMs: 600_000 };

const [url] = process.argv.slice(2);
const store = new AshSqlStore({ type: 'postgres', url }, { cleanupInterval: false });
let durations = [];

process.on('message', () => {
  process.send(durations);
  durations = [];
});
// Whoever started it may have been killed.
process.on('disconnect', () => process.exit());

await store.open();
await Promise.all(Array.from({ length: IN_FLIGHT }, verifyOn));

async function verifyOn() {
  for (;;) {
    const { id } = await store.create(OPTIONS);
    const begun = performance.now();
    if ((await store.get(id)) === null) throw new Error('A context was not found.');
    if ((await store.consume(id)) !== 'consumed') throw new Error('A context could not be spent.');
    durations.push(performance.now() - begun);
  }
}
