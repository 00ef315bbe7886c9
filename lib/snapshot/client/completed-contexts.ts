import * as digest from '#digest';
import { ASH_CONTEXT_HEADER, isAshContextId } from '../../core/index.js';
import { isAshHash } from '../../core/proof.js';
import type { SecretParts } from '../cipher/completed-secret.js';
import { base64Url } from '../cipher/envelope.js';
import { readJson } from './read-json.js';
import { remade } from './remade-response.js';

type Complete = (context: SecretParts) => string;

const BASE64_URL = /^[\w-]+$/;
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * An answer of the endpoint for contexts with the secrets of its contexts completed, of one or of several. Any other
 * answer stays as it is, and a malformed context, which its reader refuses.
 */
export async function withCompletedBody(response: Response, complete: Complete): Promise<Response> {
  if (!response.ok || BODILESS.has(response.status)) return response;
  // Of any content type, since who reads it asks for none either.
  const value = readJson(await response.clone().text());
  const completed = completeAll(value, complete);
  if (completed === value) return response;
  await response.body?.cancel();
  return remade(response, JSON.stringify(completed), OF_THE_BYTES);
}

const OF_THE_BYTES = ['content-length', 'content-encoding', 'transfer-encoding'];

/** An answer with the secret of the context completed that its head brings. */
export function withCompletedHeader(response: Response, complete: Complete): Response {
  const text = response.headers.get(ASH_CONTEXT_HEADER);
  if (text === null || !BASE64_URL.test(text)) return response;
  const value = readJson(decoded(text));
  const completed = completeOne(value, complete);
  if (completed === value) return response;
  const answer = remade(response, BODILESS.has(response.status) ? null : response.body, []);
  answer.headers.set(ASH_CONTEXT_HEADER, base64Url(new TextEncoder().encode(JSON.stringify(completed))));
  return answer;
}

function completeAll(value: unknown, complete: Complete): unknown {
  const { contexts } = (value ?? {}) as { readonly contexts?: unknown };
  if (!Array.isArray(contexts)) return completeOne(value, complete);
  return { ...(value as object), contexts: contexts.map((context: unknown) => completeOne(context, complete)) };
}

function completeOne(value: unknown, complete: Complete): unknown {
  const { contextId, clientSecret } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof contextId !== 'string' || !isAshContextId(contextId)) return value;
  if (typeof clientSecret !== 'string' || !isAshHash(clientSecret)) return value;
  // Encrypted routes cover the query always, whatever somebody on the way says that they do.
  return { ...(value as object), clientSecret: complete({ contextId, clientSecret }), query: 'cover' };
}

/** The text in base64url; nothing where it was cut off on the way, by a proxy that bounds headers. */
function decoded(text: string): string {
  try {
    return new TextDecoder().decode(digest.fromBase64Url(text));
  } catch {
    return '';
  }
}
