import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { isAshClientError, type AshClient, type AshFetch } from '../client/index.js';
import { LONGEST_TIMER } from '../core/configuration.js';
import { responseOf } from './answer.js';
import { bodyOf } from './body.js';
import type { AshAxiosCall } from './call.js';
import { Cancellation } from './cancellation.js';
import { asOfFetch, isUnsent, requestError, statusError } from './failure.js';
import { callerHeaders, provenHeaders } from './headers.js';
import { sendBy, wayOf, type Adapters } from './transport.js';
import { until } from './until.js';

/** One request of axios that is proven: the client proves it, and the adapters of the instance send it. */
export class ProvenRequest {
  readonly #cancellation: Cancellation;
  /** What the adapter answered, by what the client was handed for it. */
  readonly #answers = new Map<Response, AxiosResponse<unknown>>();

  constructor(
    private readonly config: InternalAxiosRequestConfig<unknown, unknown>,
    private readonly call: AshAxiosCall,
    private readonly adapters: Adapters,
  ) {
    this.#cancellation = new Cancellation(config);
  }

  /**
   * Sends the request.
   *
   * @throws AxiosError for a refusal, whatever `validateStatus` says, and for any other status that it does not let pass.
   */
  async send(client: AshClient, url: string): Promise<AxiosResponse<unknown>> {
    const { validateStatus } = this.config;
    const answer = await this.#answer(client, url);
    if (!validateStatus || validateStatus(answer.status)) return answer;
    throw statusError(answer, this.config);
  }

  async #answer(client: AshClient, url: string): Promise<AxiosResponse<unknown>> {
    const { signal } = this.#cancellation;
    try {
      const response = await this.#prove(this.call.chain ?? client, url);
      const answer = this.#answers.get(response);
      if (answer === undefined) throw new TypeError('The answer is none of those that the adapter gave.');
      return answer;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw requestError(error, this.config, await this.#answerOf(error));
    } finally {
      this.#cancellation.release();
    }
  }

  #prove(via: Pick<AshClient, 'fetch'>, url: string): Promise<Response> {
    const { method = 'get', headers: own, data, auth, timeout = 0, withCredentials } = this.config;
    const { payload, context } = this.call;
    const { body, contentType } = bodyOf(data, own.getContentType()?.toString(), payload);
    const headers = callerHeaders(own, auth);
    if (contentType !== undefined) headers.set('content-type', contentType);
    return via.fetch(url, {
      method,
      headers,
      body: body ?? null,
      signal: this.#cancellation.signal,
      fetch: this.#fetch,
      ...(withCredentials ? { credentials: 'include' as const } : {}),
      ...(timeout >= 1 ? { timeout: Math.min(timeout, LONGEST_TIMER) } : {}),
      ...(payload === undefined ? {} : { payload }),
      ...(context === undefined ? {} : { context }),
    });
  }

  /** Sends what the client has proven. The time-out, the signal and the token of the configuration end it as ever. */
  readonly #fetch: AshFetch = async (url, init) => {
    const { baseURL, params, paramsSerializer, auth, ...config } = this.config;
    const way = wayOf(init, config);
    const sent = {
      ...config,
      ...way,
      url,
      headers: provenHeaders(config.headers, auth, init.headers),
      data: init.body ?? undefined,
    };
    const answer = await sendBy(this.adapters, sent).catch((error: unknown) => {
      // Ended, and so not taken for lost.
      if (isUnsent(error)) this.#cancellation.end(requestError(error, this.config, undefined));
      throw asOfFetch(error);
    });
    answer.config = this.config;
    const reading = responseOf(answer, { url, followed: way.maxRedirects !== 0, whole: false });
    // The adapters of axios end a body that is a stream with nothing.
    const response = await until(reading, init.signal);
    this.#answers.set(response, answer);
    return response;
  };

  /** The answer that an error is about: to this request, or to the one for its context. */
  async #answerOf(error: unknown): Promise<AxiosResponse<unknown> | undefined> {
    if (!isAshClientError(error) || error.response === undefined) return undefined;
    const { response } = error;
    // What is no error holds a context, and a secret in it.
    if (response.status < 400) return undefined;
    return this.#answers.get(response) ?? asAnswer(response, this.config);
  }
}

async function asAnswer(response: Response, config: InternalAxiosRequestConfig): Promise<AxiosResponse<unknown>> {
  const { status, statusText } = response;
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => {
    headers[name] = value;
  });
  return { data: await response.text().catch(() => ''), status, statusText, headers, config };
}
