import { ashNormalizeBinding, isAshError } from '../core/index.js';
import type { AshRequestFacts } from './facts.js';

/**
 * The binding that a request has by its own method and path; nothing for a path that no binding has, and where the
 * application has put another target in the place of the request's.
 *
 * @param publicPrefix What a proxy has stripped from the path.
 */
export function ownBinding(
  { method, path }: Pick<AshRequestFacts, 'method' | 'path'>,
  publicPrefix: string,
): string | undefined {
  const served = path?.();
  // A run of `/` is one in a binding and several to a router, which has another handler for them.
  if (served?.includes('//') !== false) return undefined;
  try {
    return ashNormalizeBinding(method, publicPrefix + served);
  } catch (error) {
    if (isAshError(error)) return undefined;
    throw error;
  }
}

/**
 * Whether a request has a binding by its own method and path, letter for letter. Most do, and a binding that is in its
 * normal form already need not be brought there again.
 */
export function hasOwnBinding(
  { method, path }: Pick<AshRequestFacts, 'method' | 'path'>,
  publicPrefix: string,
  binding: string,
): boolean {
  const served = path?.();
  return served !== undefined && `${method} ${publicPrefix}${served}` === binding;
}

/** Whether a request's path has a slash at its end, which its binding drops. */
export function hasSlashAtEnd({ path }: Pick<AshRequestFacts, 'path'>): boolean {
  const served = path?.() ?? '';
  return served.length > 1 && served.endsWith('/');
}

/** Whether a router has filled a slash at the end in, be it into a text or into a list of segments. */
export function hasParameterWithSlash({ params }: Pick<AshRequestFacts, 'params'>): boolean {
  return Object.values(params).some((value) => (Array.isArray(value) ? value.join('/') : String(value)).endsWith('/'));
}

/** Whether a router can take one path for the other. */
export function isSpelledAlike(a: string, b: string): boolean {
  const spelling = commonSpelling(a);
  return spelling !== undefined && spelling === commonSpelling(b);
}

/**
 * What the paths have in common that a router can take for each other: by default Express minds no case, and Fastify
 * decodes. Nothing for what cannot be decoded, which has one spelling.
 */
export function commonSpelling(path: string): string | undefined {
  try {
    return decodeURIComponent(path).toLowerCase();
  } catch {
    return undefined;
  }
}
