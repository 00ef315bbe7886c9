import { createHash, createHmac } from 'node:crypto';
import { AshClient, type AshClientOptions } from 'nestjs-ash/client';
import {
  ashBuildProof,
  ashCanonicalizeUrlencoded,
  ashCanonicalizeValue,
  ashDeriveClientSecret,
  ashErrorStatus,
  ashExtractScopedFields,
  ashGenerateContextId,
  ashGenerateNonce,
  ashNormalizeBinding,
  ashVerifyProof,
  type AshErrorCode,
  type AshIssuedContext,
} from 'nestjs-ash/core';

/** Where the fake server is. */
export const BASE = 'https://shop.example';
/** Its clock when it begins, in milliseconds since the epoch. */
export const SERVER_TIME = 1_760_000_000_000;

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string, message: string): string => createHmac('sha256', key).update(message).digest('hex');

/** What a route of the server demands; the rest is v2.3 in `balanced` mode. */
export interface Route extends Partial<
  Pick<AshIssuedContext, 'protocol' | 'mode' | 'scope' | 'chain' | 'query' | 'canonicalization'>
> {
  readonly payload?: 'raw';
  /** The life of its contexts, in milliseconds. */
  readonly ttl?: number;
  /** What the handler answers. */
  readonly answer?: () => Response;
}

/** A request as it came over the wire. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  /** The query of the request line, without `?`. */
  readonly query: string;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly init: RequestInit;
}

/** A context as the fake server keeps it. */
export interface IssuedRecord extends AshIssuedContext {
  readonly nonce: string;
  isSpent: boolean;
}

class Refusal extends Error {
  constructor(readonly code: AshErrorCode) {
    super(code);
  }
}

/** A refusal as the server answers it. */
export function refusalResponse(code: AshErrorCode, message = `The sentence of ${code}.`): Response {
  const statusCode = ashErrorStatus(code);
  return Response.json({ statusCode, error: 'Error', code, message }, { status: statusCode });
}

/** A server of the protocol in one function that is called as `fetch` is, written from the protocol's text. */
export class FakeServer {
  now = SERVER_TIME;
  /** Whether answers bring the next context to clients that ask for it. */
  renews = false;
  /** The most contexts of one answer; 1 for a server that knows no `count`. */
  batch = 1;
  readonly seen: Seen[] = [];
  readonly contexts = new Map<string, IssuedRecord>();
  readonly links = new Map<string, 'free' | 'spent'>();
  /** Stands in for the server's next answers, in their order, to requests of a path. */
  readonly instead = new Map<string, ((seen: Seen) => Response | Promise<Response>)[]>();

  constructor(readonly routes: Readonly<Record<string, Route>>) {}

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted();
    const request = new Request(url, init);
    const bytes = new Uint8Array(await request.clone().arrayBuffer());
    const { pathname } = new URL(url);
    const [, query = ''] = (url.split('#')[0] ?? '').split(/\?(.*)/s);
    const text = new TextDecoder().decode(bytes);
    const { method, headers } = request;
    const seen: Seen = { method, url, path: pathname, query, headers, bytes, text, init };
    this.seen.push(seen);
    const override = this.instead.get(pathname)?.shift();
    if (override !== undefined) return override(seen);
    try {
      return pathname.endsWith('/ash/context') ? this.issue(seen) : this.handle(seen);
    } catch (error) {
      if (error instanceof Refusal) return refusalResponse(error.code);
      throw error;
    }
  };

  /** The requests beside those for contexts. */
  get calls(): Seen[] {
    return this.seen.filter(({ path }) => !path.endsWith('/ash/context'));
  }

  get contextCalls(): Seen[] {
    return this.seen.filter(({ path }) => path.endsWith('/ash/context'));
  }

  answerOnce(path: string, ...answers: ((seen: Seen) => Response | Promise<Response>)[]): void {
    this.instead.set(path, answers);
  }

  issueFor(binding: string): IssuedRecord {
    const route = this.routes[binding];
    if (route === undefined) throw new Refusal('ASH_BINDING_MISMATCH');
    const { protocol = 'v2.3', mode = 'balanced', scope, chain, query, canonicalization, ttl = 30_000 } = route;
    const [contextId, nonce] = [ashGenerateContextId(), ashGenerateNonce()];
    const record: IssuedRecord = {
      contextId,
      binding,
      mode,
      protocol,
      issuedAt: this.now,
      expiresAt: this.now + ttl,
      nonce,
      isSpent: false,
      ...(protocol === 'v1' ? {} : { clientSecret: ashDeriveClientSecret(nonce, contextId, binding) }),
      ...(scope && { scope }),
      ...(chain && { chain }),
      ...(query && { query }),
      ...(canonicalization && { canonicalization }),
    };
    this.contexts.set(contextId, record);
    return record;
  }

  private issue({ method, headers, text }: Seen): Response {
    if (method !== 'POST' || headers.get('content-type') !== 'application/json')
      return new Response('', { status: 404 });
    const { binding, count = 1 } = JSON.parse(text) as { binding: string; count?: number };
    if (count === 1 || this.batch === 1) return Response.json(this.wireContext(binding), { status: 201 });
    const contexts = Array.from({ length: Math.min(count, this.batch) }, () => this.wireContext(binding));
    return Response.json({ contexts }, { status: 201 });
  }

  /** A new context as it goes over the wire. */
  private wireContext(binding: string): AshIssuedContext {
    const { nonce, isSpent: _, ...context } = this.issueFor(binding);
    const isNonceNeeded = context.protocol === 'v1' && context.mode === 'strict';
    return { ...context, ...(isNonceNeeded ? { nonce } : {}) };
  }

  private handle(seen: Seen): Response {
    const binding = ashNormalizeBinding(seen.method, seen.path);
    const route = this.routes[binding];
    if (route === undefined) return new Response('no such route', { status: 404 });
    const context = this.load(seen.headers.get('x-ash-context-id'));
    if (context.binding !== binding) throw new Refusal('ASH_BINDING_MISMATCH');
    const timestamp = seen.headers.get('x-ash-timestamp') ?? '';
    if (context.protocol !== 'v1' && Math.abs(Number(timestamp) - this.now) > 300_000) {
      throw new Refusal('ASH_TIMESTAMP_INVALID');
    }
    this.checkScope(seen, context);
    const link = this.checkChain(seen, context);
    if (!isProven(seen, context, route)) throw new Refusal('ASH_INTEGRITY_FAILED');
    context.isSpent = true;
    const response = route.answer?.() ?? Response.json({ ok: true });
    response.headers.set('x-ash-verified', 'true');
    if (this.renews && seen.headers.get('x-ash-renew') === '1') {
      const next = JSON.stringify(this.wireContext(binding));
      response.headers.set('x-ash-context', Buffer.from(next).toString('base64url'));
    }
    if (context.chain !== undefined && response.status < 400) {
      const proof = seen.headers.get('x-ash-proof') ?? '';
      if (link !== undefined) this.links.set(link, 'spent');
      this.links.set(sha256(proof), 'free');
      response.headers.set('x-ash-chain-proof', proof);
    }
    return response;
  }

  private load(contextId: string | null): IssuedRecord {
    if (contextId === null) throw new Refusal('ASH_PROOF_MISSING');
    const context = this.contexts.get(contextId);
    if (context === undefined) throw new Refusal('ASH_CTX_NOT_FOUND');
    if (context.isSpent) throw new Refusal('ASH_CTX_ALREADY_USED');
    if (context.expiresAt <= this.now) throw new Refusal('ASH_CTX_EXPIRED');
    return context;
  }

  private checkScope({ headers }: Seen, { scope }: IssuedRecord): void {
    const text = scope?.length ? scope.join(',') : null;
    const isSame = headers.get('x-ash-scope') === text && headers.get('x-ash-scope-hash') === (text && sha256(text));
    if (!isSame) throw new Refusal('ASH_SCOPE_MISMATCH');
  }

  private checkChain({ headers }: Seen, { chain }: IssuedRecord): string | undefined {
    const link = headers.get('x-ash-chain-hash') ?? undefined;
    const isExpected = chain !== undefined && !chain.start;
    if ((link !== undefined) !== isExpected) throw new Refusal('ASH_CHAIN_BROKEN');
    if (link !== undefined && this.links.get(link) !== 'free') throw new Refusal('ASH_CHAIN_BROKEN');
    return link;
  }
}

/** The formulas of the protocol's section 4, written out. */
function isProven(seen: Seen, context: IssuedRecord, route: Route): boolean {
  const { protocol, mode, contextId, binding, nonce } = context;
  const header = (name: string): string => seen.headers.get(name) ?? '';
  const [proof, timestamp] = [header('x-ash-proof'), header('x-ash-timestamp')];
  const isCovered = (route.query ?? (mode === 'minimal' ? 'ignore' : 'cover')) === 'cover' && seen.query !== '';
  const message = isCovered ? `${binding}?${seen.query}` : binding;
  const canonical = canonicalOf(seen, context, route);
  if (protocol === 'v1') {
    const expected = ashBuildProof(mode, message, contextId, mode === 'strict' ? nonce : null, String(canonical));
    return ashVerifyProof(expected, proof);
  }
  const secret = hmac(nonce, `${contextId}|${binding}`);
  const parts = [timestamp, message, sha256(canonical)];
  if (protocol === 'v2.2') parts.push(header('x-ash-scope-hash') || sha256(''));
  if (protocol === 'v2.3') parts.push(header('x-ash-scope-hash'), header('x-ash-chain-hash'));
  if (protocol === 'v2.1' && context.chain) parts.push(header('x-ash-chain-hash') || sha256(''));
  return hmac(secret, parts.join('|')) === proof;
}

/** The canonical text of the value that the handler receives, or the bytes of a raw body. */
function canonicalOf({ headers, bytes, text }: Seen, context: IssuedRecord, route: Route): string | Uint8Array {
  if (route.payload === 'raw') return bytes;
  if (bytes.length === 0) return context.protocol === 'v1' || context.protocol === 'v2.1' ? '' : '{}';
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) return ashCanonicalizeUrlencoded(text);
  if (!/^application\/(?:.+\+)?json\b/.test(type)) throw new Refusal('ASH_UNSUPPORTED_CONTENT_TYPE');
  const { scope = [], canonicalization = 'jcs' } = context;
  return ashCanonicalizeValue(ashExtractScopedFields(JSON.parse(text), scope), { canonicalization });
}

let servers: FakeServer[] = [];

/** A client of a fake server, and the server. */
export function open(
  routes: Readonly<Record<string, Route>>,
  options: AshClientOptions = {},
): { ash: AshClient; server: FakeServer } {
  const server = new FakeServer(routes);
  servers.push(server);
  const ash = new AshClient({ baseUrl: BASE, fetch: server.fetch, clock: () => server.now, ...options });
  return { ash, server };
}

/** Forgets the servers of the test before. */
export function beginWithoutServers(): void {
  servers = [];
}

/** Whatever a test did: no secret and no nonce was in a URL, a header or a body of a request. */
export function secretsThatWereSent(): string[] {
  return servers.flatMap(({ seen, contexts }) => {
    const sent = JSON.stringify(seen.map(({ url, headers, text }) => [url, [...headers], text]));
    return [...contexts.values()].flatMap(({ nonce, clientSecret }) =>
      [nonce, clientSecret ?? nonce].filter((secret) => sent.includes(secret)),
    );
  });
}
