import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { checkKeys } from '../core/configuration.js';
import { ContextEndpoint } from '../server/endpoint.js';
import { checkHooks } from '../server/hooks.js';
import { fault } from '../verification/declared-binding.js';
import { pluginOptions, setUp } from './plugin-options.js';
import { ISSUING, type Issuing } from './plugin.js';
import { answerJson, refuse } from './refusal.js';
import type { AshFastifyContextOptions } from './types.js';

const NAME = 'ashFastifyContext';

/**
 * A plugin of Fastify 5 that issues contexts at `POST /ash/context`, for the routes that `ashFastifyPlugin` protects.
 * Register it where your own hooks decide who may ask: a login, a rate limit.
 *
 * @throws AshConfigurationError that names the option and the mend.
 * @example
 * await app.register(async (scope) => {
 *   scope.addHook('onRequest', logIn);
 *   await scope.register(ashFastifyContext, { path: '/ash/context' });
 * });
 *
 * Source: protocol, section 1.
 */
export const ashFastifyContext: FastifyPluginAsync<AshFastifyContextOptions> = (fastify, options) =>
  setUp(() => {
    mapEndpoint(fastify, pluginOptions(options));
  });

function mapEndpoint(fastify: FastifyInstance, options: AshFastifyContextOptions): void {
  checkKeys(NAME, options, ['path', 'batch', 'defaultBinding', 'onError']);
  const { path = '/ash/context', onError } = options;
  checkHooks(NAME, { onError });
  const issuing = (fastify as { [ISSUING]?: Issuing })[ISSUING];
  if (issuing === undefined) throw fault(NAME, 'needs ashFastifyPlugin: register that first, and wait for it');
  const endpoint = new ContextEndpoint<FastifyRequest>(NAME, issuing.protection, { ...options, ...issuing });
  issuing.add(() => {
    endpoint.check();
  });
  fastify.post(path, { config: { ash: false } }, async (request, reply) => {
    try {
      const issued = await endpoint.issue(request);
      return await answerJson(reply.header('Cache-Control', 'no-store'), issued);
    } catch (error) {
      return new Promise((_resolve, reject) => {
        void refuse(error, { request, reply, done: reject }, onError);
      });
    }
  });
}
