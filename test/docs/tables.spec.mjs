import 'reflect-metadata';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NestFactory } from '@nestjs/core';
import fastify from 'fastify';
import { AshModule } from 'nestjs-ash';
import { AshClient, AshClientError, isAshClientError } from 'nestjs-ash/client';
import { ashErrorStatus, isAshErrorCode } from 'nestjs-ash/core';
import { AshMemoryStore, ashExpressContext, ashExpressMiddleware, ashVerify } from 'nestjs-ash/express';
import { ashFastifyContext, ashFastifyPlugin } from 'nestjs-ash/fastify';
import { AshSnapshotModule } from 'nestjs-ash/snapshot';
import { CryptoClient } from 'nestjs-ash/snapshot/client';
import { root } from '../../scripts/run.mjs';
import { readTable } from './tables.mjs';

const BASE = 'https://shop.example';

it('the options in the documents are the options of the client', async () => {
  const documented = readTable('docs/client.md', '## Options', 'option').map(([name]) => name);
  assert.deepEqual(documented.toSorted(), await known(() => new AshClient({ none: true })));
});

it('the options in the documents are the options of the module', async () => {
  const documented = readTable('README.md', '## Options', 'option').flatMap(([name]) => name.split(/[`, ]+/));
  // These shape the module for Nest, or are a route's alone.
  const others = ['controller', 'isGlobal', 'imports', 'providers', 'spend'];
  const own = await known(() =>
    NestFactory.create(AshModule.forRoot({ none: true }), { logger: false, abortOnError: false }),
  );
  assert.deepEqual(documented.toSorted(), [...own, ...others].toSorted());
});

describe('the options of the snapshots in the documents', () => {
  it('are those of the module', async () => {
    const documented = readTable('docs/snapshots.md', '### Options', 'option').map(([name]) => name);
    const others = ['controller', 'isGlobal', 'imports', 'providers'];
    const own = await known(() =>
      NestFactory.create(AshSnapshotModule.forRoot({ none: true }), { logger: false, abortOnError: false }),
    );
    assert.deepEqual(documented.toSorted(), [...own, ...others].toSorted());
  });

  it('are those of the client, in code and in a file', async () => {
    const rows = readTable('docs/snapshots.md', '### The configuration of a client', 'field');
    const documented = rows.map(([name]) => name);
    assert.deepEqual(documented.toSorted(), await known(() => new CryptoClient({ none: true })));
    const inFiles = rows.filter(([, inFile]) => inFile !== '—');
    assert.equal(inFiles.length, 7);
    for (const [name, inFile] of inFiles) {
      assert.throws(
        () => new CryptoClient({ [inFile]: 1 }),
        name === inFile ? { code: 'ASH_CONFIGURATION_ERROR' } : { message: new RegExp(`write '${name}'`) },
      );
    }
  });

  it('have the errors that there are', () => {
    const rows = readTable('docs/snapshots.md', '### Errors', 'class');
    const source = readFileSync(join(root, 'lib/snapshot/cipher/errors.ts'), 'utf8');
    const codes = new Set(source.match(/'ASH_CRYPTO_[A-Z_]+'/g));
    assert.deepEqual([...new Set(rows.map(([, code]) => `'${code}'`))].toSorted(), [...codes].toSorted());
  });
});

describe('the options of the servers without Nest in the documents', () => {
  const rows = readTable('docs/express-and-fastify.md', '## Options', 'option');
  const store = new AshMemoryStore();
  const none = true;
  const ready = async (set) => {
    const app = fastify();
    await set(app);
    await app.ready();
  };

  for (const [letter, what, act] of [
    ['V', 'ashVerify', () => ashVerify(store, {}, { none })],
    ['E', 'ashExpressMiddleware', () => ashExpressMiddleware({ store, none })],
    ['C', 'ashExpressContext', () => ashExpressContext({ store, bindings: ['POST /a'], none })],
    ['B', 'a route in bindings', () => ashExpressMiddleware({ store, bindings: { 'POST /a': { none } } })],
    ['F', 'ashFastifyPlugin', () => ready((app) => app.register(ashFastifyPlugin, { store, none }))],
    [
      'R',
      'config.ash of a route',
      () =>
        ready(async (app) => {
          await app.register(ashFastifyPlugin, { store });
          app.post('/a', { config: { ash: { none } } }, () => '');
        }),
    ],
    [
      'X',
      'ashFastifyContext',
      () =>
        ready(async (app) => {
          await app.register(ashFastifyPlugin, { store });
          await app.register(ashFastifyContext, { none });
        }),
    ],
  ]) {
    it(`those with ${letter} are the options of ${what}`, async () => {
      const documented = rows.filter(([, where]) => where.split(' ').includes(letter)).map(([name]) => name);
      assert.deepEqual(documented.toSorted(), await known(act));
    });
  }
});

it('the statuses in the documents are those of the codes', () => {
  for (const [code, status] of readTable('README.md', '## What a refusal says', 'code')) {
    assert.equal(ashErrorStatus(code), Number(status), code);
  }
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

/** The options that there are, as the error for an unknown one names them. */
async function known(act) {
  try {
    await act();
  } catch ({ message }) {
    const [, list] = /the options are ([\w, ]+)/.exec(message) ?? [];
    return list?.split(', ').toSorted();
  }
  return undefined;
}
