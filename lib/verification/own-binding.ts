import { ashNormalizeBinding, isAshError } from '../core/index.js';
import type { AshRequestFacts } from './facts.js';

/**
 * The binding that a request has by its own method and path; nothing for a path that no binding has, and where the
 * application has put another path in the place of the request's.
 *
 * @param publicPrefix What a proxy has stripped from the path.
 */
export function ownBinding(
  { method, path }: Pick<AshRequestFacts, 'method' | 'path'>,
  publicPrefix: string,
): string | undefined {
  const served = path?.();
  if (served === undefined) return undefined;
  try {
    return ashNormalizeBinding(method, publicPrefix + served);
  } catch (error) {
    if (isAshError(error)) return undefined;
    throw error;
  }
}
