import type { AshCall, AshFetchInit, AshRequestOptions } from './request.js';

/**
 * The calls that {@link AshClient} and {@link AshClientChain} share. Each gives a `Response` as `fetch` does, also for
 * an error of the application, and rejects for a refusal of the protocol.
 *
 * A body is encoded by what it is. `undefined` is none. An object, array, number, boolean or `null` is sent as
 * canonical JSON, `URLSearchParams` as a form. A text, bytes, a `Blob` or `FormData` are sent as they are, and
 * proven as their content type says: as JSON, as a form, or as raw bytes. A stream cannot be proven.
 *
 * Each call throws an `AshClientError` with the code of the refusal, or with `ASH_CLIENT_RESPONSE_LOST`,
 * `ASH_CLIENT_CONTEXT_UNAVAILABLE`, `ASH_CLIENT_CONTEXT_REFUSED`, `ASH_CLIENT_CONTEXT_INVALID`,
 * `ASH_CLIENT_CHAIN_MISMATCH`, `ASH_CLIENT_BODY_UNSUPPORTED` or `ASH_CLIENT_URL_INVALID`; an `AshError`
 * `ASH_CANONICALIZATION_ERROR` for a payload or a path without a canonical form; and the reason of the caller's own
 * signal.
 */
export abstract class AshVerbs {
  protected abstract call(call: AshCall): Promise<Response>;

  /**
   * Sends a GET.
   *
   * @throws AshClientError with the code of the refusal.
   * @example
   * const statement = await (await ash.get('/accounts/42?year=2026')).json();
   */
  get(path: string | URL, options: AshRequestOptions = {}): Promise<Response> {
    return this.call({ input: path, method: 'GET', body: undefined, options });
  }

  /**
   * Sends a POST.
   *
   * @throws AshClientError with the code of the refusal.
   * @example
   * await ash.post('/transfer', { amount: 100, to: 'acct-7' });
   */
  post(path: string | URL, body?: unknown, options: AshRequestOptions = {}): Promise<Response> {
    return this.call({ input: path, method: 'POST', body, options });
  }

  /**
   * Sends a PUT.
   *
   * @throws AshClientError with the code of the refusal.
   * @example
   * await ash.put('/accounts/42/limit', { limit: 500 });
   */
  put(path: string | URL, body?: unknown, options: AshRequestOptions = {}): Promise<Response> {
    return this.call({ input: path, method: 'PUT', body, options });
  }

  /**
   * Sends a PATCH.
   *
   * @throws AshClientError with the code of the refusal.
   * @example
   * await ash.patch('/profile', new URLSearchParams({ name: 'Ada' }));
   */
  patch(path: string | URL, body?: unknown, options: AshRequestOptions = {}): Promise<Response> {
    return this.call({ input: path, method: 'PATCH', body, options });
  }

  /**
   * Sends a DELETE. The options are the third argument, since a DELETE can have a body.
   *
   * @throws AshClientError with the code of the refusal.
   * @example
   * await ash.delete('/accounts/42', undefined, { signal });
   */
  delete(path: string | URL, body?: unknown, options: AshRequestOptions = {}): Promise<Response> {
    return this.call({ input: path, method: 'DELETE', body, options });
  }

  /**
   * Sends a request as the platform's `fetch` does, so that it can stand in its place.
   *
   * @throws AshClientError with the code of the refusal.
   * @example
   * await ash.fetch('/transfer', {
   *   method: 'POST',
   *   headers: { 'content-type': 'application/json' },
   *   body: JSON.stringify({ amount: 100 }),
   * });
   */
  fetch(input: string | URL | Request, init: AshFetchInit = {}): Promise<Response> {
    const { method, body, ...options } = init;
    return this.call({ input, method, body: body ?? undefined, options });
  }
}
