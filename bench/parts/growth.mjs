import { createHash } from 'node:crypto';
import { AshClient } from 'nestjs-ash/client';
import { AshMemoryStore, ashIssue, ashVerify } from 'nestjs-ash/server';
import { median, ratio, spread } from '../harness/figures.mjs';
import { goal } from '../harness/goals.mjs';
import { orderOf, TRANSFER } from '../harness/payloads.mjs';
import { interleave } from '../harness/rounds.mjs';
import { sentHeaders } from '../harness/schemes/ash.mjs';
import { timedEach } from '../harness/time.mjs';

const STEEPEST = 1.1;

export const title = 'How the cost grows';
export const about = `The processor's time for one verification (from the text of the body to the spent context) or one issued context, while one thing grows and
the rest stays. The steepness is that of the curve on two logarithmic axes, between neighbouring points of one round: 0 is a cost that
stays, 1 one that grows as much as the thing does. No steeper than linear means: between no two neighbouring points is the median of the rounds above ${STEEPEST},
which leaves room for caches that become too small, and none for a square. Beside the payload's curve stands that of what the platform
does alone, which collects its garbage over the same sizes.`;
export const packages = [];

const BINDING = 'POST /transfer';
const MEGABYTE = 1_048_576;
const ALONE = 'JSON.parse, JSON.stringify and a hash alone';

export async function measure() {
  const curves = [...(await ofPayloads()), ...(await ofScopes()), ...(await ofRoutes()), ...(await ofLiveContexts())];
  return {
    tables: curves.map(tableOf),
    goals: curves
      .filter(({ isLimit }) => !isLimit)
      .map(({ title: what, steps }) =>
        goal(`${what}: its steepest step, no steeper than linear`, steepest(steps), { atMost: STEEPEST }),
      ),
    curves: curves.map(({ title: what, unitX, unitY, points }) => ({ title: what, unitX, unitY, points })),
  };
}

/** A payload of 100 B to 10 MB. */
async function ofPayloads() {
  const routes = { bindings: [BINDING], maxPayloadBytes: 32 * MEGABYTE };
  const cases = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000].map((bytes) => {
    const payload = orderOf(bytes);
    const text = JSON.stringify(payload);
    const requests = within(2, 400, (2 * MEGABYTE) / bytes);
    const shop = shopOf(routes);
    return {
      x: Buffer.byteLength(text),
      verify: () => shop.verifyMany(requests, () => ({ binding: BINDING, payload, text })),
      alone: async () => (await timedEach(new Array(requests).fill(text), parseAndHash)).processor,
    };
  });
  const of = (name) => ({ unitX: 'bytes', cases: cases.map((each) => ({ x: each.x, act: each[name] })), rounds: 7 });
  return [
    await curveOf('Verifying, by the size of the payload', of('verify')),
    { ...(await curveOf(`${ALONE}, by the size of the payload`, of('alone'))), isLimit: true },
  ];
}

/** What a verification does at least with a payload, by the platform's own means, and without sorting anything. */
function parseAndHash(text) {
  return createHash('sha256')
    .update(JSON.stringify(JSON.parse(text)))
    .digest('hex');
}

/** A scope of 1 to 100 paths, each of which the payload has. */
async function ofScopes() {
  const cases = [1, 10, 100].map((paths) => {
    const scope = Array.from({ length: paths }, (_, index) => `field${index}`);
    const payload = Object.fromEntries(scope.map((name, index) => [name, `value ${index * 7919}`]));
    const text = JSON.stringify(payload);
    const shop = shopOf({ bindings: { [BINDING]: { scope } } });
    return { x: paths, act: () => shop.verifyMany(300, () => ({ binding: BINDING, payload, text })) };
  });
  return [await curveOf('Verifying, by the paths of the scope', { unitX: 'paths', cases })];
}

/** 10 to 10,000 protected routes, without parameters and with one each; the request is on any of them. */
async function ofRoutes() {
  const text = JSON.stringify(TRANSFER);
  const kinds = { 'without parameters': '', 'with a parameter': '/:id' };
  const curves = [];
  for (const [kind, parameter] of Object.entries(kinds)) {
    const cases = [10, 100, 1_000, 10_000].map((count) => {
      const bindings = Array.from({ length: count }, (_, index) => `POST /routes/r${index}/accounts${parameter}`);
      const routes = { bindings };
      const requests = within(20, 300, 200_000 / count);
      const anyOf = (index) => bindings[(index * 7919) % count].replace(':id', `a${index}`);
      const shop = shopOf(routes);
      const request = (index) => ({ binding: anyOf(index), payload: TRANSFER, text });
      return {
        x: count,
        start: () => startUp(bindings, anyOf(0)),
        issue: () => shop.issueMany(requests, anyOf),
        verify: () => shop.verifyMany(requests, request),
      };
    });
    const of = (name) => cases.map((each) => ({ x: each.x, act: each[name] }));
    for (const [what, name] of [
      ['Verifying', 'verify'],
      ['Issuing', 'issue'],
      ['Starting', 'start'],
    ]) {
      curves.push(await curveOf(`${what}, by the routes ${kind}`, { unitX: 'routes', cases: of(name), rounds: 7 }));
    }
  }
  return curves;
}

/** What the first context takes, for which all routes are declared and checked. */
async function startUp(bindings, binding) {
  const servers = Array.from({ length: within(1, 30, 3_000 / bindings.length) }, () => ({ bindings }));
  const { processor } = await timedEach(servers, (routes) => ashIssue(new AshMemoryStore(), { binding }, routes));
  return processor;
}

const SHORT_LIFE = 30_000;
const LONG_LIFE = 900_000;
const AFTER_SHORT_LIFE = 200_000;

/** 1 to 1,000,000 contexts that are live beside those of the round, which are forgotten after it. */
async function ofLiveContexts() {
  const text = JSON.stringify(TRANSFER);
  const request = () => ({ binding: BINDING, payload: TRANSFER, text });
  const cases = [];
  for (const live of [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]) {
    let ahead = 0;
    const store = new AshMemoryStore({ maxEntries: 2_000_000, clock: () => Date.now() + ahead });
    const shop = shopOf({ bindings: [BINDING], ttl: SHORT_LIFE }, store);
    for (let index = 0; index < live; index++) await store.create({ binding: BINDING, ttlMs: LONG_LIFE });
    const forgetting = (act) => async () => {
      const figure = await act();
      ahead = AFTER_SHORT_LIFE;
      await store.cleanup();
      ahead = 0;
      if (store.size !== live) throw new Error(`${store.size} contexts are kept, and ${live} are live.`);
      return figure;
    };
    cases.push({
      x: live,
      issue: forgetting(() => shop.issueMany(500, () => BINDING)),
      verify: forgetting(() => shop.verifyMany(500, request)),
    });
  }
  const of = (name) => cases.map((each) => ({ x: each.x, act: each[name] }));
  return [
    await curveOf('Verifying, by the live contexts', { unitX: 'contexts', cases: of('verify') }),
    await curveOf('Issuing, by the live contexts', { unitX: 'contexts', cases: of('issue') }),
  ];
}

/** A server with its own store, whose contexts are issued and spent. */
function shopOf(routes, store = new AshMemoryStore({ maxEntries: 1_000_000 })) {
  const issue = (binding) => ashIssue(store, { binding }, routes);

  async function sign({ binding, payload, text }) {
    const headers = sentHeaders(AshClient.buildHeaders({ ...(await issue(binding)), payload }));
    const [method, url] = binding.split(' ');
    return { method, url, headers, text };
  }

  async function verify({ text, ...request }) {
    const verdict = await ashVerify(store, { ...request, body: JSON.parse(text) }, routes);
    if (!verdict.ok) throw new Error(`Refused: ${verdict.code}`);
  }

  return {
    async issueMany(count, bindingOf) {
      const bindings = Array.from({ length: count }, (_, index) => bindingOf(index));
      const { processor, results } = await timedEach(bindings, issue);
      if (results.some((context, index) => context.binding !== bindings[index])) throw new Error('Another binding.');
      return processor;
    },
    async verifyMany(count, requestOf) {
      const requests = [];
      for (let index = 0; index < count; index++) requests.push(await sign(requestOf(index)));
      const { processor } = await timedEach(requests, verify);
      return processor;
    },
  };
}

function within(least, most, count) {
  return Math.round(Math.min(most, Math.max(least, count)));
}

/** Measures all points of a curve, round by round. */
async function curveOf(what, { unitX, cases, rounds }) {
  const times = Object.values(
    await interleave(Object.fromEntries(cases.map(({ x, act }) => [`x ${x}`, act])), { rounds, warmUps: 2 }),
  );
  const xs = cases.map(({ x }) => x);
  return {
    title: what,
    unitX,
    unitY: 'µs',
    points: xs.map((x, index) => ({ x, y: median(times[index]) / 1_000 })),
    multiples: times.map((each) => ratio(each, times[0])),
    steps: times.slice(1).map((each, index) => steepness(times[index], each, xs[index + 1] / xs[index])),
  };
}

/** How steep the curve is between two points, in each round. */
function steepness(from, to, growth) {
  return spread(to.map((time, round) => Math.log(time / from[round]) / Math.log(growth)));
}

function steepest(steps) {
  return steps.reduce((a, b) => (b.median > a.median ? b : a));
}

function tableOf({ title: caption, unitX, points, multiples, steps }) {
  return {
    caption,
    columns: [unitX, '× the first', 'steepness', 'µs of the processor here'],
    rows: points.map(({ x, y }, index) => [x.toLocaleString('en'), multiples[index], steps[index - 1] ?? '', y]),
  };
}
