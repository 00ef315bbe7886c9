import { CanceledError, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';

type Cancel = Parameters<NonNullable<AxiosRequestConfig['cancelToken']>['unsubscribe']>[0];

/** The end that the caller can put to a request, by a signal or by a token of axios. */
export class Cancellation {
  readonly #controller = new AbortController();
  readonly #byToken: Cancel;
  readonly #bySignal = (): void => {
    this.end(new CanceledError(undefined, this.config));
  };

  constructor(private readonly config: InternalAxiosRequestConfig) {
    const { signal, cancelToken } = config;
    this.#byToken = (reason: unknown) => {
      this.end(reason);
    };
    cancelToken?.subscribe(this.#byToken);
    if (signal?.aborted) this.#bySignal();
    else signal?.addEventListener?.('abort', this.#bySignal);
  }

  /** Aborted with what the call rejects with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the request, whoever waits for it. */
  end(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Leaves the caller's signal and token, which can outlive the request. */
  release(): void {
    const { signal, cancelToken } = this.config;
    cancelToken?.unsubscribe(this.#byToken);
    signal?.removeEventListener?.('abort', this.#bySignal);
  }
}
