import { ashBuildProofUnified, type AshIssuedContext } from 'nestjs-ash/core';
import { fetchFrom } from './fetch-from.js';
import { lineOf, type Print } from './print.js';

type Fetch = ReturnType<typeof fetchFrom>;

/** A request in one of the modes. */
interface Usage {
  readonly path: string;
  readonly scope?: readonly string[];
  readonly previousProof?: string | null;
  /** What is sent, where that is not what was proven. */
  readonly sent?: object;
}

const CUSTOMER = { 'Content-Type': 'application/json', 'X-Customer': 'customer-1' };
const PAYLOAD = { amount: 100, recipient: 'account123', note: 'rent' };

/** The headers of the four modes, and the errors of those who do not keep to them. */
export async function run(url: string, print: Print) {
  const fetch = fetchFrom(url);
  const show = async (name: string, usage: Usage) => {
    const { headers, answer } = await send(fetch, usage);
    print(`${name}: ${Object.keys(headers).join(' ')}: ${await lineOf(answer)}`);
    return answer.headers.get('X-ASH-Chain-Proof');
  };

  const basicProof = await show('Basic', { path: '/api/basic' });
  await show('Scoped', { path: '/api/scoped', scope: ['amount', 'recipient'] });
  const chainedProof = await show('Chained', { path: '/api/chained', previousProof: basicProof });
  await show('Full', { path: '/api/full', scope: ['amount'], previousProof: chainedProof });

  const proof = await show('Basic again', { path: '/api/basic' });
  await show('Changed', { path: '/api/basic', sent: { ...PAYLOAD, amount: 1_000_000 } });
  await show('With another scope', { path: '/api/scoped', scope: ['amount'] });
  await show('Without a scope', { path: '/api/scoped' });
  await show('Without the step before', { path: '/api/chained' });
  await show('After another step', { path: '/api/full', scope: ['amount'], previousProof: proof });
}

/** Proves a request and sends it. */
async function send(fetch: Fetch, { path, scope = [], previousProof = null, sent = PAYLOAD }: Usage) {
  const binding = `POST ${path}`;
  const context = await fetch('/ash/context', {
    method: 'POST',
    headers: CUSTOMER,
    body: JSON.stringify({ binding }),
  }).then((r) => r.json() as Promise<AshIssuedContext>);

  const { contextId, clientSecret = '' } = context;
  const timestamp = String(Date.now());
  const result = ashBuildProofUnified(clientSecret, timestamp, binding, PAYLOAD, scope, previousProof);

  const headers = {
    'X-ASH-Context-ID': contextId,
    'X-ASH-Proof': result.proof,
    'X-ASH-Timestamp': timestamp,
    ...(result.scopeHash === '' ? {} : { 'X-ASH-Scope-Hash': result.scopeHash, 'X-ASH-Scope': scope.join(',') }),
    ...(result.chainHash === '' ? {} : { 'X-ASH-Chain-Hash': result.chainHash }),
  };
  const answer = await fetch(path, {
    method: 'POST',
    headers: { ...CUSTOMER, ...headers },
    body: JSON.stringify(sent),
  });
  return { headers, answer };
}
