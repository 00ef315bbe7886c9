import type { FastifyReply, FastifyRequest } from 'fastify';
import type {
  AshAudit,
  AshBindingOptions,
  AshContextStore,
  AshIssuedContext,
  AshIssueOptions,
  AshRefusalError,
  AshServerOptions,
  AshVerifiedRequest,
} from '../server/index.js';
import type { AshContextEndpointOptions } from '../verification/context-endpoint.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether `ashFastifyPlugin` protects the route, and what the route says for itself. */
    ash?: boolean | AshFastifyRouteOptions;
  }
  interface FastifyRequest {
    /** The request as `ashFastifyPlugin` verified it; `null` where nothing was verified. */
    ash: AshVerifiedRequest | null;
  }
  interface FastifyInstance {
    /** Issues contexts by hand. */
    ash: AshFastifyIssuer;
  }
}

/** What a route of Fastify says for itself, as `config.ash`. */
export interface AshFastifyRouteOptions extends AshBindingOptions<FastifyRequest> {
  /**
   * The binding as clients know it, `POST /transfer`: held against what Fastify maps, when the application becomes
   * ready. Default: what Fastify maps, behind the `publicPrefix`.
   */
  readonly expectedBinding?: string | readonly string[];
}

/** Options of {@link ashFastifyPlugin}; a route has its own as `config.ash`. */
export interface AshFastifyOptions extends Omit<
  AshServerOptions<FastifyRequest>,
  'bindings' | 'expectedBinding' | 'chain' | 'spend' | 'log'
> {
  /** Where contexts are kept. The application ends it. */
  readonly store: AshContextStore;
  /**
   * Which routes are protected: those that say so by `config.ash` (the default), or `all` but those with
   * `config: { ash: false }`.
   */
  readonly routes?: 'marked' | 'all';
  /**
   * What is done at start-up about routes that change state and say nothing in `config.ash`: `off`, `warn` (the
   * default), or `error`.
   */
  readonly audit?: AshAudit;
  /** Says which requests need no proof: those that it gives `true` for. Default: none. */
  readonly skip?: { of(request: FastifyRequest): boolean | Promise<boolean> }['of'];
  /**
   * Answers instead of the library where a request is refused. What it throws goes to the application's error handler.
   * A refused request never comes to its handler, whatever this does. Default: the refusal as JSON, with its status.
   */
  readonly onError?: { of(error: AshRefusalError, request: FastifyRequest, reply: FastifyReply): unknown }['of'];
}

/** Options of {@link ashFastifyContext}. */
export interface AshFastifyContextOptions extends AshContextEndpointOptions {
  /** The path below the prefix of the plugin. Default `/ash/context`. */
  readonly path?: string;
  /** As that of {@link AshFastifyOptions}. */
  readonly onError?: AshFastifyOptions['onError'];
}

/**
 * Issues contexts by hand, for an endpoint of one's own or for pages that are rendered on the server.
 *
 * @example
 * const context = await app.ash.issue({ binding: 'POST /transfer', subject: user.id });
 */
export interface AshFastifyIssuer {
  /**
   * Issues a context for a protected route.
   *
   * @param request The request that asks, for a route whose `ttl` depends on it.
   * @returns The context as it goes to the client. It holds a secret: answer it with `Cache-Control: no-store`.
   * @throws AshError `ASH_BINDING_MISMATCH` for a binding that no protected route has, `ASH_CANONICALIZATION_ERROR` for
   * a malformed one, `ASH_SUBJECT_MISMATCH`, `ASH_STORE_UNAVAILABLE`.
   */
  issue(options: AshIssueOptions, request?: FastifyRequest): Promise<AshIssuedContext>;

  /**
   * Issues a context to whoever sends `request`, by the `subject` function.
   *
   * @throws AshError as {@link issue} does.
   */
  issueFor(binding: string, request: FastifyRequest): Promise<AshIssuedContext>;
}
