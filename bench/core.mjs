import {
  ashBuildProofUnified,
  ashCanonicalizeValue,
  ashDeriveClientSecret,
  ashVerifyProofUnified,
} from 'nestjs-ash/core';
import { AshMemoryStore } from 'nestjs-ash';

// What the parts of a verification cost, each as a multiple of JSON.stringify for the same payload, in one run.

const PAYLOAD = {
  to: 'acct-7',
  amount: 100,
  currency: 'EUR',
  note: 'rent for November, with thanks',
  lines: [
    { sku: 'A1', id: 1, quantity: 2, price: 19.99 },
    { sku: 'B2', id: 2, quantity: 1, price: 60.02 },
  ],
};
const NONCE = 'ab'.repeat(32);
const CONTEXT_ID = `ash_${'0'.repeat(32)}`;
const BINDING = 'POST /transfer';
const SECRET = ashDeriveClientSecret(NONCE, CONTEXT_ID, BINDING);
const { proof } = ashBuildProofUnified(SECRET, '1740475396296', BINDING, PAYLOAD);
const store = new AshMemoryStore({ maxEntries: 10_000_000 });

const TASKS = {
  'JSON.stringify': () => JSON.stringify(PAYLOAD),
  'canonical JSON': () => ashCanonicalizeValue(PAYLOAD),
  'client secret': () => ashDeriveClientSecret(NONCE, CONTEXT_ID, BINDING),
  'verify a v2.3 proof': () => ashVerifyProofUnified(NONCE, CONTEXT_ID, BINDING, '1740475396296', PAYLOAD, proof),
  'create and consume in memory': async () =>
    store.consume((await store.create({ binding: BINDING, ttlMs: 1_000 })).id),
};
const ROUNDS = 9;
const CALLS = 20_000;

async function microseconds(task) {
  const begin = process.hrtime.bigint();
  for (let call = 0; call < CALLS; call++) await task();
  return Number(process.hrtime.bigint() - begin) / 1_000 / CALLS;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const times = Object.fromEntries(Object.keys(TASKS).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, task] of Object.entries(TASKS)) times[name].push(await microseconds(task));
}
const unit = median(times['JSON.stringify']);
for (const [name, values] of Object.entries(times)) {
  console.log(
    `${name.padEnd(30)} ${(median(values) / unit).toFixed(2)} × JSON.stringify (${median(values).toFixed(2)} µs here)`,
  );
}
await store.close();
