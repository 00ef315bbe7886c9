import { checkGiven, checkHooks, isSkipped } from '../server/hooks.js';
import { Passage } from '../server/passage.js';
import { AshServer } from '../server/server.js';
import { MIDDLEWARE_KEYS, type AshExpressOptions } from './options.js';
import { refuse } from './refusal.js';
import type { AshExpressHandler, AshExpressNext, AshExpressRequest, AshExpressResponse } from './types.js';

const NAME = 'ashExpressMiddleware';

/**
 * A middleware of Express that verifies a request and spends its context, or refuses it. It stands behind the parser of
 * the body, behind whatever puts another method or URL in the place of the request's, and before the handler. The
 * handler finds the verified request as `request.ash`; where it ends a step of a chain, the answer carries
 * `X-ASH-Chain-Proof`.
 *
 * With `expectedBinding` it protects that route. With `bindings` alone it protects all of them, wherever it is mounted,
 * and refuses every other request. With neither it protects whatever comes, by the request's own method and path.
 *
 * @throws AshConfigurationError that names the option or the route, and the mend.
 * @example
 * app.use(express.json());
 * app.post('/transfer', ashExpressMiddleware({ store, expectedBinding: 'POST /transfer' }), (request, response) => {
 *   response.json({ done: request.ash?.payload });
 * });
 *
 * Source: protocol, section 8.
 */
export function ashExpressMiddleware(options: AshExpressOptions): AshExpressHandler {
  checkGiven(NAME, options);
  const { store, onError, skip } = options;
  const server = new AshServer<AshExpressRequest>(NAME, store, options, MIDDLEWARE_KEYS);
  checkHooks(NAME, { onError, skip });
  const passage = new Passage(server.protection);
  return (request: AshExpressRequest, response: AshExpressResponse, next: AshExpressNext) => {
    const enter = async (): Promise<void> => {
      if (skip !== undefined && (await isSkipped(skip, request))) return;
      await passage.enter(request, response, server.routeOf(request));
    };
    enter().then(
      () => {
        next();
      },
      (error: unknown) => refuse(error, { request, response, next }, onError),
    );
  };
}
