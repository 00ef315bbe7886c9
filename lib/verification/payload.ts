import {
  AshError,
  ashCanonicalizeFormFields,
  ashCanonicalizeValue,
  ashHashBody,
  isAshError,
  type AshFormFields,
} from '../core/index.js';
import { JSON_TYPE, payloadKindOf } from '../core/media-type.js';
import type { AshProtocolRules } from '../core/protocols.js';
import type { AshScope } from '../core/scope.js';
import { shown, utf8Length } from '../core/text.js';
import type { AshBodyFacts } from './facts.js';
import type { AshRoutePolicy, AshUnscoped } from './policy.js';

/** The payload of a request as it was verified. */
export interface VerifiedPayload {
  /** The covered value: of a JSON body the scoped part, of a raw one its bytes. */
  readonly value: unknown;
  /** The canonical text; empty for raw bytes. */
  readonly canonical: string;
  readonly bodyHash: string;
  /** Whether the handler is to receive the covered value instead of the whole body. */
  readonly replacesBody: boolean;
}

/** How a payload is to be read: the route's policy, with what the context decides. */
export interface PayloadRules {
  readonly policy: AshRoutePolicy;
  readonly protocol: AshProtocolRules;
  readonly scope: AshScope | undefined;
  readonly unscoped: AshUnscoped;
}

/**
 * The payload that the handler will receive, in canonical form. Source: protocol, section 3.
 *
 * @throws AshError `ASH_UNSUPPORTED_CONTENT_TYPE`, `ASH_RAW_BODY_UNAVAILABLE`, `ASH_CANONICALIZATION_ERROR`, or
 * `ASH_SCOPE_MISMATCH` for a member outside the scope of a route that rejects them.
 */
export function readPayload(body: AshBodyFacts, rules: PayloadRules): VerifiedPayload {
  const { policy } = rules;
  if (policy.payload.has('raw')) return rawPayload(body);
  if (isAbsent(body)) return emptyPayload(rules);
  const kind = payloadKindOf(body.mediaType);
  if (!policy.payload.has(kind)) throw new AshError('ASH_UNSUPPORTED_CONTENT_TYPE');
  // A route with a scope takes JSON alone; a scope that was given by hand meets whatever the route takes.
  if (kind === 'form' && rules.scope !== undefined) {
    throw new AshError('ASH_UNSUPPORTED_CONTENT_TYPE', 'A scope needs a JSON payload.');
  }
  requireParsed(body);
  return kind === 'form' ? formPayload(body.value, policy) : jsonPayload(body.value, rules);
}

/**
 * As {@link readPayload}, of a payload that was encrypted: a refusal names none of its members, neither to the client nor in
 * a log.
 */
export function readSecretPayload(body: AshBodyFacts, rules: PayloadRules): VerifiedPayload {
  try {
    return readPayload(body, rules);
  } catch (error) {
    throw isAshError(error) ? new AshError(error.code) : error;
  }
}

/** Whether a request came without a body. */
export function isAbsent(body: AshBodyFacts): boolean {
  return !body.present && isNoBody(body.value);
}

/** @throws AshError `ASH_RAW_BODY_UNAVAILABLE` where no parser has made a value of a body. */
export function requireParsed(body: AshBodyFacts): void {
  if (!isPassedBy(body) && body.value !== undefined && !(body.value instanceof Uint8Array)) return;
  throw bodyUnavailable(
    `no parser of the application reads '${shown(body.mediaType)}' into a value before this route verifies it ` +
      `(Express: app.use(${parserOf(body.mediaType)}) before it; Fastify: a content type parser; ashVerify: the value as 'body')`,
  );
}

function emptyPayload({ protocol }: PayloadRules): VerifiedPayload {
  const canonical = protocol.emptyPayload;
  return { value: undefined, canonical, bodyHash: ashHashBody(canonical), replacesBody: false };
}

function rawPayload(body: AshBodyFacts): VerifiedPayload {
  const bytes = bytesOf(body);
  // Whatever a parser made of the bytes depends on a content type that the proof does not cover.
  return { value: bytes, canonical: '', bodyHash: ashHashBody(bytes), replacesBody: true };
}

/** The bytes that the handler can see: the body where that is bytes, otherwise what the parser kept. */
function bytesOf(body: AshBodyFacts): Uint8Array {
  const { present, value, raw } = body;
  if (raw === undefined && present && isPassedBy(body)) throw bytesUnavailable();
  if (value instanceof Uint8Array) return value;
  if (raw !== undefined) return raw;
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if (!present && isNoBody(value)) return new Uint8Array();
  throw bytesUnavailable();
}

function bytesUnavailable(): AshError {
  return bodyUnavailable(
    "a route with payload 'raw' needs a parser that keeps the bytes (Nest: rawBody: true, useBodyParser('raw'); " +
      "Express: express.raw({ type: () => true }) before it; Fastify: addContentTypeParser('*', { parseAs: 'buffer' }, …))",
  );
}

function formPayload(value: unknown, policy: AshRoutePolicy): VerifiedPayload {
  const canonical = ashCanonicalizeFormFields(formFieldsOf(value));
  if (utf8Length(canonical) > policy.maxPayloadBytes) {
    throw new AshError('ASH_CANONICALIZATION_ERROR', 'The payload has no canonical form: it is larger than allowed.');
  }
  return { value, canonical, bodyHash: ashHashBody(canonical), replacesBody: false };
}

function jsonPayload(value: unknown, { policy, scope, unscoped }: PayloadRules): VerifiedPayload {
  const covered = scope === undefined ? value : scope.extract(value);
  if (unscoped === 'reject' && scope?.hasUncovered(value)) {
    throw new AshError('ASH_SCOPE_MISMATCH', 'The payload has members outside the scope, which this route rejects.');
  }
  const canonical = ashCanonicalizeValue(covered, {
    canonicalization: policy.canonicalization,
    maxBytes: policy.maxPayloadBytes,
  });
  return {
    value: covered,
    canonical,
    bodyHash: ashHashBody(canonical),
    replacesBody: scope !== undefined && unscoped === 'strip',
  };
}

/**
 * The fields of a parsed form. A parser that reads brackets as structure gives values that stand for more than one
 * text, so only what it reads without loss is taken: a text, or the texts of a key that stands twice or more.
 */
function formFieldsOf(value: unknown): AshFormFields {
  if (typeof value !== 'object' || value === null || !isPlain(value)) {
    throw bodyUnavailable('the parsed form is no object of fields');
  }
  for (const [key, field] of Object.entries(value) as [string, unknown][]) {
    if (typeof field === 'string') continue;
    const isRepeated = Array.isArray(field) && field.length > 1 && field.every((item) => typeof item === 'string');
    if (!isRepeated) {
      throw new AshError(
        'ASH_CANONICALIZATION_ERROR',
        `The form field '${shown(key)}' is nested: send flat fields, repeat a key for a list, or use JSON.`,
      );
    }
  }
  return value as AshFormFields;
}

/** Whether a parser has left a body where it was, whatever stands in its place. */
function isPassedBy({ unread, value }: AshBodyFacts): boolean {
  return unread === true && isNothing(value);
}

/**
 * Express 4 gives `{}` for no body, Express 5 and Fastify give nothing; parsers of bytes and of text give none of them
 * where the request has a length of 0.
 */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** What reads a body on Express, for messages. */
function parserOf(mediaType: string): string {
  if (payloadKindOf(mediaType) === 'form') return 'express.urlencoded({ extended: false })';
  return mediaType === JSON_TYPE ? 'express.json()' : "express.json({ type: ['json', '+json'] })";
}

/** Whether a value says that nothing came. A stream, a promise or a `FormData` shows nothing of what is in it. */
function isNoBody(value: unknown): boolean {
  if (!isNothing(value)) return false;
  if (typeof value !== 'object' || value === null) return true;
  return isPlain(value) || Array.isArray(value) || value instanceof Uint8Array;
}

/** Whether an object is its own fields and nothing else, whatever realm or parser it comes from. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function bodyUnavailable(what: string): AshError {
  return new AshError('ASH_RAW_BODY_UNAVAILABLE', `The body could not be verified: ${what}.`);
}
