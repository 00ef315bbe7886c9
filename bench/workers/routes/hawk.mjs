import Hawk from 'hawk';
import { guardedBy } from './guards.mjs';
import { PATH } from './route.mjs';

const CREDENTIALS = { id: 'bench', key: 'werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn', algorithm: 'sha256' };
const SKEW = 60;

/** Hawk with the hash of the body and each nonce once: the MAC is over the method, the path, the host and both. */
export const hawk = {
  refuses: ['without', 'changed', 'again'],
  protect() {
    const nonceFunc = onceEach();
    const credentialsOf = (id) => (id === CREDENTIALS.id ? CREDENTIALS : null);
    return guardedBy(
      async (request) => {
        const { raw = request, rawBody } = request;
        try {
          await Hawk.server.authenticate(raw, credentialsOf, { payload: rawBody, nonceFunc, timestampSkewSec: SKEW });
          return true;
        } catch {
          return false;
        }
      },
      { rawBody: true },
    );
  },
  proveAll({ body, contentType, port, count }) {
    const uri = `http://127.0.0.1:${port}${PATH}`;
    return Array.from({ length: count }, () => ({
      authorization: Hawk.client.header(uri, 'POST', { credentials: CREDENTIALS, payload: body, contentType }).header,
    }));
  },
};

/** Refuses a nonce that was there, and forgets it when its timestamp is too old to pass. */
function onceEach() {
  const seen = new Map();
  return (_key, nonce, timestamp) => {
    if (seen.has(nonce)) throw new Error('The nonce was there.');
    seen.set(nonce, Number(timestamp));
    forgetOldest(seen);
  };
}

function forgetOldest(seen) {
  const oldest = Date.now() / 1_000 - 2 * SKEW;
  for (const [nonce, timestamp] of seen) {
    if (timestamp >= oldest) return;
    seen.delete(nonce);
  }
}
