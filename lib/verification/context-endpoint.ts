import { AshConfigurationError, AshError, type AshIssuedContext } from '../core/index.js';
import { fault, readBinding } from './declared-binding.js';
import { checkCount } from './issuer.js';
import type { ProtectedRoute } from './protected-route.js';
import { ashErrorBody, type AshErrorBody, type AshStatuses } from './refusal.js';
import type { RouteTable } from './route-table.js';

const DEFAULT_BATCH = 32;
const BAD_REQUEST = 400;

/** How an endpoint answers those who ask for contexts. */
export interface AshContextEndpointOptions {
  /** The most contexts in one answer to a request that says how many it wants: a whole number from 1. Default 32. */
  readonly batch?: number;
  /** The binding that a request gets a context for which names none. Default: such a request is answered 400. */
  readonly defaultBinding?: string;
}

/** One context, or several for a body that says how many. */
export type IssuedContexts = AshIssuedContext | { readonly contexts: readonly AshIssuedContext[] };

/**
 * How many contexts an endpoint issues at once.
 *
 * @throws AshConfigurationError
 */
export function checkBatch(name: string, batch = DEFAULT_BATCH): number {
  if (Number.isSafeInteger(batch) && batch >= 1) return batch;
  throw new AshConfigurationError(`${name}: 'batch' is a whole number from 1, not ${String(batch)}.`);
}

/**
 * Checks that a default binding is one that a context can be issued for.
 *
 * @throws AshConfigurationError
 */
export function checkDefaultBinding<R>(
  name: string,
  defaultBinding: string | undefined,
  table: RouteTable<ProtectedRoute<R>>,
): void {
  if (defaultBinding === undefined) return;
  const binding = readBinding(name, "'defaultBinding'", defaultBinding);
  if (binding.isStatic && table.find(binding.text)) return;
  const what = binding.isStatic ? 'which no protected route declares' : 'which is a pattern: name one concrete path';
  throw fault(name, `'defaultBinding' is '${defaultBinding}', ${what}`);
}

/**
 * Issues what a request to the endpoint asks for. Source: protocol, section 1.
 *
 * @param body The request's body, parsed.
 * @throws AshError as the issuer does, and `ASH_CANONICALIZATION_ERROR` for a body that names no route
 * or no number.
 */
export async function issueContexts<R>(
  issuer: ContextIssuer<R>,
  { body, request, batch, defaultBinding }: ContextQuestion<R>,
): Promise<IssuedContexts> {
  const binding = bindingOf(body, defaultBinding);
  const { count } = (body ?? {}) as { count?: unknown };
  if (count === undefined) return issuer.issueFor(binding, request);
  return { contexts: await issuer.issueBatchFor(binding, request, Math.min(checkCount(count), batch)) };
}

/** What issues contexts to whoever sends a request. */
interface ContextIssuer<R> {
  issueFor(binding: string, request: R): Promise<AshIssuedContext>;
  issueBatchFor(binding: string, request: R, count: number): Promise<AshIssuedContext[]>;
}

/** What somebody asks an endpoint. */
interface ContextQuestion<R> {
  readonly body: unknown;
  readonly request: R;
  readonly batch: number;
  readonly defaultBinding: string | undefined;
}

/** What somebody is told who gets no context. An unknown route is the asker's mistake here, no mismatch with a context. */
export function contextRefusal(error: AshError, statuses: AshStatuses = {}): AshErrorBody {
  return ashErrorBody(error, true, { ASH_BINDING_MISMATCH: BAD_REQUEST, ...statuses });
}

function bindingOf(body: unknown, defaultBinding: string | undefined): string {
  const { binding } = (body ?? {}) as { binding?: unknown };
  if (typeof binding === 'string' && binding !== '') return binding;
  if (binding === undefined && defaultBinding !== undefined) return defaultBinding;
  throw new AshError(
    'ASH_CANONICALIZATION_ERROR',
    'binding: the body names no route: send { "binding": "METHOD /path" } as application/json.',
  );
}
