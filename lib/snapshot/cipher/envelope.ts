import * as digest from '#digest';

/** The content type of a sealed answer. */
export const SEALED_TYPE = 'application/vnd.ash.sealed+json';

const BASE64_URL = /^[A-Za-z0-9_-]+$/;
const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const LINE_END = 10;

/** What a sealed request is good for: the request that spends a context. */
export function requestPurpose(contextId: string): string {
  return `ash-request|${contextId}`;
}

/** What a sealed answer is good for: a status, in answer to the request that spent a context. */
export function answerPurpose(contextId: string, status: number): string {
  return `ash-answer|${contextId}|${String(status)}`;
}

/** What a sealed refusal is good for: a status, in answer to a request that did not pass, and so did not run. */
export function refusalPurpose(contextId: string, status: number): string {
  return `ash-refusal|${contextId}|${String(status)}`;
}

/** The JSON text that a message travels in: `{"sealed":"…"}`, in base64url without padding. */
export function writeSealed(message: Uint8Array): string {
  return `{"sealed":"${base64Url(message)}"}`;
}

/**
 * Bytes as base64url without padding. By hand: the platform's `btoa` takes ten times as long, which shows on a message of
 * some megabytes.
 */
export function base64Url(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const bits = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    // What is written behind the end of an array is dropped.
    for (let digit = 0; digit < 4; digit++) text[to + digit] = ALPHABET[(bits >> (18 - 6 * digit)) & 63] ?? 0;
  }
  return new TextDecoder().decode(text);
}

/** The message in a parsed JSON value; `undefined` where it is of another form. */
export function readSealed(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).join('|') !== 'sealed') return undefined;
  const { sealed } = value as { readonly sealed?: unknown };
  if (typeof sealed !== 'string' || !BASE64_URL.test(sealed) || sealed.length % 4 === 1) return undefined;
  return digest.fromBase64Url(sealed);
}

/** The plaintext of an answer: its content type, a line end, and its bytes. */
export function packAnswer(contentType: string, body: Uint8Array): Uint8Array {
  const type = new TextEncoder().encode(contentType);
  const packed = new Uint8Array(type.length + 1 + body.length);
  packed.set(type);
  packed[type.length] = LINE_END;
  packed.set(body, type.length + 1);
  return packed;
}

/** What {@link packAnswer} put together; `undefined` where no line ends. */
export function unpackAnswer(plaintext: Uint8Array): { contentType: string; body: Uint8Array } | undefined {
  const end = plaintext.indexOf(LINE_END);
  if (end === -1) return undefined;
  return { contentType: new TextDecoder().decode(plaintext.subarray(0, end)), body: plaintext.subarray(end + 1) };
}
