import { INSPECT } from '../core/inspection.js';
import {
  ashDeriveClientSecret,
  ashGenerateContextId,
  ashGenerateNonce,
  type AshMode,
  type AshProtocol,
} from '../core/index.js';

/** What an application attaches to a context: any JSON value. */
export type AshContextMetadata = Readonly<Record<string, unknown>>;

/** Options for creating a context in a store. */
export interface AshContextOptions {
  /** The route that the context is good for, `POST /transfer`, normalised. */
  readonly binding: string;
  /** How long the context lives, in milliseconds. */
  readonly ttlMs: number;
  /** Default `balanced`. */
  readonly mode?: AshMode;
  /** Default `v2.3`. */
  readonly protocol?: AshProtocol;
  /** Who the context is issued to. */
  readonly subject?: string;
  /** A scope that was chosen for this one context, instead of the route's. */
  readonly scope?: readonly string[];
  /** Given back when the context is verified. */
  readonly metadata?: AshContextMetadata;
}

/**
 * A context as the server keeps it.
 *
 * `nonce` is a secret: in the objects that {@link ashContext} makes it is readable by name, and shown by neither
 * `console.log`, `util.inspect` nor `JSON.stringify`.
 *
 * Source: protocol, section 1.
 */
export interface AshContext {
  readonly id: string;
  readonly binding: string;
  readonly mode: AshMode;
  readonly protocol: AshProtocol;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly expiresAt: number;
  /** Milliseconds since the epoch, by the server's clock; absent while the context is unspent. */
  readonly consumedAt?: number;
  readonly subject?: string;
  readonly scope?: readonly string[];
  readonly metadata?: AshContextMetadata;
  /** The root of the client's secret. Never leaves the server, but for `v1` in `strict` mode. */
  readonly nonce: string;
}

type OptionalField = 'consumedAt' | 'subject' | 'scope' | 'metadata';

/**
 * All of a context but its identifier, where what is left out may also be `undefined`: objects that have all of their
 * fields, in one order, are read several times as fast as such that have some of them.
 */
export type ContextFields = Omit<AshContext, 'id' | OptionalField> & {
  readonly [Field in OptionalField]?: AshContext[Field] | undefined;
};

class ContextRecord implements AshContext {
  readonly #nonce: string;
  #clientSecret: string | undefined = undefined;
  declare readonly id: string;
  declare readonly binding: string;
  declare readonly mode: AshMode;
  declare readonly protocol: AshProtocol;
  declare readonly issuedAt: number;
  declare readonly expiresAt: number;
  declare readonly consumedAt?: number;
  declare readonly subject?: string;
  declare readonly scope?: readonly string[];
  declare readonly metadata?: AshContextMetadata;

  constructor(id: string, fields: ContextFields) {
    // Each by its name: to copy the rest of an object costs four times as much.
    const { consumedAt, subject, scope, metadata } = fields;
    this.#nonce = fields.nonce;
    this.id = id;
    this.binding = fields.binding;
    this.mode = fields.mode;
    this.protocol = fields.protocol;
    this.issuedAt = fields.issuedAt;
    this.expiresAt = fields.expiresAt;
    if (consumedAt !== undefined) this.consumedAt = consumedAt;
    if (subject !== undefined) this.subject = subject;
    if (scope !== undefined) this.scope = scope;
    if (metadata !== undefined) this.metadata = metadata;
    Object.freeze(this);
  }

  /** Without the nonce, also where getters are to be shown. */
  [INSPECT](): object {
    return Object.fromEntries(Object.entries(this));
  }

  get nonce(): string {
    return this.#nonce;
  }

  /** See {@link clientSecretOf}. */
  static clientSecretOf(context: AshContext): string {
    if (!(#clientSecret in context)) return deriveSecretOf(context);
    return (context.#clientSecret ??= deriveSecretOf(context));
  }
}

function deriveSecretOf({ nonce, id, binding }: AshContext): string {
  return ashDeriveClientSecret(nonce, id, binding);
}

/**
 * The key that the client of a context proves its request with. Of a context that stays in this process it is derived when
 * that is issued, and not once more when its request comes.
 *
 * @throws AshError as `ashDeriveClientSecret` does.
 */
export function clientSecretOf(context: AshContext): string {
  return ContextRecord.clientSecretOf(context);
}

/**
 * A context whose nonce no log and no error report shows. A store that reads contexts from elsewhere gives them back
 * through this function.
 *
 * @example
 * return ashContext({ id, binding, mode, protocol, issuedAt, expiresAt, nonce });
 */
export function ashContext(fields: AshContext): AshContext {
  return new ContextRecord(fields.id, fields);
}

/** The same of fields that were put together for it. */
export function contextOf(id: string, fields: ContextFields): AshContext {
  return new ContextRecord(id, fields);
}

/**
 * A new context with a fresh identifier and nonce, for a store to keep.
 *
 * @param now Milliseconds since the epoch.
 * @throws RangeError where `ttlMs` is no positive number.
 * @example
 * const context = ashNewContext({ binding: 'POST /transfer', ttlMs: 30_000 }, Date.now());
 */
export function ashNewContext(options: AshContextOptions, now: number): AshContext {
  return new ContextRecord(ashGenerateContextId(), newContextFields(options, now));
}

/**
 * What a new context has beside its identifier.
 *
 * @throws RangeError where `ttlMs` is no positive number.
 */
export function newContextFields(options: AshContextOptions, now: number): ContextFields {
  const { binding, ttlMs, mode = 'balanced', protocol = 'v2.3', subject, scope, metadata } = options;
  if (!Number.isFinite(ttlMs) || ttlMs <= 0) {
    throw new RangeError(`ttlMs is a positive number of milliseconds, not ${String(ttlMs)}.`);
  }
  return {
    binding,
    mode,
    protocol,
    issuedAt: now,
    expiresAt: now + ttlMs,
    subject,
    scope,
    metadata,
    nonce: ashGenerateNonce(),
  };
}
