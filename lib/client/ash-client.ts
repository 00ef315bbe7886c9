import type { AshIssuedContext } from '../core/index.js';
import { buildHeaders, type AshBuildHeadersOptions } from './build-headers.js';
import { AshClientChain, readChainState, type AshChainState } from './chain.js';
import { Dispatcher } from './dispatcher.js';
import { checkOption, readOptions, type AshClientOptions, type ClientSettings } from './options.js';
import {
  prepareRequest,
  targetOf,
  type AshCall,
  type AshContextRequestOptions,
  type AshPrefetchOptions,
} from './request.js';
import { AshVerbs } from './verbs.js';

/**
 * Calls routes that are protected with ASH: asks for a context, makes the payload canonical, proves the request, and
 * sends it. It runs wherever there is a `fetch`.
 *
 * Neither the secret of a context nor its nonce is ever sent. Each answer brings the context of the next request for
 * its route, so that only the first one asks for it. A request that the server refused before the handler ran, for
 * example because its context expired, is sent once more with a fresh context; one that may have run is not. Where an
 * answer is lost the same request is sent once more, which the server runs once; see {@link AshClientError.mayHaveRun}.
 *
 * @example
 * const ash = new AshClient({
 *   baseUrl: 'https://shop.example',
 *   headers: () => ({ authorization: `Bearer ${token()}` }),
 * });
 * const response = await ash.post('/transfer', { amount: 100, to: 'acct-7' });
 */
export class AshClient extends AshVerbs {
  readonly #settings: ClientSettings;
  readonly #dispatcher: Dispatcher;

  /**
   * @throws AshConfigurationError for an unknown option or a value that it cannot have; it names the option.
   */
  constructor(options: AshClientOptions = {}) {
    super();
    this.#settings = readOptions(options);
    this.#dispatcher = new Dispatcher(this.#settings);
  }

  /**
   * Proves one request with a context that was obtained by other means, and gives the headers that carry the proof:
   * `X-ASH-Context-ID`, `X-ASH-Proof` and, as the protocol and the context demand them, `X-ASH-Timestamp`,
   * `X-ASH-Scope`, `X-ASH-Scope-Hash`, `X-ASH-Chain-Hash`.
   *
   * Without a `protocol` it is `v2.3` where there is a `clientSecret`, and `v1` otherwise.
   *
   * @throws AshClientError `ASH_CLIENT_CONTEXT_INVALID` for a context that lacks what its protocol needs,
   * `ASH_CLIENT_BODY_UNSUPPORTED` for a payload that cannot be proven.
   * @throws AshError `ASH_CANONICALIZATION_ERROR` for a payload without a canonical form, an unsafe scope or binding;
   * `ASH_TIMESTAMP_INVALID`; `ASH_PROOF_INVALID` for a `previousProof` that is none.
   * @example
   * const headers = AshClient.buildHeaders({ ...context, payload: { name: 'John' } });
   *
   * Source: protocol, section 4.
   */
  static buildHeaders(options: AshBuildHeadersOptions): Record<string, string> {
    return buildHeaders(options, Date.now());
  }

  /**
   * As the static {@link AshClient.buildHeaders}, with the client's clock, which the contexts so far have corrected.
   *
   * @throws AshClientError `ASH_CLIENT_CONTEXT_INVALID`, `ASH_CLIENT_BODY_UNSUPPORTED`
   * @throws AshError `ASH_CANONICALIZATION_ERROR`, `ASH_TIMESTAMP_INVALID`, `ASH_PROOF_INVALID`
   * @example
   * const context = await ash.context('POST', '/api/update');
   * const headers = ash.buildHeaders({ ...context, payload: { name: 'John' } });
   */
  buildHeaders(options: AshBuildHeadersOptions): Record<string, string> {
    return buildHeaders(options, this.#dispatcher.now());
  }

  /**
   * Asks for a context ahead of time. It is good for one request, until it expires.
   *
   * @throws AshClientError with the server's code, `ASH_CLIENT_CONTEXT_REFUSED` or `ASH_CLIENT_URL_INVALID`.
   * @throws AshError `ASH_CANONICALIZATION_ERROR` for a path that no binding can have.
   * @example
   * const context = await ash.context('POST', '/transfer');
   * await ash.post('/transfer', { amount: 100 }, { context });
   *
   * Source: protocol, section 1.
   */
  async context(method: string, path: string | URL, options: AshContextRequestOptions = {}): Promise<AshIssuedContext> {
    return this.#dispatcher.ask(targetOf(String(path), method, options, this.#settings));
  }

  /**
   * Has contexts ready for a route before it is called for the first time, so that this call need not wait for one either.
   * They are used before they expire, or not at all.
   *
   * @throws AshClientError with the server's code, `ASH_CLIENT_CONTEXT_REFUSED`, `ASH_CLIENT_CONTEXT_UNAVAILABLE` or
   * `ASH_CLIENT_URL_INVALID`.
   * @throws AshConfigurationError for a `count` that is not from 0 to 64.
   * @throws AshError `ASH_CANONICALIZATION_ERROR` for a path that no binding can have.
   * @example
   * await ash.prefetch('POST', '/transfer');
   */
  async prefetch(method: string, path: string | URL, options: AshPrefetchOptions = {}): Promise<void> {
    const { count = Math.max(1, this.#settings.prefetch), ...others } = options;
    checkOption('prefetch', count);
    await this.#dispatcher.prefetch(targetOf(String(path), method, others, this.#settings), count);
  }

  /**
   * Throws away the contexts that stand ready, for example when somebody logs out.
   *
   * @example
   * ash.forget();
   */
  forget(): void {
    this.#dispatcher.forget();
  }

  /**
   * Begins a chain of requests, each of which proves the one before it, or goes on with one.
   *
   * @param name The chain's name, as the server declares it.
   * @param state Where an earlier chain stood: its {@link AshClientChain.state}, kept for example over a page load.
   * @throws AshConfigurationError for an empty name, or a state that is another chain's or none.
   * @example
   * const checkout = ash.chain('checkout', JSON.parse(sessionStorage.getItem('checkout') ?? 'null'));
   * await checkout.post('/cart', { sku: 'A1' });
   * sessionStorage.setItem('checkout', JSON.stringify(checkout.state));
   *
   * Source: protocol, section 9.
   */
  chain(name: string, state?: AshChainState | null): AshClientChain {
    return new AshClientChain(readChainState(name, state ?? { name }), {
      prepare: (call) => prepareRequest(call, this.#settings),
      send: (request, step) => this.#dispatcher.send(request, step),
    });
  }

  protected override async call(call: AshCall): Promise<Response> {
    const { response } = await this.#dispatcher.send(await prepareRequest(call, this.#settings));
    return response;
  }
}
