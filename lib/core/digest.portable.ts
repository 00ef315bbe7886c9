import type { Digest } from './digest.js';
import { sha256 } from './sha-256.js';

const BLOCK_BYTES = 64;

export const sha256Hex: Digest['sha256Hex'] = (data) => hexOf(sha256(bytesOf(data)));

export const sha256Base64Url: Digest['sha256Base64Url'] = (text) =>
  btoa(String.fromCharCode(...sha256(bytesOf(text))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '');

/** Source: RFC 2104, section 2. */
export const hmacSha256Hex: Digest['hmacSha256Hex'] = (key, message) => {
  const bytes = bytesOf(key);
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(bytes.length > BLOCK_BYTES ? sha256(bytes) : bytes);
  const keyed = (pad: number, text: Uint8Array): Uint8Array => {
    const padded = new Uint8Array(BLOCK_BYTES + text.length);
    padded.set(block.map((byte) => byte ^ pad));
    padded.set(text, BLOCK_BYTES);
    return sha256(padded);
  };
  return hexOf(keyed(0x5c, keyed(0x36, bytesOf(message))));
};

export const randomHex: Digest['randomHex'] = (count) => hexOf(crypto.getRandomValues(new Uint8Array(count)));

export const fromHex: Digest['fromHex'] = (text) =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export const fromBase64Url: Digest['fromBase64Url'] = (text) => {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
};

export const equalBytes: Digest['equalBytes'] = (a, b) =>
  areEqual(a.length, b.length, (index) => (a[index] ?? 0) ^ (b[index] ?? 0));

export const equalTexts: Digest['equalTexts'] = (a, b) =>
  areEqual(a.length, b.length, (index) => a.charCodeAt(index) ^ b.charCodeAt(index));

function areEqual(length: number, other: number, differenceAt: (index: number) => number): boolean {
  // What has no length is no text, and would be found equal to all else that has none.
  if (length !== other || !(length >= 0)) return false;
  let difference = 0;
  for (let index = 0; index < length; index++) difference |= differenceAt(index);
  return difference === 0;
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
