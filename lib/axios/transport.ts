import {
  AxiosHeaders,
  getAdapter,
  type AxiosDefaults,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { AshFetch } from '../client/index.js';
import { responseOf } from './answer.js';
import { asOfFetch } from './failure.js';

/** The adapters that an instance has without ASH. */
export type Adapters = AxiosRequestConfig['adapter'];

/** Sends a request as its configuration says; every status is an answer. */
export async function sendBy(adapters: Adapters, config: InternalAxiosRequestConfig): Promise<AxiosResponse<unknown>> {
  return getAdapter(adapters, config)({ ...config, validateStatus: null });
}

/**
 * What redirects and caches do with a request: Axios takes the count for Node, and what `fetch` takes for its adapter of
 * that name. An XMLHttpRequest follows whatever it is told.
 */
export function wayOf(
  { redirect = 'follow' }: RequestInit,
  { maxRedirects = redirect === 'follow' ? undefined : 0, fetchOptions }: AxiosRequestConfig,
): Pick<AxiosRequestConfig, 'maxRedirects' | 'fetchOptions'> {
  const isFollowed = maxRedirects !== 0;
  return {
    ...(maxRedirects === undefined ? {} : { maxRedirects }),
    fetchOptions: { cache: 'no-store', redirect: isFollowed ? 'follow' : redirect, ...fetchOptions },
  };
}

/**
 * What the client asks for contexts with: the adapter of an instance and its defaults, such as cookies, proxy and agents,
 * without its interceptors.
 */
export function fetchBy(adapters: Adapters, instance: AxiosInstance): AshFetch {
  return async (url, init) => {
    const answer = await sendBy(adapters, configOf(url, init, instance)).catch((error: unknown) => {
      throw asOfFetch(error);
    });
    const response = await responseOf(answer, { url, followed: init.redirect === 'follow', whole: true });
    if (init.redirect !== 'error' || !(response.redirected || isRedirect(response))) return response;
    throw new TypeError('The server answered with a redirect.');
  };
}

type Defaults = Omit<AxiosDefaults<unknown, unknown>, 'headers'>;

/** Of the defaults of an instance what says how a request is sent, and not which, nor who sends it: that is in the headers. */
function configOf(url: string, init: RequestInit, instance: AxiosInstance): InternalAxiosRequestConfig {
  const defaults: Defaults = instance.defaults;
  const { auth, baseURL, params, paramsSerializer, onUploadProgress, onDownloadProgress, ...others } = defaults;
  const headers = new AxiosHeaders();
  new Headers(init.headers).forEach((value, name) => headers.set(name, value));
  return {
    ...others,
    ...(init.credentials === 'include' ? { withCredentials: true } : {}),
    ...(init.signal ? { signal: init.signal } : {}),
    ...wayOf(init, {}),
    url,
    method: (init.method ?? 'GET').toLowerCase(),
    headers,
    data: init.body ?? undefined,
    responseType: 'arraybuffer',
  };
}

function isRedirect({ status }: Response): boolean {
  return status >= 300 && status < 400;
}
