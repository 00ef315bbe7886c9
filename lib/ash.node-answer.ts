import type { NodeAnswer } from './verification/node-answer.js';

/** Node's own response: Express's is one, Fastify's holds it. */
export function nodeAnswerOf<A extends NodeAnswer>(response: A | { readonly raw: A }): A {
  return 'raw' in response ? response.raw : response;
}
