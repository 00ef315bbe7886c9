import { Body, Controller, Delete, HttpCode, Patch, Post, Put } from '@nestjs/common';
import { AshProtected } from 'nestjs-ash';
import { AshClient, type AshFetch } from 'nestjs-ash/client';
import { Runs, startFixture } from '../support/fixture.js';
import { ADAPTERS, type TestApp } from '../support/test-app.js';
import { endOf } from './served-shop.js';

const runs = new Runs();

/** Answers what it got. */
@Controller('echo')
class EchoController {
  @Post()
  @HttpCode(200)
  @AshProtected('POST /echo')
  post(@Body() body: unknown): object {
    return this.answer('POST', body);
  }

  @Put()
  @AshProtected('PUT /echo')
  put(@Body() body: unknown): object {
    return this.answer('PUT', body);
  }

  @Patch()
  @AshProtected('PATCH /echo')
  patch(@Body() body: unknown): object {
    return this.answer('PATCH', body);
  }

  @Delete()
  @AshProtected('DELETE /echo')
  delete(@Body() body: unknown): object {
    return this.answer('DELETE', body);
  }

  private answer(method: string, body: unknown): object {
    runs.count(method);
    return { method, ...(body === undefined ? {} : { body }) };
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NESTED = {
  '\u{1F600}': ['é', 'e\u0301', '\u2028', '"\\/'],
  numbers: [1e21, 5e-324, -0, 0.1 + 0.2, Number.MAX_SAFE_INTEGER],
  '': { z: null, a: [[], {}, [false]] },
};

type Call = (ash: AshClient, own: { fetch?: AshFetch }) => Promise<Response>;
type Row = [title: string, call: Call, method: string, body: unknown];
const ROWS: Row[] = [
  ['an object that is patched', (ash, own) => ash.patch('/echo', { a: 1 }, own), 'PATCH', { a: 1 }],
  ['an object that is put', (ash, own) => ash.put('/echo', { a: 1 }, own), 'PUT', { a: 1 }],
  ['a DELETE with a body', (ash, own) => ash.delete('/echo', { reason: 'old' }, own), 'DELETE', { reason: 'old' }],
  ['a form that is patched', (ash, own) => ash.patch('/echo', new URLSearchParams('a=1'), own), 'PATCH', { a: '1' }],
  ['an array', (ash, own) => ash.post('/echo', [3, 'two', null], own), 'POST', [3, 'two', null]],
  ['a deep value', (ash, own) => ash.post('/echo', NESTED, own), 'POST', JSON.parse(JSON.stringify(NESTED))],
  [
    'a JSON text with a name twice',
    (ash, own) => ash.fetch('/echo', { method: 'POST', headers: JSON_TYPE, body: '{"a":1,"a":2}', ...own }),
    'POST',
    { a: 2 },
  ],
  [
    'a form with a name twice',
    (ash, own) => ash.post('/echo', new URLSearchParams('b=2&a=1&b=%2B'), own),
    'POST',
    { a: '1', b: ['2', '+'] },
  ],
  [
    'JSON of 90,000 bytes',
    (ash, own) => ash.post('/echo', { a: 'é'.repeat(45_000) }, own),
    'POST',
    { a: 'é'.repeat(45_000) },
  ],
];
const BODILESS: Row[] = [
  ['a DELETE without a body', (ash, own) => ash.delete('/echo', undefined, own), 'DELETE', undefined],
  ['a POST without a body', (ash, own) => ash.post('/echo', undefined, own), 'POST', undefined],
  [
    'a POST with a null body',
    (ash, own) => ash.fetch('/echo', { method: 'POST', body: null, ...own }),
    'POST',
    undefined,
  ],
  ['a lower-case method', (ash, own) => ash.fetch('/echo', { method: 'patch', ...own }), 'PATCH', undefined],
];

describe.each(ADAPTERS)('what AshClient sends by each method on %s', (adapter) => {
  let app: TestApp;
  let ash: AshClient;

  beforeAll(async () => {
    app = await startFixture(adapter, { runs, controllers: [EchoController] });
    ash = new AshClient({ baseUrl: app.origin });
  });

  afterAll(() => app.close());

  it.each([...ROWS, ...BODILESS])('reaches the handler as it was: %s', async (_title, call, method, body) => {
    let answer: unknown;
    const ran = await app.ranDuring(async () => {
      answer = await (await call(ash, {})).json();
    });

    expect(answer).toEqual({ method, ...(body === undefined ? {} : { body }) });
    expect(ran).toEqual({ [method]: 1 });
  });

  type Change = [title: string, change: (url: string, init: RequestInit) => [string, RequestInit], code: string];
  const changes: Change[] = [
    [
      'to another method',
      (url, init) => [url, { ...init, method: init.method === 'PUT' ? 'PATCH' : 'PUT' }],
      'ASH_BINDING_MISMATCH',
    ],
    ['by a query', (url, init) => [`${url}?admin=1`, init], 'ASH_INTEGRITY_FAILED'],
    [
      'to another body',
      (url, init) => [url, { ...init, headers: withJson(init.headers), body: '{"a":"changed"}' }],
      'ASH_INTEGRITY_FAILED',
    ],
  ];
  const changed = changes.flatMap(([how, change, code]) =>
    [...ROWS, ...BODILESS].map(([title, call]) => [title, how, call, change, code] as const),
  );
  it.each(changed)('is refused before the handler: %s, changed %s', async (_title, _how, call, change, code) => {
    const ran = await app.ranDuring(async () => {
      const sending: AshFetch = (url, init) => fetch(...change(url, init));
      expect(await endOf(call(ash, { fetch: sending }))).toMatchObject({ code, mayHaveRun: false });
    });

    expect(ran).toEqual({});
  });
});

function withJson(headers: RequestInit['headers']): Headers {
  const changed = new Headers(headers);
  changed.set('content-type', 'application/json');
  return changed;
}
