import { createHash, createHmac, randomFillSync, timingSafeEqual } from 'node:crypto';
import * as crypto from 'node:crypto';
import type { Digest } from './digest.js';

type OneShotHash = (algorithm: string, data: string | Uint8Array, encoding: 'hex' | 'base64url') => string;

// `crypto.hash` costs half of `createHash` for a short text; it exists from Node 20.12, and not in Deno or Bun.
const hashOnce: OneShotHash =
  (crypto as { hash?: OneShotHash }).hash ??
  ((algorithm, data, encoding) => createHash(algorithm).update(data).digest(encoding));

// One draw of 4 KiB from the system serves some hundred identifiers: a draw for each costs over ten times as much.
const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let drawn = POOL_BYTES;

export const randomHex: Digest['randomHex'] = (count) => {
  if (count > POOL_BYTES) return randomFillSync(Buffer.alloc(count)).toString('hex');
  if (drawn + count > POOL_BYTES) {
    randomFillSync(pool);
    drawn = 0;
  }
  const bytes = pool.subarray(drawn, drawn + count);
  drawn += count;
  const hex = bytes.toString('hex');
  bytes.fill(0);
  return hex;
};

export const sha256Hex: Digest['sha256Hex'] = (data) => hashOnce('sha256', data, 'hex');

export const sha256Base64Url: Digest['sha256Base64Url'] = (text) => hashOnce('sha256', text, 'base64url');

export const hmacSha256Hex: Digest['hmacSha256Hex'] = (key, message) =>
  createHmac('sha256', key).update(message).digest('hex');

export const fromHex: Digest['fromHex'] = (text) => Buffer.from(text, 'hex');

export const fromBase64Url: Digest['fromBase64Url'] = (text) => Buffer.from(text, 'base64url');

export const equalBytes: Digest['equalBytes'] = (a, b) => a.length === b.length && timingSafeEqual(a, b);
