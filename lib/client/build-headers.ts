import type { AshIssuedContext, AshMode } from '../core/index.js';
import { AshClientError } from './errors.js';
import { signingFault, type SigningContext } from './issued-context.js';
import { payloadOf } from './payload.js';
import { signRequest } from './signer.js';

/** What {@link AshClient.buildHeaders} proves. A context as the server answered it can be spread in. */
export interface AshBuildHeadersOptions extends Partial<AshIssuedContext> {
  /** The context's identifier. */
  readonly contextId: string;
  /** The context's mode. */
  readonly mode: AshMode;
  /** The context's binding, `POST /transfer`. */
  readonly binding: string;
  /**
   * The payload: a JSON value, `URLSearchParams` for a form, bytes for a raw body, `undefined` for no body. A text is
   * refused, since it can be meant as JSON or as it is.
   */
  readonly payload?: unknown;
  /** The query as it stands in the request line, with or without its `?`. Default: none. */
  readonly queryString?: string;
  /** Milliseconds since the epoch by the server's clock. Default: now. */
  readonly timestamp?: number | string;
  /** The proof of the step before, where the route follows one. */
  readonly previousProof?: string | undefined;
}

/** Builds the headers of a request for {@link AshClient.buildHeaders}. `now` is in milliseconds since the epoch. */
export function buildHeaders(options: AshBuildHeadersOptions, now: number): Record<string, string> {
  const { payload, queryString = '', timestamp = now, previousProof, ...fields } = options;
  const context: SigningContext = { ...fields, protocol: fields.protocol ?? (fields.clientSecret ? 'v2.3' : 'v1') };
  const fault = signingFault({ ...context });
  if (fault !== undefined) throw new AshClientError('ASH_CLIENT_CONTEXT_INVALID', `AshClient.buildHeaders: ${fault}.`);
  const facts = {
    payload: payloadOf(payload),
    query: queryString.replace(/^\?/, ''),
    timestamp: timestampOf(timestamp),
    previousProof: previousProof === '' ? undefined : previousProof,
  };
  return signRequest(context, facts).headers;
}

/** A time as it goes over the wire; that it is one is checked where it enters a proof. */
export function timestampOf(time: number | string): string {
  return typeof time === 'number' ? String(Math.round(time)) : time;
}
