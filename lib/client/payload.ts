import { orUncanonical } from '../core/errors.js';
import { ashCanonicalizeUrlencoded, ashCanonicalizeValue } from '../core/index.js';
import { AshClientError } from './errors.js';
import { FORM_TYPE, JSON_TYPE, payloadKindOf, type AshPayloadKind } from '../core/media-type.js';

/** What a proof covers of a body: nothing, a canonical text, or bytes. */
export type Payload =
  | { readonly kind: 'none' }
  | { readonly kind: 'json' | 'form'; readonly canonical: string }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array };

/** A body, ready to be sent as often as need be and to be proven. */
export interface EncodedBody {
  readonly payload: Payload;
  readonly body: string | ArrayBuffer | undefined;
  /** The content type to send; `undefined` for none. */
  readonly contentType: string | undefined;
}

type FetchBody = NonNullable<RequestInit['body']>;

const NONE: Payload = { kind: 'none' };
// How much is too much is the server's to say.
export const UNBOUNDED = { maxBytes: Number.POSITIVE_INFINITY };
const BINARY_TAGS = new Set(['ArrayBuffer', 'Blob', 'File', 'FormData']);

/**
 * The payload of a value: `undefined` is none, `URLSearchParams` a form, bytes are raw, everything else is JSON.
 *
 * @throws AshClientError `ASH_CLIENT_BODY_UNSUPPORTED` for a text, which could be meant in two ways, and for what can
 * be encoded asynchronously only.
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a value without a canonical form.
 */
export function payloadOf(value: unknown): Payload {
  if (value === undefined) return NONE;
  if (isUrlSearchParams(value)) return textPayload(value.toString(), 'form');
  if (value instanceof ArrayBuffer) return { kind: 'raw', bytes: new Uint8Array(value) };
  if (ArrayBuffer.isView(value)) return { kind: 'raw', bytes: bytesOf(value) };
  if (typeof value === 'string') {
    throw unsupported('a text is JSON or raw: give JSON.parse(text), or its bytes');
  }
  if (isFetchBody(value) || isStream(value)) throw unsupported(`${tagOf(value)} has to be given as its bytes`);
  return { kind: 'json', canonical: ashCanonicalizeValue(value, UNBOUNDED) };
}

/**
 * Encodes a body. What can change is copied before the first wait, so that what is proven is what the caller gave.
 *
 * @param kind How to read the body, where its type does not say it.
 * @param contentType The content type that the caller gave.
 * @throws AshClientError `ASH_CLIENT_BODY_UNSUPPORTED`
 * @throws AshError `ASH_CANONICALIZATION_ERROR`
 */
export async function encodeBody(
  body: unknown,
  kind: AshPayloadKind | undefined,
  contentType: string | undefined,
): Promise<EncodedBody> {
  if (body === undefined) {
    const payload: Payload = kind === 'raw' ? { kind, bytes: new Uint8Array() } : NONE;
    return { payload, body, contentType };
  }
  if (isUrlSearchParams(body)) {
    const text = ashCanonicalizeUrlencoded(body.toString());
    return { payload: textPayload(text, kind ?? 'form'), body: text, contentType: contentType ?? FORM_TYPE };
  }
  if (isStream(body)) {
    throw unsupported('a stream cannot be sent again: read it into a Blob first');
  }
  if (isFetchBody(body)) return encodeBytes(body, kind, contentType);
  if (kind === 'form') throw unsupported('a form is URLSearchParams or its text');
  const text = ashCanonicalizeValue(body, UNBOUNDED);
  const payload = kind === 'raw' ? textPayload(text, kind) : { kind: 'json' as const, canonical: text };
  return { payload, body: text, contentType: contentType ?? JSON_TYPE };
}

/** The platform's own encoding of a body, which also tells the content type of a text, a Blob or a form with files. */
async function encodeBytes(
  body: FetchBody,
  kind: AshPayloadKind | undefined,
  contentType: string | undefined,
): Promise<EncodedBody> {
  const encoded = new Response(body);
  const type = contentType ?? encoded.headers.get('content-type') ?? undefined;
  const buffer = await encoded.arrayBuffer();
  const bytes = new Uint8Array(buffer);
  const readAs = kind ?? payloadKindOf(type);
  const payload: Payload = readAs === 'raw' ? { kind: readAs, bytes } : textPayload(decode(bytes), readAs);
  return { payload, body: buffer, contentType: type };
}

/** A JSON or form body without bytes is no body: a server that reads it finds nothing to parse. */
function textPayload(text: string, kind: AshPayloadKind): Payload {
  if (kind === 'raw') return { kind, bytes: new TextEncoder().encode(text) };
  if (text === '') return NONE;
  return { kind, canonical: kind === 'json' ? canonicalJson(text) : ashCanonicalizeUrlencoded(text) };
}

/**
 * The canonical form of a JSON text as a server's parser reads it, which takes the last of two equal keys and rounds to
 * doubles as this one does: the server proves what it read.
 */
function canonicalJson(text: string): string {
  const value = orUncanonical((): unknown => JSON.parse(text), 'The payload has no canonical form: it is no JSON.');
  return ashCanonicalizeValue(value, UNBOUNDED);
}

function decode(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return orUncanonical(() => decoder.decode(bytes), 'The payload has no canonical form: it is not UTF-8.');
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

// By tag and not by `instanceof`: a frame, a worker or a polyfill brings classes of its own.
function isUrlSearchParams(value: unknown): value is URLSearchParams {
  return tagOf(value) === 'URLSearchParams';
}

function isFetchBody(value: unknown): value is FetchBody {
  return typeof value === 'string' || ArrayBuffer.isView(value) || BINARY_TAGS.has(tagOf(value));
}

function isStream(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && (tagOf(value) === 'ReadableStream' || Symbol.asyncIterator in value)
  );
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function unsupported(what: string): AshClientError {
  return new AshClientError('ASH_CLIENT_BODY_UNSUPPORTED', `The body cannot be proven: ${what}.`);
}
