import * as digest from '#digest';
import { ASH_CONTEXT_HEADER, type AshIssuedContext } from '../core/index.js';
import { readIssuedContext } from './issued-context.js';

const BASE64URL = /^[\w-]+$/;

/**
 * The next context that an answer brings; `undefined` where it brings none that fits. The answer is the caller's either
 * way, and the next request asks for its context by itself.
 */
export function renewedContext(response: Response, binding: string): AshIssuedContext | undefined {
  const text = response.headers.get(ASH_CONTEXT_HEADER);
  // Whoever was redirected to could hand out a secret of its own choice.
  if (text === null || response.redirected || !BASE64URL.test(text)) return undefined;
  try {
    const reading = readIssuedContext(JSON.parse(new TextDecoder().decode(digest.fromBase64Url(text))), binding);
    return reading.ok ? reading.context : undefined;
  } catch {
    // Cut off on the way, by a proxy that bounds headers for example.
    return undefined;
  }
}
