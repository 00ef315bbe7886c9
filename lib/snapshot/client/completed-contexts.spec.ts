import { jest } from '@jest/globals';
import { withCompletedBody, withCompletedHeader } from './completed-contexts.js';

const SECRET = 'ab'.repeat(32);
const CONTEXT = { contextId: 'ash_1', binding: 'GET /é', clientSecret: SECRET, expiresAt: 7 };
const COMPLETED = { ...CONTEXT, clientSecret: `ash_1+${SECRET}`, query: 'cover' };
const complete = ({ contextId, clientSecret }: { contextId: string; clientSecret: string }): string =>
  `${contextId}+${clientSecret}`;

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

type Row = [title: string, value: unknown];
const malformed: Row[] = [
  ['nothing', null],
  ['a number', 1],
  ['no contexts', {}],
  ['no secret', { ...CONTEXT, clientSecret: undefined }],
  ['a secret of another form', { ...CONTEXT, clientSecret: SECRET.toUpperCase() }],
  ['a secret that is no text', { ...CONTEXT, clientSecret: [SECRET] }],
  ['no identifier', { ...CONTEXT, contextId: undefined }],
  ['an identifier with a separator', { ...CONTEXT, contextId: 'ash|1' }],
];

describe('The answer to a request for contexts', () => {
  it.each([
    ['one', CONTEXT, COMPLETED],
    [
      'several',
      { contexts: [CONTEXT, { ...CONTEXT, contextId: 'a|b' }] },
      { contexts: [COMPLETED, { ...CONTEXT, contextId: 'a|b' }] },
    ],
    ['one that covers no query, as somebody says', { ...CONTEXT, query: 'ignore' }, COMPLETED],
  ])('has the secrets completed of %s', async (_title, value, expected) => {
    const given = new Response(JSON.stringify(value), {
      status: 201,
      headers: { 'content-type': 'text/x', 'content-length': '9', 'x-own': '1' },
    });
    Object.defineProperty(given, 'redirected', { value: true });
    const answer = await withCompletedBody(
      Object.defineProperty(given, 'url', { value: 'https://a.example/' }),
      complete,
    );
    expect(await answer.json()).toStrictEqual(expected);
    expect([answer.status, answer.url, answer.redirected]).toStrictEqual([201, 'https://a.example/', true]);
    expect(Object.fromEntries(answer.headers)).toStrictEqual({ 'content-type': 'text/x', 'x-own': '1' });
  });

  it.each<[title: string, answer: Response]>([
    ...malformed.map(([title, value]): [string, Response] => [title, Response.json(value)]),
    ['no JSON', new Response('{')],
    ['a refusal', Response.json(CONTEXT, { status: 403 })],
    ['nothing by its status', new Response(null, { status: 204 })],
  ])('stays as it is with %s', async (_title, answer) => {
    expect(await withCompletedBody(answer, complete)).toBe(answer);
    expect(answer.bodyUsed).toBe(false);
  });
});

describe('The head of an answer with the next context', () => {
  it.each([201, 204])('has its secret completed, with the status %i', async (status) => {
    const body = status === 204 ? null : 'body';
    const given = new Response(body, { status, headers: { 'x-ash-context': encoded(CONTEXT), 'x-own': '1' } });
    const answer = withCompletedHeader(given, complete);
    const header = Buffer.from(answer.headers.get('x-ash-context') ?? '', 'base64url').toString();
    expect(JSON.parse(header)).toStrictEqual(COMPLETED);
    expect([answer.status, answer.headers.get('x-own'), await answer.text()]).toStrictEqual([status, '1', body ?? '']);
  });

  it.each<[title: string, header: string | undefined]>([
    ...malformed.map(([title, value]): [string, string] => [title, encoded(value)]),
    ['no header', undefined],
    ['no base64url', '{}'],
    ['what is cut', encoded(CONTEXT).slice(0, 40)],
  ])('stays as it is with %s', (_title, header) => {
    const answer = new Response('', { headers: header === undefined ? {} : { 'x-ash-context': header } });
    expect(withCompletedHeader(answer, complete)).toBe(answer);
  });
});

it('a header that is cut off stays as it is in a browser too, whose decoder throws', async () => {
  jest.unstable_mockModule('#digest', () => import('../../core/digest.portable.js'));
  jest.resetModules();
  const portable = await import('./completed-contexts.js');
  const answer = new Response('', { headers: { 'x-ash-context': 'A' } });
  expect(portable.withCompletedHeader(answer, complete)).toBe(answer);
});
