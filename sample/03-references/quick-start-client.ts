import { ashInit, ashCanonicalizeJson, ashBuildProof, type AshMode } from 'nestjs-ash/core';
import { fetchFrom } from './fetch-from.js';
import { lineOf, type Print } from './print.js';

/** What the server of the quick start answers of a context. */
interface QuickStartContext {
  readonly contextId: string;
  readonly mode: AshMode;
}

/** The client of the quick start, and what becomes of its request where that is changed, or sent again. */
export async function run(url: string, print: Print) {
  const fetch = fetchFrom(url);

  ashInit();

  // 1. Get context
  const { contextId, mode } = await fetch('/ash/context', {
    method: 'POST',
  }).then((r) => r.json() as Promise<QuickStartContext>);

  // 2. Prepare payload
  const payload = { amount: 100, to: 'account123' };
  const canonical = ashCanonicalizeJson(JSON.stringify(payload));

  // 3. Build proof
  const proof = ashBuildProof(mode, 'POST /api/transfer', contextId, null, canonical);

  // 4. Send protected request
  const send = (payload: object) =>
    fetch('/api/transfer', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-ASH-Context-ID': contextId,
        'X-ASH-Proof': proof,
      },
      body: JSON.stringify(payload),
    });

  print(`context   ${contextId} (${mode})`);
  print(`canonical ${canonical}`);
  print(`proof     ${proof} (${proof.length} characters)`);
  // A request that is refused does not spend the context.
  print(`changed   ${await lineOf(await send({ ...payload, amount: 1_000_000 }))}`);
  print(`sent      ${await lineOf(await send(payload))}`);
  print(`again     ${await lineOf(await send(payload))}`);
}
