import { hash, randomBytes } from 'node:crypto';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';

const ALGORITHM = 'hmac-sha256';
const MESSAGE = { method: 'POST', url: 'https://shop.example/transfer' };
const FIELDS = ['@method', '@target-uri', 'content-digest'];

/** HTTP Message Signatures (RFC 9421) over the method, the URI and the digest of the content (RFC 9530). */
export function httpSignatures() {
  const secret = randomBytes(32);
  const key = createSigner(secret, ALGORITHM, 'shop');
  const known = new Map([['shop', { id: 'shop', algs: [ALGORITHM], verify: createVerifier(secret, ALGORITHM) }]]);
  const keyLookup = async ({ keyid }) => known.get(keyid);
  return {
    begin() {},
    async sign(payload) {
      const bytes = Buffer.from(JSON.stringify(payload));
      const headers = { 'content-type': 'application/json', 'content-digest': digestOf(bytes) };
      return { bytes, ...(await httpbis.signMessage({ key, fields: FIELDS }, { ...MESSAGE, headers })) };
    },
    async verify({ bytes, headers }) {
      if (headers['content-digest'] !== digestOf(bytes)) throw new Error('Refused: another content');
      const isVerified = await httpbis.verifyMessage({ keyLookup, requiredFields: FIELDS }, { ...MESSAGE, headers });
      if (isVerified !== true) throw new Error('Refused');
      return JSON.parse(bytes.toString());
    },
  };
}

function digestOf(bytes) {
  return `sha-256=:${hash('sha256', bytes, 'base64')}:`;
}
