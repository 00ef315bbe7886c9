import { fault } from './declared-binding.js';

/** What Fastify tells of its router. */
export interface FastifyRouterConfig {
  readonly useSemicolonDelimiter?: boolean | undefined;
  readonly routerOptions?: object | undefined;
}

/**
 * A router that begins the query at a `;` hands the handler a query that no proof covers.
 *
 * @throws AshConfigurationError
 */
export function checkFastifyRouter(name: string, config: FastifyRouterConfig | undefined): void {
  const router: { readonly useSemicolonDelimiter?: boolean | undefined } = config?.routerOptions ?? {};
  if (router.useSemicolonDelimiter || config?.useSemicolonDelimiter) {
    throw fault(
      name,
      "Fastify's 'useSemicolonDelimiter' begins the query at a ';', which no proof covers: turn it off",
    );
  }
}
