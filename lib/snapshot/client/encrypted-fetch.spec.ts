import { jest } from '@jest/globals';
import {
  answerPurpose,
  packAnswer,
  readSealed,
  refusalPurpose,
  requestPurpose,
  SEALED_TYPE,
  writeSealed,
} from '../cipher/envelope.js';
import { completedSecret } from '../cipher/completed-secret.js';
import { AuthenticationError, isCryptoError, SnapshotError, type CryptoError } from '../cipher/errors.js';
import { gcmCipher } from '../cipher/gcm-cipher.js';
import { MessageSealer } from '../cipher/message-sealer.js';
import { CryptoClient } from './crypto-client.js';
import type { CryptoFetch } from './crypto-config.js';
import { ashEncryptedFetch } from './encrypted-fetch.js';

const SNAPSHOT = { tick: 7, seed: 99, timestamp: 1_700_000_000 };
const PROVEN = { 'x-ash-context-id': 'ash_1', 'content-type': 'application/json; charset=utf-8' };
const POST = { method: 'POST', headers: PROVEN };

/** The sealer of a client that has one snapshot. */
const sealer = new MessageSealer(gcmCipher(new Uint8Array(32)), {
  current: () => Promise.resolve(SNAPSHOT),
  find: () => Promise.resolve(SNAPSHOT),
});

/** A client with one snapshot, and what stands in the place of its server. */
class Scene {
  readonly client = new CryptoClient({ secretKey: new Uint8Array(32) });
  readonly fetch = jest.fn<CryptoFetch>();
  readonly send = ashEncryptedFetch(this.client, { fetch: this.fetch });

  constructor() {
    jest.spyOn(this.client, 'sealFor').mockImplementation((bound, data) => sealer.seal(data, bound));
    jest.spyOn(this.client, 'openFor').mockImplementation((bound, message) => sealer.open(message, bound));
  }

  /** What arrives at the server. */
  get sent(): RequestInit {
    return this.fetch.mock.calls[0]?.[1] ?? {};
  }

  async sealed(plaintext: Uint8Array, purpose = answerPurpose('ash_1', 200)): Promise<string> {
    return writeSealed(await this.client.sealFor(purpose, plaintext));
  }

  async codeOf(init: RequestInit): Promise<unknown> {
    try {
      return (await this.send('https://a.example/x', init)).status;
    } catch (error) {
      return isCryptoError(error) ? error.code : error;
    }
  }
}

function answer(body: string | null, { status = 200, type = SEALED_TYPE } = {}): Response {
  return new Response(body, { status, headers: { 'content-type': type, 'x-own': '1', etag: '"wire"' } });
}

describe('ashEncryptedFetch', () => {
  it('lets a request that is not proven pass as it is', async () => {
    const { fetch, send } = new Scene();
    const init = { method: 'POST', body: '{"binding":"POST /x"}' };
    const response = answer('{}', { type: 'application/json' });
    fetch.mockResolvedValue(response);
    expect(await send('https://a.example/ash/context', init)).toBe(response);
    expect(fetch.mock.calls).toStrictEqual([['https://a.example/ash/context', init]]);
  });

  it.each<[title: string, body: unknown]>([
    ['a text', '{"a":"é"}'],
    ['a buffer', Uint8Array.from(Buffer.from('{"a":"é"}')).buffer],
    ['a part of a buffer', new Uint8Array(Buffer.from(' {"a":"é"}')).subarray(1)],
  ])('seals a body of JSON for its context: %s', async (_title, body) => {
    const scene = new Scene();
    scene.fetch.mockResolvedValue(answer(null, { status: 204 }));
    await scene.send('https://a.example/x', { ...POST, body: body as string, redirect: 'manual' });
    expect(scene.sent).toMatchObject({ method: 'POST', redirect: 'manual' });
    expect(Object.fromEntries(new Headers(scene.sent.headers))).toStrictEqual({
      'x-ash-context-id': 'ash_1',
      'content-type': 'application/json',
    });
    const message = readSealed(JSON.parse(scene.sent.body as string)) ?? new Uint8Array();
    const { plaintext } = await sealer.open(message, requestPurpose('ash_1'));
    expect(new TextDecoder().decode(plaintext)).toBe('{"a":"é"}');
  });

  it('sends no body where there is none, and leaves the headers of the call as they are', async () => {
    const scene = new Scene();
    scene.fetch.mockResolvedValue(answer(null, { status: 204 }));
    const headers = new Headers({ 'x-ash-context-id': 'ash_1' });
    await scene.send('https://a.example/x', { method: 'GET', headers });
    expect(scene.sent.body).toBeNull();
    expect([...headers.keys()]).toStrictEqual(['x-ash-context-id']);
  });

  it.each<[title: string, init: RequestInit]>([
    ['a form', { ...POST, body: new URLSearchParams('a=1') }],
    ['a text that is no JSON', { ...POST, headers: { ...PROVEN, 'content-type': 'text/plain' }, body: 'a' }],
    ['a text of no type', { ...POST, headers: { 'x-ash-context-id': 'ash_1' }, body: '{}' }],
    ['a Blob', { ...POST, body: new Blob(['{}']) }],
  ])('sends nothing of %s', async (_title, init) => {
    const scene = new Scene();
    expect(await scene.codeOf(init)).toBe('ASH_CRYPTO_BODY_UNSUPPORTED');
    expect(scene.fetch).not.toHaveBeenCalled();
  });

  it('opens the answer, with what its head says beside it', async () => {
    const scene = new Scene();
    const plain = packAnswer('text/x', Uint8Array.of(0, 10, 255));
    const response = answer(await scene.sealed(plain), { type: `${SEALED_TYPE}; charset=utf-8` });
    response.headers.set('content-length', '4711');
    scene.fetch.mockResolvedValue(Object.defineProperty(response, 'url', { value: 'https://a.example/x' }));
    const opened = await scene.send('https://a.example/x', POST);
    expect([...new Uint8Array(await opened.arrayBuffer())]).toStrictEqual([0, 10, 255]);
    expect([opened.status, opened.url]).toStrictEqual([200, 'https://a.example/x']);
    expect(Object.fromEntries(opened.headers)).toStrictEqual({
      'content-type': 'text/x',
      'x-ash-verified': 'true',
      'x-own': '1',
      etag: '"wire"',
    });
  });

  it('opens an answer of nothing', async () => {
    const scene = new Scene();
    scene.fetch.mockResolvedValue(answer(await scene.sealed(packAnswer('', new Uint8Array()))));
    const opened = await scene.send('https://a.example/x', POST);
    expect([await opened.text(), opened.headers.get('content-type')]).toStrictEqual(['', null]);
  });

  type Row = [title: string, answer: (scene: Scene) => Response | Promise<Response>, outcome: unknown];
  const rows: Row[] = [
    ['plain success', () => answer('{}', { type: 'application/json' }), 'ASH_CRYPTO_ANSWER_UNSEALED'],
    ['success of no type', () => new Response(null), 'ASH_CRYPTO_ANSWER_UNSEALED'],
    ['partial success', () => answer('a', { status: 206, type: 'text/x' }), 'ASH_CRYPTO_ANSWER_UNSEALED'],
    ['a plain refusal', () => answer('{}', { status: 403, type: 'application/json' }), 403],
    [
      'a refusal of the protocol that is plain',
      () => answer('{"code":"ASH_CTX_EXPIRED"}', { status: 410, type: 'application/json' }),
      'ASH_CRYPTO_ANSWER_UNSEALED',
    ],
    [
      'a plain refusal of a code that is not known yet',
      () => answer('{"code":"ASH_OF_TOMORROW"}', { status: 503, type: 'application/problem+json' }),
      'ASH_CRYPTO_ANSWER_UNSEALED',
    ],
    [
      'a plain error with a code of its own',
      () => answer('{"code":"OWN"}', { status: 503, type: 'application/json' }),
      503,
    ],
    ['a plain error of nothing', () => answer('null', { status: 502, type: 'application/json' }), 502],
    ['a plain error that is no JSON', () => answer('{', { status: 502, type: 'application/json' }), 502],
    ['a plain error of a gateway', () => answer('<p>', { status: 502, type: 'text/html' }), 502],
    [
      'a success that is sealed as a refusal',
      async (scene) => answer(await scene.sealed(packAnswer('', new Uint8Array()), refusalPurpose('ash_1', 200))),
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
    ['a redirect without a type', () => new Response(null, { status: 302 }), 302],
    ['nothing by its status', () => answer(null, { status: 204 }), 204],
    ['a reset by its status', () => answer(null, { status: 205 }), 205],
    ['no change by its status', () => new Response(null, { status: 304 }), 304],
    ['no JSON', () => answer('{'), 'ASH_CRYPTO_MESSAGE_INVALID'],
    ['no message', () => answer('{"sealed":"AQ"}'), 'ASH_CRYPTO_MESSAGE_INVALID'],
    ['another form', () => answer('{"opened":"AQ"}'), 'ASH_CRYPTO_MESSAGE_INVALID'],
    [
      'an answer of another status',
      async (scene) => answer(await scene.sealed(packAnswer('', new Uint8Array())), { status: 500 }),
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
    [
      'an answer to another request',
      async (scene) => answer(await scene.sealed(packAnswer('', new Uint8Array()), answerPurpose('ash_2', 200))),
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
    [
      'a request as an answer',
      async (scene) => answer(await scene.sealed(new Uint8Array(), requestPurpose('ash_1'))),
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
    [
      'a plaintext without a content type',
      async (scene) => answer(await scene.sealed(new Uint8Array())),
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
  ];
  it.each(rows)('takes no answer for sealed that is none: %s', async (_title, made, outcome) => {
    const scene = new Scene();
    scene.fetch.mockResolvedValue(await made(scene));
    expect(await scene.codeOf(POST)).toBe(outcome);
  });

  it.each<[what: string, purpose: typeof refusalPurpose, verified: string | null]>([
    ['a refusal', refusalPurpose, null],
    ['an answer of a handler', answerPurpose, 'true'],
  ])('says of %s what it is, whatever the head says', async (_what, purpose, verified) => {
    for (const head of [{}, { 'x-ash-verified': 'true' }]) {
      const scene = new Scene();
      const sealed = answer(await scene.sealed(packAnswer('a/b', new Uint8Array()), purpose('ash_1', 403)), {
        status: 403,
      });
      for (const [name, value] of Object.entries(head)) sealed.headers.set(name, value);
      scene.fetch.mockResolvedValue(sealed);
      const opened = await scene.send('https://a.example/x', POST);
      expect([opened.status, opened.headers.get('x-ash-verified')]).toStrictEqual([403, verified]);
    }
  });

  it('hands on what keeps an answer from being opened', async () => {
    const scene = new Scene();
    const failure = new TypeError('no snapshot');
    const sealed = await scene.sealed(packAnswer('', new Uint8Array()), answerPurpose('ash_1', 403));
    scene.fetch.mockResolvedValue(answer(sealed, { status: 403 }));
    const opening = jest.spyOn(scene.client, 'openFor').mockRejectedValue(failure);
    expect(await scene.codeOf(POST)).toBe(failure);
    expect(opening).toHaveBeenCalledTimes(1);
  });

  it('completes the secrets of the contexts that pass through it', async () => {
    const { fetch, send } = new Scene();
    const context = { contextId: 'ash_2', clientSecret: 'ab'.repeat(32) };
    const clientSecret = completedSecret(new Uint8Array(32), context);
    fetch.mockResolvedValueOnce(Response.json(context));
    const issued = await send('https://a.example/ash/context', { method: 'POST' });
    expect(await issued.json()).toStrictEqual({ ...context, clientSecret, query: 'cover' });
    const header = Buffer.from(JSON.stringify(context)).toString('base64url');
    fetch.mockResolvedValueOnce(new Response(null, { status: 204, headers: { 'x-ash-context': header } }));
    const renewed = (await send('https://a.example/x', POST)).headers.get('x-ash-context') ?? '';
    expect(JSON.parse(Buffer.from(renewed, 'base64url').toString())).toMatchObject({ clientSecret });
  });

  it('sends no proof that has no secret', async () => {
    const scene = new Scene();
    const headers = { ...PROVEN, 'x-ash-proof': 'A'.repeat(43) };
    expect(await scene.codeOf({ ...POST, headers })).toBe('ASH_CRYPTO_BODY_UNSUPPORTED');
    expect(scene.fetch).not.toHaveBeenCalled();
  });

  it('asks for no seal on an answer to a HEAD, which has no body', async () => {
    const scene = new Scene();
    scene.fetch.mockResolvedValue(answer(null));
    expect(await scene.codeOf({ ...POST, method: 'head' })).toBe(200);
  });

  it('looks the platform’s fetch up at each request', async () => {
    const platform = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('platform'));
    const { client } = new Scene();
    const response = await ashEncryptedFetch(client)('https://a.example/x', {});
    platform.mockRestore();
    expect(await response.text()).toBe('platform');
  });

  it.each<[title: string, make: () => unknown, message: string]>([
    [
      'an option that is none',
      () => ashEncryptedFetch(new Scene().client, { fetcher: fetch } as object),
      "there is no option 'fetcher'",
    ],
    [
      'a fetch that is no function',
      () => ashEncryptedFetch(new Scene().client, { fetch: 'fetch' } as object),
      "'fetch' has to be a function",
    ],
    ['a cipher that hides nothing', () => ashEncryptedFetch(arrayClient()), "the client's cipher 'array-crypto'"],
  ])('refuses %s', (_title, make, message) => {
    expect(make).toThrow(expect.objectContaining({ name: 'AshConfigurationError' }) as Error);
    expect(make).toThrow(message);
  });
});

function arrayClient(): CryptoClient {
  const warn = jest.spyOn(console, 'warn').mockReturnValue(undefined);
  const client = new CryptoClient({ secretKey: new Uint8Array(32), cipher: 'array-crypto' });
  warn.mockRestore();
  return client;
}

it('a refusal that an exception filter answers as a redirect is opened', async () => {
  const scene = new Scene();
  const sealed = await scene.sealed(packAnswer('', new Uint8Array()), refusalPurpose('ash_1', 302));
  scene.fetch.mockResolvedValue(answer(sealed, { status: 302 }));

  expect(await scene.codeOf({ ...POST, body: '{}' })).toBe(302);
});

describe('a request that is not sent', () => {
  it.each<[title: string, cause: CryptoError]>([
    ['no snapshot can be had', new SnapshotError('ASH_CRYPTO_SNAPSHOT_FORGED', 'Forged.')],
    ['the server is away', new AuthenticationError('ASH_CRYPTO_SERVER_UNREACHABLE', 'Away.')],
  ])('is told so, by an error of its own, where %s', async (_title, cause) => {
    const scene = new Scene();
    jest.spyOn(scene.client, 'sealFor').mockRejectedValue(cause);
    const error: unknown = await scene.send('https://a.example/x', { ...POST, body: '{}' }).catch((e: unknown) => e);

    expect(error).toMatchObject({
      name: cause.name,
      code: cause.code,
      message: cause.message,
      mayHaveRun: false,
      cause,
    });
    expect(cause.mayHaveRun).toBeUndefined();
    expect(scene.fetch).not.toHaveBeenCalled();
  });

  it('is not one whose answer cannot be opened', async () => {
    const scene = new Scene();
    scene.fetch.mockResolvedValue(answer('{"sealed":"AQ"}'));
    const error: unknown = await scene.send('https://a.example/x', { ...POST, body: '{}' }).catch((e: unknown) => e);

    expect(error).toMatchObject({ code: 'ASH_CRYPTO_MESSAGE_INVALID' });
    expect(error).not.toHaveProperty('mayHaveRun', false);
  });

  it('has a client of another kind', () => {
    expect(() => ashEncryptedFetch({ secretKey: 'key' } as unknown as CryptoClient)).toThrow(
      'ashEncryptedFetch: the first argument is a CryptoClient',
    );
  });
});
