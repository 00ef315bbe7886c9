import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import type { AshClientOptions } from '../client/index.js';
import { isSafeMethod } from '../client/refusal.js';
import { checkKeys } from '../core/configuration.js';
import { AshConfigurationError } from '../core/index.js';
import { originOf } from './request-url.js';

/** Options of {@link ashAxios}. Cookies, headers, proxies, agents and the time-out are those of the axios instance. */
export interface AshAxiosOptions extends Pick<
  AshClientOptions,
  'baseUrl' | 'contextPath' | 'renewal' | 'prefetch' | 'clock'
> {
  /**
   * Says which requests are proven. Default: those that are neither GET, HEAD nor OPTIONS and go to the origin of
   * `baseUrl`. A request that is not proven is sent as axios would have sent it, and a protected route refuses it.
   */
  readonly protect?: (config: InternalAxiosRequestConfig) => boolean;
}

/** The options with their defaults. */
export interface AxiosSettings {
  readonly protect: (config: InternalAxiosRequestConfig, url: string) => boolean;
  readonly client: AshClientOptions;
}

const OPTIONS = [
  'baseUrl',
  'contextPath',
  'renewal',
  'prefetch',
  'clock',
  'protect',
] as const satisfies readonly (keyof AshAxiosOptions)[];

/**
 * Reads the options for an instance, whose `baseURL` is the client's base.
 *
 * @throws AshConfigurationError for an unknown option, or a `protect` that is no function.
 */
export function readOptions(options: AshAxiosOptions, instance: AxiosInstance): AxiosSettings {
  checkKeys('ashAxios', options, OPTIONS);
  const { protect, baseUrl = instance.defaults.baseURL, ...others } = options;
  if (protect !== undefined && typeof protect !== 'function') {
    throw new AshConfigurationError("ashAxios: 'protect' has to be a function that says whether a request is proven.");
  }
  const origin = originOf(baseUrl === undefined ? '' : String(baseUrl));
  return {
    protect: protect ?? ((config, url) => isChange(config) && (origin === undefined || originOf(url) === origin)),
    client: { ...others, ...(baseUrl === undefined || baseUrl === '' ? {} : { baseUrl }) },
  };
}

function isChange({ method = 'get' }: InternalAxiosRequestConfig): boolean {
  return !isSafeMethod(method.toUpperCase());
}
