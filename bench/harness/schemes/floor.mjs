import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { sentHeaders } from './ash.mjs';

const BINDING = 'POST /transfer';

/**
 * The floor beneath every implementation of the protocol: its hashes, one look into a Map, and nothing else. It checks
 * no header, time, type or size, and keeps nothing of what is spent.
 */
export function floor() {
  let contexts;
  return {
    begin() {
      contexts = new Map();
    },
    issue() {
      const id = `ash_${randomBytes(16).toString('hex')}`;
      const nonce = randomBytes(32).toString('hex');
      contexts.set(id, nonce);
      return { id, clientSecret: keyed(nonce, `${id}|${BINDING}`) };
    },
    sign(payload, { id, clientSecret }) {
      const timestamp = String(Date.now());
      const proof = proofOf(clientSecret, timestamp, payload);
      const headers = { 'X-ASH-Context-ID': id, 'X-ASH-Timestamp': timestamp, 'X-ASH-Proof': proof };
      return { bytes: Buffer.from(JSON.stringify(payload)), headers: sentHeaders(headers) };
    },
    verify({ bytes, headers }) {
      const payload = JSON.parse(bytes.toString());
      const id = headers['x-ash-context-id'];
      const nonce = contexts.get(id);
      if (!contexts.delete(id)) throw new Error('Refused: no such context');
      const clientSecret = keyed(nonce, `${id}|${BINDING}`);
      const expected = proofOf(clientSecret, headers['x-ash-timestamp'], payload);
      const isEqual = timingSafeEqual(Buffer.from(expected, 'hex'), Buffer.from(headers['x-ash-proof'], 'hex'));
      if (!isEqual) throw new Error('Refused: another proof');
      return payload;
    },
  };
}

function proofOf(clientSecret, timestamp, payload) {
  return keyed(clientSecret, `${timestamp}|${BINDING}|${hash('sha256', canonicalText(payload))}||`);
}

function keyed(key, message) {
  return createHmac('sha256', key).update(message).digest('hex');
}

function canonicalText(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value).sort()) {
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalText(value[key])}`;
  }
  return `{${text}}`;
}
