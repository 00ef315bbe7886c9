import type { AshErrorCode } from 'nestjs-ash/core';
import { isAshClientError, type AshClientError, type AshClientErrorCode } from 'nestjs-ash/client';
import type { Same } from './same.js';

export const rightCodes: AshClientErrorCode[] = [
  'ASH_CLIENT_RESPONSE_LOST',
  'ASH_CLIENT_CONTEXT_UNAVAILABLE',
  'ASH_CLIENT_CONTEXT_REFUSED',
  'ASH_CLIENT_CONTEXT_INVALID',
  'ASH_CLIENT_CHAIN_MISMATCH',
  'ASH_CLIENT_BODY_UNSUPPORTED',
  'ASH_CLIENT_URL_INVALID',
  'ASH_CTX_EXPIRED',
  'ASH_INTEGRITY_FAILED',
];

export const wrongCodes: AshClientErrorCode[] = [
  // @ts-expect-error: a code that nothing has
  'ASH_CLIENT_UNKNOWN',
  // @ts-expect-error: codes are in capitals
  'ash_ctx_expired',
  // @ts-expect-error: thrown at start-up and by the constructor, not by a call
  'ASH_CONFIGURATION_ERROR',
  // @ts-expect-error: a code is told by its name
  410,
];

export const members: true[] = [
  true satisfies Same<AshClientError['code'], AshClientErrorCode>,
  true satisfies Same<AshClientError['status'], number | undefined>,
  true satisfies Same<AshClientError['response'], Response | undefined>,
  true satisfies Same<AshClientError['mayHaveRun'], boolean>,
  true satisfies Same<AshClientError['name'], 'AshClientError'>,
  true satisfies Same<Exclude<AshErrorCode, AshClientErrorCode>, never>,
];

export function codeOf(error: unknown): unknown {
  // @ts-expect-error: what is caught has no code before it was looked at
  return error.code;
}

/** A refusal by hand, as an application tells them apart. */
export function sentence(error: unknown): string {
  if (!isAshClientError(error)) return 'no answer of ASH';
  switch (error.code) {
    case 'ASH_CTX_EXPIRED':
      return `expired: ${error.status ?? 0}`;
    // @ts-expect-error: a code that nothing has
    case 'ASH_EXPIRED':
      return 'never';
    default:
      return error.message;
  }
}
