import { AshChain, AshProtected, AshVerified, SkipAsh, type AshChainOptions, type AshRouteOptions } from 'nestjs-ash';

export const rightRoutes: AshRouteOptions[] = [
  {},
  { scope: ['amount', 'user.address.city'], unscoped: 'reject', ttl: 10_000 },
  { payload: 'raw', spend: 'handler', renewal: false },
  { protocol: 'v1', mode: 'minimal', query: 'ignore' },
  { subject: false },
];

export const wrongRoutes: AshRouteOptions[] = [
  // @ts-expect-error: an unknown option
  { scopes: ['amount'] },
  // @ts-expect-error: no such protocol
  { protocol: 'v2' },
  // @ts-expect-error: the guard or the handler, nobody else
  { spend: 'interceptor' },
  // @ts-expect-error: covered or ignored
  { query: true },
  // @ts-expect-error: a store is the module's
  { store: undefined },
  // @ts-expect-error: on or off
  { renewal: 'on' },
  // @ts-expect-error: bytes are a number
  { maxPayloadBytes: '1mb' },
];

export const rightSteps: AshChainOptions[] = [
  {},
  { start: true },
  { after: 'POST /cart' },
  { after: ['POST /cart', 'POST /voucher'], timeout: 600_000 },
];

export const wrongSteps: AshChainOptions[] = [
  // @ts-expect-error: a word for yes is no yes
  { start: 'yes' },
  // @ts-expect-error: the binding that it follows, as text
  { after: { method: 'POST', path: '/cart' } },
  // @ts-expect-error: it is written after
  { follows: 'POST /cart' },
  // @ts-expect-error: milliseconds are a number
  { timeout: '10m' },
];

export function decorators(): unknown[] {
  return [
    AshProtected(),
    AshProtected('POST /transfer'),
    AshProtected(['POST /transfer', 'POST /v1/transfer'], { ttl: 10_000 }),
    AshChain('checkout', { start: true }),
    SkipAsh(),
    AshVerified(),
    AshVerified('payload'),
    // @ts-expect-error: the binding comes first
    AshProtected({ ttl: 10_000 }),
    // @ts-expect-error: one text, not two
    AshProtected('POST', '/transfer'),
    // @ts-expect-error: a chain has a name
    AshChain(),
    // @ts-expect-error: it takes nothing
    SkipAsh(true),
    // @ts-expect-error: no member of a verified request
    AshVerified('clientSecret'),
  ];
}
