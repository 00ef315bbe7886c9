import { createHmac } from 'node:crypto';
import {
  ashBuildProof,
  ashCanonicalizeJson,
  ashCanonicalizeUrlencoded,
  ashCanonicalizeValue,
  ashExtractScopedFields,
  ashHashBody,
  ashHashProof,
  ashHashScope,
  ashParseJson,
  type AshIssuedContext,
  type AshProtocol,
} from 'nestjs-ash/core';
import type { Draft } from './http.js';

/** How a route reads a body. */
export type PayloadKind = 'json' | 'form' | 'raw';

/** What a client proves beside what stands in the request; each part that is left out is the honest one. */
export interface Signing {
  /** Default: by the content type. */
  readonly payload?: PayloadKind | undefined;
  /** The canonical text or the bytes, instead of those of the body. */
  readonly covered?: string | Uint8Array;
  readonly previousProof?: string | undefined;
  /** Default: now. */
  readonly timestamp?: number | string;
  /** The scope that is claimed, instead of the context's. */
  readonly scope?: readonly string[];
  /** The binding of the message, instead of the context's with the query. */
  readonly binding?: string;
  /** The formula, instead of the one of the context's protocol. */
  readonly protocol?: AshProtocol;
}

/** Proves a request with a context: gives it the headers of the proof instead of those it had, and gives the proof. */
export function sign(context: AshIssuedContext, draft: Draft, signing: Signing = {}): string {
  const { timestamp = Date.now(), scope = context.scope ?? [], previousProof } = signing;
  const { protocol = context.protocol } = signing;
  const covered = signing.covered ?? coveredBy(draft, protocol, scope, signing.payload);
  const parts: MessageParts = {
    timestamp: String(timestamp),
    binding: signing.binding ?? messageBinding(context, draft),
    bodyHash: ashHashBody(covered),
    scopeHash: ashHashScope(scope),
    chainHash: previousProof === undefined ? '' : ashHashProof(previousProof),
  };
  const proof =
    protocol === 'v1'
      ? ashBuildProof(context.mode, parts.binding, context.contextId, context.nonce, textOf(covered))
      : hmac(context.clientSecret ?? '', message(protocol, parts, context.chain !== undefined));
  for (const name of Object.keys(draft.headers)) {
    if (name.startsWith('x-ash-')) Reflect.deleteProperty(draft.headers, name);
  }
  Object.assign(draft.headers, {
    'x-ash-context-id': context.contextId,
    'x-ash-proof': proof,
    ...(context.protocol === 'v1' ? {} : { 'x-ash-timestamp': parts.timestamp }),
    ...(scope.length === 0 ? {} : { 'x-ash-scope': scope.join(','), 'x-ash-scope-hash': parts.scopeHash }),
    ...(parts.chainHash === '' ? {} : { 'x-ash-chain-hash': parts.chainHash }),
  });
  return proof;
}

/** The parts of a keyed message. */
interface MessageParts {
  readonly timestamp: string;
  readonly binding: string;
  readonly bodyHash: string;
  readonly scopeHash: string;
  readonly chainHash: string;
}

const EMPTY_HASH = ashHashBody('');

/** The message as section 4 of the protocol writes it. The core would refuse the parts that some attacks need. */
function message(protocol: AshProtocol, parts: MessageParts, isChained = false): string {
  const { timestamp, binding, bodyHash, scopeHash, chainHash } = parts;
  const known = [timestamp, binding, bodyHash];
  switch (protocol) {
    case 'v2.3':
      return [...known, scopeHash, chainHash].join('|');
    case 'v2.2':
      return [...known, scopeHash || EMPTY_HASH].join('|');
    case 'v2.1':
      return [...known, ...(isChained ? [chainHash || EMPTY_HASH] : [])].join('|');
    case 'v1':
      throw new TypeError('v1 has no keyed message');
  }
}

/** HMAC-SHA256 keyed with the text of a secret, as lower-case hex. */
function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function messageBinding({ binding, mode, query: coverage }: AshIssuedContext, { path }: Draft): string {
  const mark = path.indexOf('?');
  const query = mark === -1 ? '' : path.slice(mark + 1);
  const isCovered = (coverage ?? (mode === 'minimal' ? 'ignore' : 'cover')) === 'cover' && query !== '';
  return isCovered ? `${binding}?${query}` : binding;
}

function coveredBy(
  { headers, body }: Draft,
  protocol: AshProtocol,
  scope: readonly string[],
  kind = kindOf(headers['content-type']),
): string | Uint8Array {
  if (kind === 'raw') return body ?? '';
  if (body === undefined) return protocol === 'v1' || protocol === 'v2.1' ? '' : '{}';
  const text = textOf(body);
  if (kind === 'form') return ashCanonicalizeUrlencoded(text);
  return scope.length === 0
    ? ashCanonicalizeJson(text)
    : ashCanonicalizeValue(ashExtractScopedFields(ashParseJson(text), scope));
}

function kindOf(contentType: string | string[] | undefined): PayloadKind {
  return String(contentType).startsWith('application/x-www-form-urlencoded') ? 'form' : 'json';
}

function textOf(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
}
