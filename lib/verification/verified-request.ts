import { AshConfigurationError } from '../core/index.js';
import type { AshVerifiedRequest } from './verdict.js';

type Spend = AshVerifiedRequest['spend'];

/** What a handler learns of its request. Its method is no field of it: what copies or prints it sees the fields alone. */
export function verifiedRequest(route: string, fields: Omit<AshVerifiedRequest, 'spend'>): AshVerifiedRequest {
  return withSpend(fields, () =>
    Promise.reject(
      new AshConfigurationError(
        `${route}: the context is spent already; give the route the option spend: 'handler' to spend it in the handler.`,
      ),
    ),
  );
}

/** Gives a verified request the way in which it spends its context. */
export function withSpend(request: Omit<AshVerifiedRequest, 'spend'>, spend: Spend): AshVerifiedRequest {
  return Object.defineProperty(request, 'spend', { value: spend, configurable: true }) as AshVerifiedRequest;
}
