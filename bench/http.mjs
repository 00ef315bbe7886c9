import autocannon from 'autocannon';
import { ashBuildProofUnified, ashCanonicalizeValue } from 'nestjs-ash/core';
import { startNest } from './application.mjs';
import { startExpress, startFastify } from './middlewares.mjs';

// What a protected route costs beside the same route without protection, on one server in one run: the bare route is
// measured before and after, and the ratio of the medians counts. The load runs in the same process as the server, so a
// ratio says more than a rate.

const ROUNDS = 5;
const REQUESTS = 4_000;
const CONNECTIONS = 20;
const PAYLOAD = {
  amount: 100,
  currency: 'EUR',
  to: 'acct-7',
  note: 'rent for November, with thanks',
  lines: [
    { id: 1, sku: 'A1', quantity: 2, price: 19.99 },
    { id: 2, sku: 'B2', quantity: 1, price: 60.02 },
  ],
};
const BODY = ashCanonicalizeValue(PAYLOAD);
const JSON_HEADERS = { 'content-type': 'application/json' };

async function signed(issue) {
  const { contextId, clientSecret } = await issue('POST /protected');
  const timestamp = String(Date.now());
  const { proof } = ashBuildProofUnified(clientSecret, timestamp, 'POST /protected', PAYLOAD);
  const headers = {
    ...JSON_HEADERS,
    'x-ash-context-id': contextId,
    'x-ash-proof': proof,
    'x-ash-timestamp': timestamp,
  };
  return { method: 'POST', path: '/protected', headers, body: BODY };
}

/** Requests a second, every one of them answered with 200. */
async function rate(url, requests) {
  const perConnection = requests.length / CONNECTIONS;
  let next = 0;
  // autocannon rounds its own duration up to its next sample, a second apart.
  let last = process.hrtime.bigint();
  const begin = last;
  const run = autocannon({
    url,
    connections: CONNECTIONS,
    amount: requests.length,
    setupClient: (client) => {
      client.setRequests(requests.slice(next, next + perConnection));
      next += perConnection;
      client.on('response', () => (last = process.hrtime.bigint()));
    },
  });
  const result = await run;
  if (result['2xx'] !== requests.length)
    throw new Error(`Not every request passed: ${JSON.stringify(result.statusCodeStats)}`);
  return (result['2xx'] * 1e9) / Number(last - begin);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const SERVERS = {
  'Nest on Express': () => startNest('express'),
  'Nest on Fastify': () => startNest('fastify'),
  Express: startExpress,
  Fastify: startFastify,
};

for (const [name, start] of Object.entries(SERVERS)) {
  const { url, issue, close } = await start();
  const bare = Array.from({ length: REQUESTS }, () => ({
    method: 'POST',
    path: '/bare',
    headers: JSON_HEADERS,
    body: BODY,
  }));
  await rate(url, bare);
  const ratios = [];
  for (let round = 0; round < ROUNDS; round++) {
    const guarded = await Promise.all(bare.map(() => signed(issue)));
    const before = await rate(url, bare);
    const protectedRate = await rate(url, guarded);
    const after = await rate(url, bare);
    ratios.push((2 * protectedRate) / (before + after));
  }
  console.log(
    `${name}: a protected route runs at ${median(ratios).toFixed(2)} of the bare one (${ratios.map((r) => r.toFixed(2)).join(', ')})`,
  );
  await close();
}
