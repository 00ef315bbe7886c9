import type { AxiosRequestConfig } from 'axios';
import type { AshCallOptions, AshClientChain } from '../client/index.js';
import { checkKeys } from '../core/configuration.js';

/** What ASH is told of one request of a protected axios instance. */
export interface AshAxiosCall extends Pick<AshCallOptions, 'payload' | 'context'> {
  /** Whether the request is proven, whatever the instance's `protect` says. Default `true`. */
  readonly protect?: boolean;
  /** The chain that the request is a step of, made by `api.ash.chain`. */
  readonly chain?: AshClientChain;
}

// A text, since a symbol gets lost where older versions of axios merge their configurations.
const KEY = 'ashCall';
const OPTIONS = ['protect', 'chain', 'payload', 'context'] as const satisfies readonly (keyof AshAxiosCall)[];

/** Configurations stand in errors and logs, and a context holds a secret: what was told is shown in none of them. */
class Told {
  declare readonly options: AshAxiosCall;

  constructor(options: AshAxiosCall) {
    Object.defineProperty(this, 'options', { value: options });
  }

  toJSON(): object {
    return {};
  }
}

/**
 * What one request says to ASH, as a part of its axios configuration: that it is a step of a chain, how its route reads
 * the body, or whether it is proven at all.
 *
 * @throws AshConfigurationError for an unknown option; it names the known ones.
 * @example
 * await api.get('/statement', ashCall());
 * await api.post('/login', credentials, ashCall({ protect: false }));
 * await api.post('/upload', bytes, { timeout: 5_000, ...ashCall({ payload: 'raw' }) });
 */
export function ashCall(options: AshAxiosCall = {}): AxiosRequestConfig {
  checkKeys('ashCall', options, OPTIONS);
  const config: AxiosRequestConfig & Record<typeof KEY, Told> = { [KEY]: new Told(options) };
  return config;
}

/** What a request said with {@link ashCall}; `undefined` where it said nothing. */
export function callOf(config: AxiosRequestConfig & { readonly [KEY]?: Told }): AshAxiosCall | undefined {
  return config[KEY]?.options;
}
