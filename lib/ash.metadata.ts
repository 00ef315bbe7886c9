import type { AshRouteOptions } from './verification/route-options.js';
import type { AshChainOptions } from './verification/chain-rules.js';

// Two copies of the package can meet in one process, so the keys are spelled out and shared.

/** The metadata key of {@link AshProtected}. */
export const PROTECTED_KEY = 'ash:protected';
/** The metadata key of {@link AshChain}. */
export const CHAIN_KEY = 'ash:chain';
/** The metadata key of {@link SkipAsh}. */
export const SKIP_KEY = 'ash:skip';

/** The metadata key of {@link AshEncrypted}. */
export const ENCRYPTED_KEY = 'ash:encrypted';

/** The metadata key of the methods of a class that have {@link AshProtected}, on its prototype. */
export const METHODS_KEY = 'ash:methods';
/** The metadata key of the methods of a class that have {@link AshEncrypted}, on its prototype. */
export const ENCRYPTED_METHODS_KEY = 'ash:encrypted-methods';

/**
 * Notes on the class, under a key, which of its methods are decorated, since a decorator that wraps a method hides it from
 * Nest.
 */
export function noteMethod(key: string): MethodDecorator & ClassDecorator {
  return (target: object, method?: string | symbol): void => {
    if (method === undefined) return;
    const noted = (Reflect.getOwnMetadata(key, target) ?? []) as (string | symbol)[];
    Reflect.defineMetadata(key, [...noted, method], target);
  };
}

/** What {@link AshProtected} leaves on a handler or a controller. */
export interface ProtectedMetadata {
  readonly bindings: readonly string[];
  readonly options: AshRouteOptions;
}

/** What {@link AshChain} leaves on a handler. */
export interface ChainMetadata {
  readonly chain: string;
  readonly options: AshChainOptions;
}

/** What marks an instance of `AshGuard`, whichever copy of the package it comes from. */
export const GUARD_MARK = Symbol.for('ash:guard');
