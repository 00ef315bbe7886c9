import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AshClient, AshClientError, isAshClientError } from 'nestjs-ash/client';
import { isAshErrorCode } from 'nestjs-ash/core';
import { root } from '../../scripts/run.mjs';
import { readTable } from './tables.mjs';

const BASE = 'https://shop.example';

it('the options in the documents are the options of the client', () => {
  const documented = readTable('docs/client.md', '## Options', 'option').map(([name]) => name);
  const [, known] = /the options are ([\w, ]+)/.exec(messageOf(() => new AshClient({ none: true }))) ?? [];
  assert.deepEqual(documented.toSorted(), known?.split(', ').toSorted());
});

describe('the errors in the documents', () => {
  const rows = readTable('docs/client.md', '## Errors', 'code');

  it('are all that there are', () => {
    const sources = ['lib/core/errors.ts', 'lib/client/errors.ts'].map((file) =>
      readFileSync(join(root, file), 'utf8'),
    );
    const codes = new Set(sources.join().match(/'ASH_[A-Z_]+'/g));
    codes.delete("'ASH_CONFIGURATION_ERROR'");
    assert.deepEqual(rows.map(([code]) => `'${code}'`).toSorted(), [...codes].toSorted());
  });

  for (const [code, byItself, mayHaveRun] of rows) {
    it(`${code}: 'may have run' is ${mayHaveRun}`, () => {
      assert.equal(new AshClientError(code, '').mayHaveRun, { yes: true, no: false }[mayHaveRun]);
    });
    if (isAshErrorCode(code)) {
      it(`${code}: what the client does by itself is '${byItself}'`, async () => {
        assert.deepEqual(await attemptsOf(code), ATTEMPTS[byItself]);
      });
    }
  }
});

/** How often a call that is refused every time is sent, by what the table says. */
const ATTEMPTS = {
  fresh: { POST: 2, GET: 2 },
  pause: { POST: 2, GET: 2 },
  GET: { POST: 1, GET: 2 },
  never: { POST: 1, GET: 1 },
};

async function attemptsOf(code) {
  const attempts = { POST: 0, GET: 0 };
  const ash = new AshClient({
    baseUrl: BASE,
    fetch: async (url, { method, body }) => {
      if (url.endsWith('/ash/context')) return Response.json(contextFor(JSON.parse(body).binding));
      attempts[method] += 1;
      return Response.json({ code }, { status: 403 });
    },
  });
  const isRefused = (error) => isAshClientError(error) && error.code === code;
  await assert.rejects(ash.post('/transfer', {}), isRefused);
  await assert.rejects(ash.get('/report'), isRefused);
  return attempts;
}

function contextFor(binding) {
  const now = Date.now();
  return {
    ...{ contextId: 'ash_1', binding, mode: 'balanced', protocol: 'v2.3', clientSecret: '0'.repeat(64) },
    ...{ issuedAt: now, expiresAt: now + 30_000 },
  };
}

function messageOf(act) {
  try {
    act();
    return '';
  } catch ({ message }) {
    return message;
  }
}
