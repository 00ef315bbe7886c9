import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { AshInterceptor } from '../ash.interceptor.js';
import type { AshChainOptions } from '../verification/chain-rules.js';
import { CHAIN_KEY, type ChainMetadata } from '../ash.metadata.js';

/**
 * Makes a protected route a step of a chain: a request proves that the step before it has succeeded.
 *
 * @param chain The chain's name. A chain has a start, and every step is reached from it; that is checked at start-up.
 * @param options `{ start: true }` for a route that begins the chain, `{ after: 'POST /cart' }` for one that follows a
 * declared binding; without either the route follows any step.
 * @example
 * @Post('payment')
 * @AshProtected('POST /payment')
 * @AshChain('checkout', { after: 'POST /checkout', timeout: 600_000 })
 * payment(@Body() dto: CardDto) { … }
 *
 * Source: protocol, section 9.
 */
export function AshChain(chain: string, options: AshChainOptions = {}): MethodDecorator {
  const metadata: ChainMetadata = { chain, options };
  return applyDecorators(SetMetadata(CHAIN_KEY, metadata), UseInterceptors(AshInterceptor));
}
