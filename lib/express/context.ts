import { ContextEndpoint } from '../server/endpoint.js';
import { checkGiven, checkHooks } from '../server/hooks.js';
import { AshServer } from '../server/server.js';
import { fault } from '../verification/declared-binding.js';
import { CONTEXT_KEYS, type AshExpressContextOptions } from './options.js';
import { refuse } from './refusal.js';
import type { AshExpressHandler, AshExpressNext, AshExpressRequest, AshExpressResponse } from './types.js';

const NAME = 'ashExpressContext';

/**
 * A handler of Express that issues contexts: `POST { "binding": "POST /transfer" }`. It stands behind the parser of the
 * body, and behind whatever decides who may ask: a login, a rate limit. It issues for `bindings` and for nothing else;
 * give it the options that the middlewares have, so that both go by the same rules.
 *
 * @throws AshConfigurationError that names the option or the route, and the mend.
 * @example
 * app.post('/ash/context', ashExpressContext({ store, bindings: ['POST /transfer'] }));
 *
 * Source: protocol, section 1.
 */
export function ashExpressContext(options: AshExpressContextOptions): AshExpressHandler {
  checkGiven(NAME, options);
  const { store, onError, skip, bindings, expectedBinding } = options;
  const server = new AshServer<AshExpressRequest>(NAME, store, options, CONTEXT_KEYS);
  checkHooks(NAME, { onError, skip });
  if (bindings === undefined && expectedBinding === undefined) {
    throw fault(NAME, "'bindings' is missing: contexts are issued for the routes that it names");
  }
  const endpoint = new ContextEndpoint(NAME, server.protection, options);
  endpoint.check();
  return (request: AshExpressRequest, response: AshExpressResponse, next: AshExpressNext) => {
    if (request.method !== 'POST') {
      next();
      return;
    }
    const answer = async (): Promise<void> => {
      const issued = await endpoint.issue(request);
      // Somebody else has answered meanwhile, a time-out of the application's own for one: nothing is left to say.
      if (response.headersSent) return;
      response.setHeader('Cache-Control', 'no-store');
      response.json(issued);
    };
    answer().catch((error: unknown) => refuse(error, { request, response, next }, onError));
  };
}
