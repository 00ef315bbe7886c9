import { AshClientError } from './errors.js';
import type { ClientSettings } from './options.js';

type UrlSettings = Pick<ClientSettings, 'base' | 'isPinned' | 'contextPath'>;

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * The URL of a request, exactly as it will be sent.
 *
 * @throws AshClientError `ASH_CLIENT_URL_INVALID`
 */
export function requestUrl(input: string, { base, isPinned }: UrlSettings): URL {
  const url = SCHEME.test(input) ? parse(input) : below(demandBase(base, input), input);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid(input, 'is no http or https URL');
  if (isPinned && url.origin !== base?.origin) {
    throw invalid(input, `leaves the origin of 'baseUrl': make another AshClient for ${url.origin}`);
  }
  // A raw `|` separates the parts of the proof's message, and URL leaves it as it is.
  if (url.search.includes('|')) url.search = url.search.replaceAll('|', '%7C');
  return url;
}

/** Where the context of a request is issued: below the client's base, or else at the origin of the request. */
export function contextUrl(request: URL, { base, isPinned, contextPath }: UrlSettings): URL {
  if (SCHEME.test(contextPath)) return parse(contextPath);
  return below(isPinned && base !== undefined ? base : new URL(request.origin), contextPath);
}

function demandBase(base: URL | undefined, input: string): URL {
  if (base !== undefined) return base;
  throw invalid(input, "is relative, and no page is its base: give a 'baseUrl'");
}

function below(base: URL, path: string): URL {
  return parse(`${base.pathname.replace(/\/$/, '')}/${path.replace(/^\//, '')}`, base);
}

function parse(text: string, base?: URL): URL {
  try {
    return new URL(text, base);
  } catch {
    // What the platform throws shows the whole of it.
    throw invalid(text, 'is no URL');
  }
}

/** Says what is wrong with a URL, without its query and its password, which can hold what no log should. */
function invalid(input: string, what: string): AshClientError {
  const [path = ''] = input.split(/[?#]/);
  const shown = path.replace(/([/\\]{2}|:)[^/\\]*@/, '$1').slice(0, 200);
  return new AshClientError('ASH_CLIENT_URL_INVALID', `The URL '${shown}' ${what}.`);
}
