import type { DynamicModule } from '@nestjs/common';
import {
  AshMemoryStore,
  AshModule,
  type AshControllerOptions,
  type AshModuleOptions,
  type AshRefusedEvent,
  type AshRequest,
  type AshVerifiedEvent,
} from 'nestjs-ash';

export const right: AshModuleOptions[] = [
  {},
  { mode: 'strict', ttl: 30_000 },
  { ttl: (request) => (request.headers['x-slow'] === undefined ? 30_000 : 60_000) },
  { subject: ({ headers }) => String(headers['x-user']) },
  { subject: (request: { user?: { id: string }; headers: object }) => request.user?.id },
  { subject: false },
  { scope: ['amount', 'to'], unscoped: 'strip' },
  { payload: ['json', 'form'] },
  { timestampTolerance: false },
  { statuses: { ASH_CTX_EXPIRED: 403 } },
  { store: new AshMemoryStore() },
  { store: AshMemoryStore },
  { renewal: false },
  { audit: 'error', publicPrefix: '/api', clock: Date.now },
  { onRefused: noteRefusal, onVerified: noteVerified },
];

export const wrong: AshModuleOptions[] = [
  // @ts-expect-error: an unknown option
  { timeToLive: 30_000 },
  // @ts-expect-error: no such mode
  { mode: 'lax' },
  // @ts-expect-error: milliseconds are a number
  { ttl: '30s' },
  // @ts-expect-error: false or a function, never true
  { subject: true },
  // @ts-expect-error: who it is is a text
  { subject: () => 42 },
  // @ts-expect-error: a list of paths
  { scope: 'amount,to' },
  // @ts-expect-error: no such treatment
  { unscoped: 'drop' },
  // @ts-expect-error: no such payload
  { payload: 'multipart' },
  // @ts-expect-error: false or milliseconds, never true
  { timestampTolerance: true },
  // @ts-expect-error: no such code
  { statuses: { ASH_EXPIRED: 403 } },
  // @ts-expect-error: a handler has to be written for it, so it is a route's
  { spend: 'handler' },
  // @ts-expect-error: a name is no store
  { store: 'memory' },
  // @ts-expect-error: on or off
  { renewal: 'always' },
  // @ts-expect-error: it stands beside the options, and is no option of its own
  { controller: false },
  // @ts-expect-error: an option is left out, and not undefined
  { renewal: undefined },
];

export const rightControllers: AshControllerOptions[] = [{}, { path: 'v1/context' }, { guards: [] }, { batch: 32 }];

export const wrongControllers: AshControllerOptions[] = [
  // @ts-expect-error: a bound is a number
  { batch: '32' },
  // @ts-expect-error: 1 is the least, and no word for none
  { batch: false },
  // @ts-expect-error: it is written guards
  { guard: [] },
  // @ts-expect-error: a name is no guard
  { guards: ['jwt'] },
];

export function modules(): DynamicModule[] {
  return [
    AshModule.forRoot(),
    AshModule.forRoot({ renewal: false, controller: { batch: 8 } }),
    AshModule.forRoot({ controller: false, isGlobal: false }),
    AshModule.forRootAsync({ useFactory: () => ({ mode: 'strict' }), controller: { batch: 8 } }),
    // @ts-expect-error: false or its options, never true
    AshModule.forRoot({ controller: true }),
    // @ts-expect-error: it belongs to the controller
    AshModule.forRoot({ batch: 8 }),
    // @ts-expect-error: what the factory gives are options
    AshModule.forRootAsync({ useFactory: () => ({ mode: 'lax' }) }),
  ];
}

declare function noteRefusal(event: AshRefusedEvent): void;
/** With the framework's own request. */
declare function noteVerified(event: AshVerifiedEvent, request: AshRequest & { id: string }): Promise<void>;
