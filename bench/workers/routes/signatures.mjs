import { createHash } from 'node:crypto';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { guardedBy } from './guards.mjs';
import { PATH } from './route.mjs';

const SECRET = 'a secret of 32 bytes that both know';
const ALGORITHM = 'hmac-sha256';
const KEY_ID = 'bench';
const FIELDS = ['@method', '@target-uri', 'content-digest'];

const digestOf = (body) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

/** RFC 9421 over the method, the URL and the digest of the body; nothing remembers a signature that was there. */
export const signatures = {
  refuses: ['without', 'changed'],
  protect() {
    const keys = new Map([[KEY_ID, { id: KEY_ID, algs: [ALGORITHM], verify: createVerifier(SECRET, ALGORITHM) }]]);
    const config = { keyLookup: async ({ keyid }) => keys.get(keyid), requiredFields: FIELDS };
    return guardedBy(
      async ({ method, url, headers, rawBody }) => {
        try {
          const message = { method, url: `http://${headers.host}${url}`, headers };
          return (await httpbis.verifyMessage(config, message)) && headers['content-digest'] === digestOf(rawBody);
        } catch {
          return false;
        }
      },
      { rawBody: true },
    );
  },
  async proveAll({ body, port, count }) {
    const key = createSigner(SECRET, ALGORITHM, KEY_ID);
    const headers = { 'content-digest': digestOf(body) };
    const message = { method: 'POST', url: `http://127.0.0.1:${port}${PATH}`, headers };
    const proofs = [];
    while (proofs.length < count) proofs.push((await httpbis.signMessage({ key, fields: FIELDS }, message)).headers);
    return proofs;
  },
};
