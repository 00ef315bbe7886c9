import { randomBytes } from 'node:crypto';
import Hawk from 'hawk';

const URL = 'https://shop.example/transfer';
const CONTENT_TYPE = 'application/json';

/** hawk: one key, the hash of the payload, and nonces that are kept in a Map so that each passes once. */
export function hawk() {
  const credentials = { id: 'shop', key: randomBytes(32).toString('hex'), algorithm: 'sha256' };
  const known = new Map([[credentials.id, credentials]]);
  let nonces;
  const options = {
    nonceFunc: async (key, nonce, time) => {
      const used = `${key}:${nonce}:${time}`;
      if (nonces.has(used)) throw new Error('Used before');
      nonces.set(used, true);
    },
  };
  return {
    begin() {
      nonces = new Map();
    },
    sign(payload) {
      const text = JSON.stringify(payload);
      const { header } = Hawk.client.header(URL, 'POST', { credentials, payload: text, contentType: CONTENT_TYPE });
      return { bytes: Buffer.from(text), headers: { authorization: header } };
    },
    async verify({ bytes, headers }) {
      const text = bytes.toString();
      const request = {
        method: 'POST',
        url: '/transfer',
        host: 'shop.example',
        port: 443,
        authorization: headers.authorization,
        contentType: CONTENT_TYPE,
      };
      await Hawk.server.authenticate(request, async (id) => known.get(id), { ...options, payload: text });
      return JSON.parse(text);
    },
  };
}
