import type { NodeAnswer } from './verification/node-answer.js';

/** Node's own response: Express's is one, Fastify's holds it. */
export function nodeAnswerOf(response: NodeAnswer | { readonly raw: NodeAnswer }): NodeAnswer {
  return 'raw' in response ? response.raw : response;
}
