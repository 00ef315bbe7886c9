import { AshClient, type AshBuildHeadersOptions } from 'nestjs-ash/client';
import type { AshIssuedContext } from 'nestjs-ash/core';
import type { Same } from './same.js';

const FIELDS = { contextId: 'ash_1', mode: 'balanced', binding: 'POST /transfer' } as const;

export const right: AshBuildHeadersOptions[] = [
  FIELDS,
  { ...FIELDS, clientSecret: '0'.repeat(64) },
  { ...FIELDS, protocol: 'v1', payload: {} },
  { ...FIELDS, payload: new URLSearchParams('a=1') },
  { ...FIELDS, payload: new Uint8Array(3) },
  { ...FIELDS, queryString: 'year=2026' },
  { ...FIELDS, timestamp: 1_760_000_000_000 },
  { ...FIELDS, timestamp: '1760000000000' },
  { ...FIELDS, previousProof: '0'.repeat(64) },
  { ...FIELDS, previousProof: undefined },
];

export const wrong: AshBuildHeadersOptions[] = [
  // @ts-expect-error: a context without its mode
  { contextId: 'ash_1', binding: 'POST /transfer' },
  // @ts-expect-error: a context without its binding
  { contextId: 'ash_1', mode: 'balanced' },
  // @ts-expect-error: a context without its identifier
  { mode: 'balanced', binding: 'POST /transfer' },
  // @ts-expect-error: no such mode
  { ...FIELDS, mode: 'lax' },
  // @ts-expect-error: no such protocol
  { ...FIELDS, protocol: 'v3' },
  // @ts-expect-error: milliseconds, not a date
  { ...FIELDS, timestamp: new Date() },
  // @ts-expect-error: it is written queryString
  { ...FIELDS, query: 'year=2026' },
  // @ts-expect-error: it is written payload
  { ...FIELDS, body: {} },
  // @ts-expect-error: a proof is a text
  { ...FIELDS, previousProof: 1 },
];

export function headers(ash: AshClient, context: AshIssuedContext): Record<string, string>[] {
  return [
    AshClient.buildHeaders({ ...context, payload: { amount: 100 } }),
    ash.buildHeaders({ ...context, payload: { amount: 100 }, previousProof: ash.chain('checkout').previousProof }),
    // @ts-expect-error: what is proven is said
    AshClient.buildHeaders(),
  ];
}

export const answer = true satisfies Same<ReturnType<typeof AshClient.buildHeaders>, Record<string, string>>;
