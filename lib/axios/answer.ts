import type { AxiosResponse } from 'axios';
import { ASH_CONTEXT_HEADER, ASH_VERIFIED_HEADER } from '../core/headers.js';
import { isJsonType } from '../core/media-type.js';
import { axiosHeaders, plainHeaders } from './headers.js';
import { isStream, readStream } from './stream.js';
import { isTagged, isView } from './tag.js';

/** How an answer is handed to the client. */
export interface Reading {
  /** The URL that was asked. */
  readonly url: string;
  /** Whether the adapter may have followed a redirect. */
  readonly followed: boolean;
  /** Whether the client wants the body of a success too, and not of a refusal alone. */
  readonly whole: boolean;
}

type Body = string | ArrayBuffer | Uint8Array<ArrayBuffer> | Blob;

// The platform's Response takes no body with any of these.
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * An answer of axios as the client reads it. The context that it brings is taken out of it, since that holds a secret and
 * answers of axios get logged.
 *
 * A refusal can be read where axios was asked for a text, JSON, bytes, a Blob or a stream; of a `document` there is the
 * status alone.
 */
export async function responseOf(answer: AxiosResponse<unknown>, reading: Reading): Promise<Response> {
  const { status, statusText } = answer;
  // What a browser makes of a redirect that it must not follow.
  if (status < 200 || status > 599) return Response.error();
  const kept = axiosHeaders(answer.headers);
  const headers = plainHeaders(kept);
  kept.delete(ASH_CONTEXT_HEADER);
  answer.headers = kept;
  const isWanted = (reading.whole || status >= 400) && !WITHOUT_BODY.has(status);
  const response = new Response(isWanted ? await readBody(answer, headers) : null, { status, statusText, headers });
  if (isRedirected(answer, reading)) Object.defineProperty(response, 'redirected', { value: true });
  return response;
}

async function readBody(answer: AxiosResponse<unknown>, headers: Headers): Promise<Body | null> {
  const { data } = answer;
  if (typeof data === 'string' || isTagged(data, 'ArrayBuffer') || isTagged(data, 'Blob') || isView(data)) return data;
  const canBeRefusal = isJsonType(headers.get('content-type')) && !headers.has(ASH_VERIFIED_HEADER);
  if (isTagged(data, 'Response')) return canBeRefusal ? data.clone().arrayBuffer() : null;
  if (isStream(data)) {
    if (!canBeRefusal) return null;
    const { bytes, again } = await readStream(data);
    answer.data = again;
    return bytes;
  }
  // What an adapter has parsed by itself, for example that of a test.
  return Array.isArray(data) || isTagged(data, 'Object') ? JSON.stringify(data) : null;
}

/** Whether an answer comes from elsewhere than was asked; where the adapter does not tell, whether it can. */
function isRedirected({ request }: AxiosResponse, { url, followed }: Reading): boolean {
  const { responseURL, res } = (request ?? {}) as {
    readonly responseURL?: string;
    readonly res?: { readonly responseUrl?: string };
  };
  const answered = responseURL ?? res?.responseUrl;
  return answered ? answered !== url : followed;
}
