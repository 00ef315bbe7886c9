import type { AshContextStore, AshRefusalError, AshServerOptions } from '../server/index.js';
import { SERVER_OPTION_KEYS } from '../server/options.js';
import type { AshContextEndpointOptions } from '../verification/context-endpoint.js';
import type { AshExpressNext, AshExpressRequest, AshExpressResponse } from './types.js';

/** Options that the middleware and the context endpoint share. */
interface SharedOptions extends AshServerOptions<AshExpressRequest> {
  /** Where contexts are kept. The application ends it. */
  readonly store: AshContextStore;
  /**
   * Answers instead of the library where a request is refused. It answers by itself, or calls `next` with an error for
   * the application's error handling: without one `next` gets the refusal, so that a refused request never comes to its
   * handler. Default: the refusal as JSON, with its status.
   */
  readonly onError?: {
    of(error: AshRefusalError, request: AshExpressRequest, response: AshExpressResponse, next: AshExpressNext): unknown;
  }['of'];
}

/** Options of {@link ashExpressMiddleware}. */
export interface AshExpressOptions extends SharedOptions {
  /** Says which requests need no proof: those that it gives `true` for. Default: none. */
  readonly skip?: { of(request: AshExpressRequest): boolean | Promise<boolean> }['of'];
}

/** Options of {@link ashExpressContext}. */
export interface AshExpressContextOptions extends AshExpressOptions, AshContextEndpointOptions {}

/** The option names of {@link AshExpressOptions}. */
export const MIDDLEWARE_KEYS = [
  ...SERVER_OPTION_KEYS,
  'store',
  'onError',
  'skip',
] as const satisfies readonly (keyof AshExpressOptions)[];

/** The option names of {@link AshExpressContextOptions}. */
export const CONTEXT_KEYS = [
  ...MIDDLEWARE_KEYS,
  'batch',
  'defaultBinding',
] as const satisfies readonly (keyof AshExpressContextOptions)[];
