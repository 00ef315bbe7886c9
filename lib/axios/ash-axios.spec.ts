import { jest } from '@jest/globals';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import axios, {
  AxiosError,
  AxiosHeaders,
  CanceledError,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { ashOf, errorOf, openAxios } from '../../test/support/fake-axios.js';
import { BASE, refusalResponse } from '../../test/support/fake-server.js';
import { AshConfigurationError } from '../core/index.js';
import { ashAxios, ashCall } from './index.js';

const ROUTES = { 'POST /x': {}, 'GET /x': {}, 'DELETE /x': {}, 'POST /raw': { payload: 'raw' as const } };
const BODY = { a: 1 };

const paths = ({ server }: ReturnType<typeof openAxios>): string[] => server.seen.map(({ path }) => path);

describe('what ashAxios proves', () => {
  it.each([
    ['a POST', { method: 'post' }, true],
    ['a DELETE', { method: 'delete' }, true],
    ['no GET', { method: 'get' }, false],
    ['a GET that asks for it', { method: 'get', ...ashCall() }, true],
    ['no POST that asks to be let', { method: 'post', ...ashCall({ protect: false }) }, false],
    ['no POST to another origin', { method: 'post', baseURL: 'https://elsewhere.example' }, false],
  ])('is %s', async (_title, config, isProven) => {
    const opened = openAxios(ROUTES);
    await opened.api.request({ url: '/x', ...config }).catch(() => undefined);

    expect(paths(opened)).toEqual(isProven ? ['/ash/context', '/x'] : ['/x']);
    expect(opened.server.calls[0]?.headers.has('x-ash-proof')).toBe(isProven);
  });

  it('is what the instance is told', async () => {
    const opened = openAxios(ROUTES, {}, { protect: ({ url }) => url === '/raw' });
    await opened.api.post('/raw', 'a', { headers: { 'content-type': 'text/plain' } });
    await opened.api.post('/x', BODY).catch(() => undefined);

    expect(paths(opened)).toEqual(['/ash/context', '/raw', '/x']);
  });

  it('is asked of it once, however often it is applied', async () => {
    const opened = openAxios(ROUTES);
    ashAxios(ashAxios(opened.api));
    const again = ashAxios(opened.api, { protect: () => true, clock: () => opened.server.now });
    await again.get('/x');

    expect(again).toBe(opened.api);
    expect(paths(opened)).toEqual(['/ash/context', '/x']);
  });

  it('is the same for an instance that is made of it', async () => {
    const opened = openAxios(ROUTES);
    await opened.api.create({ headers: { common: { 'x-user': 'alice' } } }).post('/x', BODY);

    expect(paths(opened)).toEqual(['/ash/context', '/x']);
  });

  it.each([
    // @ts-expect-error -- there is none of that name
    ['an unknown option', () => ashAxios(axios.create(), { protekt: () => true }), "no option 'protekt'"],
    // @ts-expect-error -- a rule is a function
    ['a rule that is none', () => ashAxios(axios.create(), { protect: true }), "'protect' has to be"],
    ['a relative base', () => ashAxios(axios.create({ baseURL: '/api' })), "'baseUrl' has to be"],
    // @ts-expect-error -- there is none of that name
    ['an unknown option of a call', () => ashCall({ payloads: 'raw' }), "no option 'payloads'"],
  ])('is refused for %s, by name', (_title, act, message) => {
    expect(act).toThrow(AshConfigurationError);
    expect(act).toThrow(message);
  });
});

describe('a request that ashAxios proves', () => {
  it('passes through the interceptors and transforms of the instance, and its context does not', async () => {
    const { api, configs } = openAxios(ROUTES);
    const seen: (string | undefined)[] = [];
    api.interceptors.request.use((config) => {
      seen.push(config.url);
      config.headers.set('x-user', 'alice');
      return config;
    });
    api.interceptors.response.use((response) => ({ ...response, data: { ...response.data, seen: true } }));
    const { data } = await api.post('/x', BODY, {
      transformRequest: (body) => JSON.stringify({ ...body, b: 2 }),
      headers: { 'content-type': 'application/json' },
    });

    expect(data).toEqual({ ok: true, seen: true });
    expect(seen).toEqual(['/x']);
    expect(configs.map(({ headers }) => headers.get('x-user'))).toEqual(['alice', 'alice']);
    expect(new TextDecoder().decode(configs[1]?.data as ArrayBuffer)).toBe('{"a":1,"b":2}');
  });

  it('has its answer as axios has it, with the configuration of the caller', async () => {
    const { api } = openAxios(ROUTES);
    const { config, status, data } = await api.post('/x', BODY, { params: { q: 1 } });

    expect({ status, data }).toEqual({ status: 200, data: { ok: true } });
    expect(config).toMatchObject({ url: '/x', baseURL: BASE, params: { q: 1 }, data: '{"a":1}' });
    expect(Object.keys(config.headers.toJSON()).join()).not.toMatch(/x-ash/i);
  });

  it('follows no redirect unless it is told to, nor does the request for its context', async () => {
    const { api, configs } = openAxios(ROUTES);
    await api.post('/x', BODY);
    await api.post('/x', BODY, { maxRedirects: 2 });

    expect(configs.map(({ maxRedirects }) => maxRedirects)).toEqual([0, 0, 0, 2]);
  });

  it('takes credentials as a header, which its context is asked for with too', async () => {
    const { api, server, configs } = openAxios(ROUTES, { withCredentials: true });
    await api.post('/x', BODY, { auth: { username: 'zoë', password: 'p:w' } });

    const basic = `Basic ${Buffer.from('zoë:p:w').toString('base64')}`;
    expect(server.seen.map(({ headers }) => headers.get('authorization'))).toEqual([basic, basic]);
    expect(configs.map(({ auth, withCredentials }) => [auth, withCredentials])).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
  });

  it('takes a name without a password as axios does', async () => {
    const { api, server } = openAxios(ROUTES);
    const auth = { username: 'key' } as { username: string; password: string };
    await api.post('/x', BODY, { auth });

    expect(server.seen.map(({ headers }) => headers.get('authorization'))).toEqual(
      Array(2).fill(`Basic ${btoa('key:')}`),
    );
  });

  it('shows nothing of a context that its call names in an error', async () => {
    const { api, server } = openAxios(ROUTES);
    const context = await api.ash.context('POST', '/x');
    server.answerOnce('/x', () => refusalResponse('ASH_CANONICALIZATION_ERROR'));
    const error = await errorOf(api.post('/x', BODY, ashCall({ context })));

    const shown = [JSON.stringify(error), JSON.stringify(error.toJSON()), inspect(error, { depth: 9 })].join();
    expect(shown.includes(context.clientSecret ?? shown)).toBe(false);
    expect(server.calls[0]?.headers.get('x-ash-context-id')).toBe(context.contextId);
  });

  it('ends with an error that is its own cause', async () => {
    const failure: Error = new Error('around');
    failure.cause = failure;
    const api = ashAxios(axios.create({ baseURL: BASE, adapter: () => Promise.reject(failure) }));

    await expect(api.post('/x', BODY)).rejects.toMatchObject({ name: 'AxiosError' });
  });

  it('ends in time where the stream of what may be a refusal does not', async () => {
    const { server } = openAxios(ROUTES);
    const adapter = async ({ url = '', data, ...config }: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
      const headers = new AxiosHeaders({ 'content-type': 'application/json' });
      if (url.endsWith('/x')) {
        return { status: 403, statusText: '', headers, config, data: new Readable({ read: () => undefined }) };
      }
      const answer = await server.fetch(url, {
        method: 'POST',
        body: String(data),
        headers: { 'content-type': 'application/json' },
      });
      return { status: 200, statusText: '', headers, config, data: await answer.text() };
    };
    const api = ashAxios(axios.create({ baseURL: BASE, adapter }), { clock: () => server.now });
    // Its context is there already: of the time that the call has, none goes into another one.
    await api.ash.prefetch('POST', '/x');

    await expect(api.post('/x', BODY, { responseType: 'stream', timeout: 20 })).rejects.toMatchObject({
      cause: expect.objectContaining({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true }),
    });
  });

  it('uses a context that was fetched ahead with the credentials that all requests have', async () => {
    const opened = openAxios(ROUTES, { auth: { username: 'ada', password: 'p' } });
    await opened.api.ash.prefetch('POST', '/x');
    await opened.api.post('/x', BODY);

    expect(paths(opened)).toEqual(['/ash/context', '/x']);
    expect(opened.server.seen.map(({ headers }) => headers.get('authorization'))).toEqual(
      Array(2).fill(`Basic ${btoa('ada:p')}`),
    );
  });

  it('sends no header of the protocol but those of its proof, and counts its bytes anew', async () => {
    const { api, configs } = openAxios(ROUTES);
    await api.post('/x', BODY, { headers: { 'X-ASH-Chain-Hash': 'stale', 'Content-Length': '3', 'X-Own': 'mine' } });

    const names = Object.keys(configs[1]?.headers.toJSON() ?? {}).map((name) => name.toLowerCase());
    expect(names).toEqual(expect.arrayContaining(['x-ash-proof', 'x-own']));
    expect(names).not.toContain('x-ash-chain-hash');
    expect(names).not.toContain('content-length');
  });

  it('leaves the fragment of its URL out', async () => {
    const { api, configs } = openAxios(ROUTES);
    await api.post('/x?q=1#top', BODY);

    expect(configs[1]?.url).toBe(`${BASE}/x?q=1`);
  });

  it('goes by the chain and the context that its call names', async () => {
    const chained = {
      'POST /a': { chain: { name: 'c', start: true } },
      'POST /b': { chain: { name: 'c', start: false } },
    };
    const opened = openAxios(chained);
    const chain = opened.api.ash.chain('c');
    await opened.api.post('/a', BODY, ashCall({ chain }));
    const context = await opened.api.ash.context('POST', '/b');
    await opened.api.post('/b', BODY, ashCall({ chain, context }));

    expect(paths(opened)).toEqual(['/ash/context', '/a', '/ash/context', '/b']);
    expect(opened.server.calls[1]?.headers.get('x-ash-context-id')).toBe(context.contextId);
  });

  it('leaves the signal and the token of the caller when it is done', async () => {
    const { api } = openAxios(ROUTES);
    const { signal } = new AbortController();
    const { token } = axios.CancelToken.source();
    const [listened, left] = [jest.spyOn(signal, 'addEventListener'), jest.spyOn(signal, 'removeEventListener')];
    const [subscribed, unsubscribed] = [jest.spyOn(token, 'subscribe'), jest.spyOn(token, 'unsubscribe')];
    await api.post('/x', BODY, { signal, cancelToken: token });

    expect(left.mock.calls).toEqual(expect.arrayContaining([listened.mock.calls[0]]));
    expect(unsubscribed.mock.calls).toEqual([subscribed.mock.calls[0]]);
  });

  it('asks for its context with cookies where only the call has them', async () => {
    const { api, configs } = openAxios(ROUTES);
    await api.post('/x', BODY, { withCredentials: true });

    expect(configs[0]).toMatchObject({ withCredentials: true, url: `${BASE}/ash/context` });
  });

  it('does not send a default header that an interceptor took away', async () => {
    const { api, server } = openAxios(ROUTES, { headers: { common: { 'x-user': 'alice' } } });
    api.interceptors.request.use((config) => {
      config.headers.delete('x-user');
      return config;
    });
    await api.post('/x', BODY);

    expect(server.calls[0]?.headers.get('x-user')).toBeNull();
  });

  it.each([
    ['in common', { common: { authorization: 'Bearer t' } }],
    ['at once', { authorization: 'Bearer t' }],
  ])(
    'uses a context that was fetched ahead with the headers that all requests have, given %s',
    async (_title, headers) => {
      const opened = openAxios(ROUTES, { headers });
      await opened.api.ash.prefetch('POST', '/x');
      await opened.api.post('/x', BODY);

      expect(paths(opened)).toEqual(['/ash/context', '/x']);
      expect(opened.server.seen[0]?.headers.get('authorization')).toBe('Bearer t');
    },
  );

  it('takes the next context out of the answer, where nobody logs it', async () => {
    const opened = openAxios(ROUTES);
    opened.server.renews = true;
    const responses = [await opened.api.post('/x', BODY), await opened.api.post('/x', BODY)];

    expect(paths(opened)).toEqual(['/ash/context', '/x', '/x']);
    const secrets = [...opened.server.contexts.values()].map(({ clientSecret }) => clientSecret);
    expect(secrets).toHaveLength(3);
    for (const { headers } of responses) expect(Object.keys(headers)).not.toContain('x-ash-context');
  });

  it('is proven anew where it is sent again by what the caller has kept', async () => {
    const { api, server } = openAxios(ROUTES);
    server.answerOnce('/x', () => Response.json({}, { status: 500 }));
    const { config } = await errorOf(api.post('/x', BODY));

    expect((await api.request(config ?? {})).status).toBe(200);
    expect(new Set(server.calls.map(({ headers }) => headers.get('x-ash-proof'))).size).toBe(2);
  });

  it('has the type of its bytes, and not that of a form', async () => {
    const { api, server } = openAxios(ROUTES);
    await api.post('/raw', Uint8Array.of(1, 255));
    await api.post('/raw', new Blob(['a'], { type: 'image/png' }));
    await api.post('/raw', new Blob(['a']));
    const form = new FormData();
    form.set('file', new Blob(['a']), 'a.txt');
    await api.post('/raw', form);

    expect(server.calls.map(({ headers }) => headers.get('content-type'))).toEqual([
      'application/octet-stream',
      'image/png',
      'application/octet-stream',
      expect.stringMatching(/^multipart\/form-data; boundary=./),
    ]);
  });

  it.each([
    ['a stream', (): unknown => new ReadableStream(), /stream can be neither hashed nor sent again/],
    ['a form of postForm', (): unknown => axios.toFormData(BODY), /platform's FormData/],
    ['what axios cannot send either', (): unknown => 7, /has to be a text/],
  ])('is not sent with %s', async (_title, data, message) => {
    const { api, server } = openAxios(ROUTES);
    const error = await errorOf(api.post('/raw', data()));

    expect(error).toMatchObject({
      name: 'AxiosError',
      code: 'ERR_BAD_REQUEST',
      message: expect.stringMatching(message),
    });
    expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_BODY_UNSUPPORTED', mayHaveRun: false });
    expect(server.seen).toEqual([]);
  });

  it('is not sent where the payload has no canonical form, as an error of axios', async () => {
    const { api, server } = openAxios(ROUTES);
    const error = await errorOf(
      api.post('/x', '{', { headers: { 'content-type': 'application/json' }, transformRequest: [] }),
    );

    expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', cause: { code: 'ASH_CANONICALIZATION_ERROR' } });
    expect(server.calls).toEqual([]);
  });
});

describe('a request that ashAxios proves and that fails', () => {
  it('is refused whatever statuses the caller takes, with the answer and the code', async () => {
    const { api, server } = openAxios(ROUTES);
    server.answerOnce('/x', () => refusalResponse('ASH_CTX_ALREADY_USED'));
    const error = await errorOf(api.post('/x', BODY, { validateStatus: () => true }));

    expect(error).toMatchObject({ name: 'AxiosError', code: 'ERR_BAD_REQUEST', status: 409 });
    expect(error.response?.data).toMatchObject({ code: 'ASH_CTX_ALREADY_USED' });
    expect(error.config?.url).toBe('/x');
    expect(ashOf(error)).toMatchObject({ code: 'ASH_CTX_ALREADY_USED', mayHaveRun: true });
    expect(Object.keys(error)).not.toContain('cause');
    expect(error.response?.request).toEqual({ responseURL: `${BASE}/x` });
  });

  it('is an error where a browser hides a redirect that it does not follow', async () => {
    const { api, server } = openAxios(ROUTES);
    server.answerOnce('/x', () => Response.error());

    expect((await errorOf(api.post('/x', BODY))).message).toBe('Request failed with status code 0');
  });

  it('is sent once more with a fresh context where that can mend it', async () => {
    const opened = openAxios(ROUTES);
    opened.server.answerOnce('/x', () => refusalResponse('ASH_CTX_EXPIRED'));

    expect((await opened.api.post('/x', BODY)).status).toBe(200);
    expect(paths(opened)).toEqual(['/ash/context', '/x', '/ash/context', '/x']);
  });

  it('is sent once more as it was where its answer got lost, and tells that it may have run', async () => {
    const { api, server, fail } = openAxios(ROUTES);
    fail('/x', () => new AxiosError('socket hang up', 'ECONNRESET'));
    const error = await errorOf(api.post('/x', BODY));

    expect(error).toMatchObject({ name: 'AxiosError', code: 'ECONNRESET' });
    expect(error.response).toBeUndefined();
    expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
    expect(server.calls).toHaveLength(2);
    expect(new Set(server.calls.map(({ headers }) => headers.get('x-ash-proof'))).size).toBe(1);
  });

  it('passes where only its way there was lost', async () => {
    const { api, fail } = openAxios(ROUTES);
    fail('/x', () => new AxiosError('Network Error', 'ERR_NETWORK'), 'before');

    expect((await api.post('/x', BODY)).status).toBe(200);
  });

  it.each([
    ['its time is up', 'ECONNABORTED'],
    ['its time is up, in other words', 'ETIMEDOUT'],
    ['its answer is too long', 'ERR_BAD_RESPONSE'],
  ])('is not sent again where %s', async (_title, code) => {
    const { api, server, fail } = openAxios(ROUTES);
    fail('/x', () => new AxiosError('as axios says', code));
    const error = await errorOf(api.post('/x', BODY));

    expect(error.code).toBe(code);
    expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
    expect(server.calls).toHaveLength(1);
  });

  it('is what axios says where axios does not send it', async () => {
    const { api, server, fail } = openAxios(ROUTES);
    fail('/x', () => new AxiosError('Request body larger than maxBodyLength limit', 'ERR_BAD_REQUEST'), 'before');
    const error = await errorOf(api.post('/x', BODY));

    expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', message: 'Request body larger than maxBodyLength limit' });
    expect(error.config?.url).toBe('/x');
    expect(server.calls).toEqual([]);
  });

  it('says that it was not sent where there was no context to be had', async () => {
    const { api, server, fail } = openAxios(ROUTES);
    fail('/ash/context', () => new AxiosError('Network Error', 'ERR_NETWORK'));
    const error = await errorOf(api.post('/x', BODY));

    expect(error.code).toBe('ERR_NETWORK');
    expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE', mayHaveRun: false });
    expect(server.calls).toEqual([]);
  });

  it('has the status of the refusal of its context, for an interceptor that logs in again', async () => {
    const { api, server } = openAxios(ROUTES);
    server.answerOnce('/ash/context', () => Response.json({ message: 'who are you?' }, { status: 401 }));
    const error = await errorOf(api.post('/x', BODY));

    expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', status: 401 });
    expect(error.response?.data).toEqual({ message: 'who are you?' });
    expect(ashOf(error).code).toBe('ASH_CLIENT_CONTEXT_REFUSED');
  });

  it('does not show a context that does not fit, whose secret would be logged', async () => {
    const { api, server } = openAxios(ROUTES);
    server.answerOnce('/ash/context', () => Response.json({ clientSecret: 'the secret' }));
    const error = await errorOf(api.post('/x', BODY));

    expect(error.code).toBe('ERR_BAD_RESPONSE');
    expect(error.response).toBeUndefined();
    expect(JSON.stringify(error)).not.toContain('the secret');
  });

  it('is canceled where an adapter has another word for it', async () => {
    const { api, fail } = openAxios(ROUTES);
    const controller = new AbortController();
    fail('/x', () => {
      controller.abort();
      return new DOMException('This operation was aborted', 'AbortError');
    });

    expect(await errorOf(api.post('/x', BODY, { signal: controller.signal }))).toBeInstanceOf(CanceledError);
  });

  it('rejects with what its token says, which other requests have too', async () => {
    const { api, server } = openAxios(ROUTES);
    const { token, cancel } = axios.CancelToken.source();
    server.answerOnce('/ash/context', () => {
      cancel('never mind');
      return new Promise<Response>(() => undefined);
    });
    const error = await errorOf(api.post('/x', BODY, { cancelToken: token }));

    expect(error).toBe(token.reason);
    expect(error.config).toBeUndefined();
  });

  it('is not sent where it was given up before', async () => {
    const { api, server } = openAxios(ROUTES);
    const controller = new AbortController();
    const transformRequest = (): string => {
      controller.abort();
      return '{}';
    };
    const error = await errorOf(api.post('/x', BODY, { transformRequest, signal: controller.signal }));

    expect(error).toBeInstanceOf(CanceledError);
    expect(server.seen).toEqual([]);
  });

  it('takes no context from where a redirect led', async () => {
    const opened = openAxios(ROUTES);
    opened.answeredFrom.set('/ash/context', 'https://elsewhere.example/ash/context');
    const error = await errorOf(opened.api.post('/x', BODY));

    expect(ashOf(error).code).toBe('ASH_CLIENT_CONTEXT_UNAVAILABLE');
    expect(paths(opened)).toEqual(['/ash/context']);
  });

  it('takes no next context from where a redirect led', async () => {
    const opened = openAxios(ROUTES);
    opened.server.renews = true;
    opened.answeredFrom.set('/x', 'https://elsewhere.example/x');
    await opened.api.post('/x', BODY);
    await opened.api.post('/x', BODY);

    expect(paths(opened)).toEqual(['/ash/context', '/x', '/ash/context', '/x']);
  });

  it.each([
    ['a signal', (controller: AbortController) => ({ signal: controller.signal }), 'canceled'],
    [
      'a token',
      (controller: AbortController) => {
        const { token, cancel } = axios.CancelToken.source();
        controller.signal.addEventListener('abort', () => {
          cancel('never mind');
        });
        return { cancelToken: token };
      },
      'never mind',
    ],
  ])('is canceled by %s, for its context and on its way', async (_title, configOf, message) => {
    for (const path of ['/ash/context', '/x']) {
      const { api, server } = openAxios(ROUTES);
      const controller = new AbortController();
      server.answerOnce(path, () => {
        controller.abort();
        return new Promise<Response>(() => undefined);
      });
      const error = await errorOf(api.post('/x', BODY, configOf(controller)));

      expect(error).toBeInstanceOf(CanceledError);
      expect(error).toMatchObject({ code: 'ERR_CANCELED', message });
    }
  });

  it.each([
    ['as ever', {}, 'ECONNABORTED'],
    ['as axios can be told to', { transitional: { clarifyTimeoutError: true } }, 'ETIMEDOUT'],
  ])('is given up where its context takes too long, %s', async (_title, config, code) => {
    const { api, server } = openAxios(ROUTES, config);
    server.answerOnce('/ash/context', () => new Promise<Response>(() => undefined));
    const error = await errorOf(api.post('/x', BODY, { timeout: 5 }));

    expect(error.code).toBe(code);
    expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE', mayHaveRun: false });
  });
});
