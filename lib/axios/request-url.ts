import { Axios, type InternalAxiosRequestConfig } from 'axios';

/**
 * The URL of a request, with its parameters, as axios sends it; relative where there is no page that it could stand on.
 *
 * @throws AxiosError for what axios takes for no URL, or for parameters that cannot be serialized.
 */
export function requestUrl(config: InternalAxiosRequestConfig): string {
  // Without the defaults of any instance: those are in the configuration already.
  const [url = ''] = new Axios({}).getUri(config).split('#');
  return parse(url)?.href ?? url;
}

/** The origin of a URL; `undefined` where it has none. */
export function originOf(url: string): string | undefined {
  return parse(url)?.origin;
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url, pageUrl());
  } catch {
    return undefined;
  }
}

/** What relative URLs stand on in a page or a worker. */
function pageUrl(): string | undefined {
  const { document, location } = globalThis as {
    readonly document?: { readonly baseURI?: string };
    readonly location?: { readonly href?: string };
  };
  return document?.baseURI ?? location?.href;
}
