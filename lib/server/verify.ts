import type { AshError, AshIssuedContext } from '../core/index.js';
import type { AshContextStore } from '../stores/context-store.js';
import { contextRefusal } from '../verification/context-endpoint.js';
import { fault } from '../verification/declared-binding.js';
import type { AshRequestLike } from '../verification/facts.js';
import type { AshIssueOptions } from '../verification/issuer.js';
import { ashErrorBody, type AshErrorBody, type AshStatuses } from '../verification/refusal.js';
import type { AshRefusal, AshVerifyResult } from '../verification/verdict.js';
import { SERVER_OPTION_KEYS, type AshServerOptions } from './options.js';
import { refusalErrors } from './refusal-error.js';
import { AshServer } from './server.js';

const NO_OPTIONS = {};

// What options declare is checked and made ready once, and not with each request.
const servers = new WeakMap<AshContextStore, WeakMap<object, AshServer<never>>>();

/**
 * Verifies a request of any framework and spends its context.
 *
 * Keep the options in a constant: what they declare is made ready with the first call that gets them. A handler works
 * with `request.payload` of the result, which is what the proof covers.
 *
 * @param store Where the contexts are kept.
 * @param request What the framework knows of the request: method, URL, headers and the body as the handler gets it.
 * @param options What the route demands. Without `expectedBinding` the binding is the request's own method and path.
 * @throws AshConfigurationError for options that cannot be, and for a request without headers by their names.
 * @returns Whether it passed; `step` is what is left to do on a route of a chain: `succeed()` before the answer of a
 * handler that succeeded, with `step.proof` as its `X-ASH-Chain-Proof`, or `fail()`. On a route with `spend: 'handler'`
 * the context is unspent: call `request.spend()` of the result before anything is changed.
 * @example
 * const routes = { bindings: ['POST /transfer'] };
 * const verdict = await ashVerify(store, { method, url, headers, body }, routes);
 * if (verdict.ok) transfer(verdict.request.payload);
 * else answer(ashRefusalBody(verdict));
 *
 * Source: protocol, section 8.
 */
export async function ashVerify<R extends AshRequestLike>(
  store: AshContextStore,
  request: R,
  options: AshServerOptions<R> = NO_OPTIONS,
): Promise<AshVerifyResult> {
  const server = serverOf('ashVerify', store, options);
  checkRequest(request);
  const { protection } = server;
  const route = server.routeOf(request);
  const verdict = await protection.verifyNow(request, route);
  if (verdict.ok) protection.letSpend(verdict, { request, route }, refusalErrors(protection, route));
  return verdict;
}

/**
 * Issues a context by hand, as it goes over the wire. It holds a secret: answer it with `Cache-Control: no-store`.
 *
 * @param store Where the context is kept.
 * @param issue The concrete binding and, where they differ from the route's, subject, scope, ttl, mode, metadata.
 * @param options What the route demands: those that its verification has.
 * @throws AshError `ASH_BINDING_MISMATCH` for a binding that the options do not declare, `ASH_CANONICALIZATION_ERROR`
 * for a malformed one, `ASH_SUBJECT_MISMATCH`, `ASH_STORE_UNAVAILABLE`.
 * @throws AshConfigurationError for options that cannot be.
 * @example
 * const context = await ashIssue(store, { binding: 'POST /transfer', subject: user.id }, routes);
 *
 * Source: protocol, section 1.
 */
export async function ashIssue<R extends AshRequestLike>(
  store: AshContextStore,
  issue: AshIssueOptions,
  options: AshServerOptions<R> = NO_OPTIONS,
): Promise<AshIssuedContext> {
  return serverOf('ashIssue', store, options).protection.issue(issue);
}

/**
 * What the client of a refused request is told, or of one that gets no context: the body of the answer, with its
 * status. In `strict` mode it names no code but `ASH_VERIFICATION_FAILED`.
 *
 * @param refusal What {@link ashVerify} answered, or the `AshError` that {@link ashIssue} threw.
 * @param statuses HTTP statuses to answer instead of the protocol's, by code.
 * @example
 * const body = ashRefusalBody(verdict);
 * response.writeHead(body.statusCode, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
 *
 * Source: protocol, section 8.
 */
export function ashRefusalBody(refusal: AshRefusal | AshError, statuses: AshStatuses = {}): AshErrorBody {
  return refusal instanceof Error
    ? contextRefusal(refusal, statuses)
    : ashErrorBody(refusal, refusal.namesCode, statuses);
}

/**
 * Checks that there are headers that can be read: a request of the web has others, and each would be refused as one that
 * has no proof.
 *
 * @throws AshConfigurationError
 */
function checkRequest(request: { readonly headers?: object } | undefined): void {
  const { headers } = request ?? {};
  if (typeof headers === 'object' && !('get' in headers && typeof headers.get === 'function')) return;
  throw fault(
    'ashVerify',
    'a request is { method, url, headers, body }, its headers an object by their names in lower case: ' +
      'Object.fromEntries(request.headers) for a request of the web',
  );
}

function serverOf<R extends AshRequestLike>(
  name: string,
  store: AshContextStore,
  options: AshServerOptions<R>,
): AshServer<R> {
  const known = servers.get(store)?.get(options) as AshServer<R> | undefined;
  if (known !== undefined) return known;
  const server = new AshServer(name, store, options, SERVER_OPTION_KEYS);
  const ofStore = servers.get(store) ?? new WeakMap<object, AshServer<never>>();
  servers.set(store, ofStore.set(options, server));
  return server;
}
