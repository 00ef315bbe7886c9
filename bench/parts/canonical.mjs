import canonicalize from 'canonicalize';
import { canonicalize as jsonCanonicalize } from 'json-canonicalize';
import { ashCanonicalizeValue } from 'nestjs-ash/core';
import stableStringify from 'safe-stable-stringify';
import { ratio } from '../harness/figures.mjs';
import { goal } from '../harness/goals.mjs';
import { PAYLOADS } from '../harness/payloads.mjs';
import { interleave } from '../harness/rounds.mjs';
import { timed } from '../harness/time.mjs';

export const title = 'Canonical JSON';
export const about =
  'The speed of each as a share of the speed of `JSON.stringify`, which is the limit: it checks and sorts nothing.';
export const packages = ['canonicalize', 'json-canonicalize', 'safe-stable-stringify'];

const GOALS = { '200 B': 0.75, '2 KB': 0.75, '64 KB': 0.7, '1 MB': 0.56 };

export async function measure() {
  const rows = [];
  const goals = [];
  for (const [size, payload] of Object.entries(PAYLOADS)) {
    check(payload);
    const times = await interleave({
      'JSON.stringify': timed(() => JSON.stringify(payload)),
      'nestjs-ash': timed(() => ashCanonicalizeValue(payload, { maxBytes: 4_194_304 })),
      canonicalize: timed(() => canonicalize(payload)),
      'safe-stable-stringify': timed(() => stableStringify(payload)),
      'json-canonicalize': timed(() => jsonCanonicalize(payload)),
    });
    const limit = times['JSON.stringify'];
    const shares = Object.fromEntries(Object.entries(times).map(([name, own]) => [name, ratio(limit, own)]));
    rows.push([size, ...Object.values(shares).slice(1)]);
    goals.push(
      goal(`Canonical JSON of ${size}, of the speed of JSON.stringify`, shares['nestjs-ash'], { atLeast: GOALS[size] }),
      goal(`Canonical JSON of ${size}, times as fast as canonicalize`, ratio(times.canonicalize, times['nestjs-ash']), {
        atLeast: 2,
      }),
    );
  }
  const columns = ['Payload', 'nestjs-ash', 'canonicalize', 'safe-stable-stringify', 'json-canonicalize'];
  return { tables: [{ columns, rows }], goals };
}

/** All of them write the same bytes, or the comparison says nothing. */
function check(payload) {
  const expected = ashCanonicalizeValue(payload, { maxBytes: 4_194_304 });
  for (const write of [canonicalize, jsonCanonicalize, stableStringify]) {
    if (write(payload) !== expected) throw new Error(`${write.name} writes another text.`);
  }
}
