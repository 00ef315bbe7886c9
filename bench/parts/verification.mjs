import { isDeepStrictEqual } from 'node:util';
import { median, ratio } from '../harness/figures.mjs';
import { goal } from '../harness/goals.mjs';
import { PAYLOADS } from '../harness/payloads.mjs';
import { interleave } from '../harness/rounds.mjs';
import { ash } from '../harness/schemes/ash.mjs';
import { floor } from '../harness/schemes/floor.mjs';
import { hawk } from '../harness/schemes/hawk.mjs';
import { httpSignatures } from '../harness/schemes/http-signatures.mjs';
import { jose } from '../harness/schemes/jose.mjs';
import { webhooks } from '../harness/schemes/webhooks.mjs';
import { timedEach } from '../harness/time.mjs';

export const title = 'Issuing, signing and verifying';
export const about = `In one process, from the bytes of the body on: what each takes of the processor for one request, threads included, as a
multiple of the floor: the hashes of the protocol, a plain canonical form, a Map, and no check beside the comparison of
the proof. Each request is verified once, one after another, and ends with the parsed body.

They do not do the same. nestjs-ash spends a context of the server, once, and proves the canonical payload, the binding
and the query. hawk proves the bytes of the body, and each nonce passes once (\`nonceFunc\` over a Map, which only grows). The
others leave replays within their time to the application: http-message-signatures over method, URI and digest, whose
digest the application compares; standardwebhooks over identifier, time and body; jose with a token over the binding and a hash of the body, which
the application compares. Keys are made and imported once. standardwebhooks computes SHA-256 in JavaScript, jose in the threads of Web Crypto.

Issuing: nestjs-ash a context; the floor its random texts, its key and a place in a Map; jose a token of the server for one
binding, which it keeps nowhere. The others issue nothing. Signing: the text of the body and the headers of a client,
\`AshClient.buildHeaders\` in nestjs-ash.`;
export const packages = ['hawk', 'http-message-signatures', 'jose', 'standardwebhooks'];

const SIZES = ['200 B', '2 KB'];
const REQUESTS = 4_000;
const ROUNDS = { rounds: 9, warmUps: 8 };
const OURS = 'nestjs-ash';
const FLOOR = 'floor';
const GOALS = { hawk: 2, 'http-message-signatures': 5, 'jose HS256': 6 };
const COLUMNS = ['', '× the floor', '× nestjs-ash', 'µs of the processor here', 'µs by the clock here'];

export async function measure() {
  const schemes = {
    [FLOOR]: floor(),
    [OURS]: ash(),
    hawk: hawk(),
    'http-message-signatures': httpSignatures(),
    standardwebhooks: webhooks(),
    'jose HS256': await jose('HS256'),
    'jose ES256': await jose('ES256'),
  };
  const payload = PAYLOADS['200 B'];
  await checkAll(schemes, payload);
  const tables = [];
  const goals = [];
  for (const size of SIZES) {
    const times = await rounds(schemes, (scheme) => verifyMany(scheme, PAYLOADS[size]));
    tables.push(tableOf(`Verifying and spending, ${size}`, times));
    if (size === SIZES[0]) goals.push(...goalsOf(size, times));
  }
  const issuing = Object.fromEntries(Object.entries(schemes).filter(([, { issue }]) => issue !== undefined));
  tables.push(tableOf('Issuing', await rounds(issuing, issueMany)));
  for (const size of SIZES) {
    const times = await rounds(schemes, (scheme) => signMany(scheme, PAYLOADS[size]));
    tables.push(tableOf(`Signing, ${size}`, times));
  }
  return { tables, goals };
}

function rounds(schemes, act) {
  const cases = Object.entries(schemes).map(([name, scheme]) => [name, () => act(scheme)]);
  return interleave(Object.fromEntries(cases), ROUNDS);
}

async function verifyMany(scheme, payload) {
  const requests = await signedRequests(scheme, payload);
  const { results, ...times } = await timedEach(requests, scheme.verify);
  if (!results.every((result) => isDeepStrictEqual(result, payload))) throw new Error('Another payload was verified.');
  return times;
}

async function signMany(scheme, payload) {
  const issued = await issuedOnes(scheme);
  const { results, ...times } = await timedEach(issued, (each) => scheme.sign(payload, each));
  for (const request of results) await scheme.verify(request);
  return times;
}

async function issueMany(scheme) {
  scheme.begin();
  const { results, ...times } = await timedEach(Array.from({ length: REQUESTS }), () => scheme.issue());
  const texts = new Set(results.map((result) => JSON.stringify(result)));
  if (texts.size < REQUESTS) throw new Error('Something was issued twice.');
  return times;
}

async function signedRequests(scheme, payload) {
  const requests = [];
  for (const each of await issuedOnes(scheme)) requests.push(await scheme.sign(payload, each));
  return requests;
}

/** What each request of a round is signed with, where the scheme has such a thing. */
async function issuedOnes(scheme) {
  scheme.begin();
  const issued = [];
  for (let request = 0; request < REQUESTS; request++) issued.push(await scheme.issue?.());
  return issued;
}

function tableOf(caption, times) {
  const of = (name, unit) => times[name].map((time) => time[unit]);
  const microseconds = (name, unit) => median(of(name, unit)) / 1_000;
  const rows = Object.keys(times).map((name) => {
    const own = of(name, 'processor');
    const multiples = [FLOOR, OURS].map((base) => (name === base ? 1 : ratio(own, of(base, 'processor'))));
    return [name, ...multiples, microseconds(name, 'processor'), microseconds(name, 'clock')];
  });
  return { caption, columns: COLUMNS, rows };
}

function goalsOf(size, times) {
  const of = (name) => times[name].map(({ processor }) => processor);
  const peers = Object.entries(GOALS).map(([name, atLeast]) =>
    goal(`Verifying and spending ${size}, times as fast as ${name}`, ratio(of(name), of(OURS)), { atLeast }),
  );
  return [
    goal(`Verifying and spending ${size}, times what the floor takes`, ratio(of(OURS), of(FLOOR)), { atMost: 1.3 }),
    ...peers,
  ];
}

/** Each refuses a body that was changed, and those that spend refuse a second time, or the comparison says nothing. */
async function checkAll(schemes, payload) {
  for (const [name, scheme] of Object.entries(schemes)) {
    scheme.begin();
    const changed = await scheme.sign(payload, await scheme.issue?.());
    changed.bytes = Buffer.from(changed.bytes.toString().replace('100.25', '900.25'));
    if (await passes(scheme, changed)) throw new Error(`${name} takes a body that was changed.`);
    const twice = await scheme.sign(payload, await scheme.issue?.());
    if (!(await passes(scheme, twice))) throw new Error(`${name} refuses what it signed.`);
    if (SPENDING.has(name) && (await passes(scheme, twice))) throw new Error(`${name} takes a request twice.`);
  }
}

const SPENDING = new Set([FLOOR, OURS, 'hawk']);

async function passes(scheme, request) {
  try {
    await scheme.verify(request);
    return true;
  } catch {
    return false;
  }
}
