import { createHash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { guardedBy } from './guards.mjs';
import { BINDING } from './route.mjs';

const ALGORITHM = 'HS256';
const key = await crypto.subtle.importKey(
  'raw',
  new TextEncoder().encode('a secret of 32 bytes that both know'),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['sign', 'verify'],
);

const hashOf = (body) => createHash('sha256').update(body).digest('base64url');

/** A token for each request, with the route and the hash of the body; nothing remembers a token that was there. */
export const jose = {
  refuses: ['without', 'changed'],
  protect: () =>
    guardedBy(
      async ({ headers, rawBody }) => {
        try {
          const token = headers.authorization.slice('Bearer '.length);
          const { payload } = await jwtVerify(token, key, { algorithms: [ALGORITHM], requiredClaims: ['exp'] });
          return payload.route === BINDING && payload.body === hashOf(rawBody);
        } catch {
          return false;
        }
      },
      { rawBody: true },
    ),
  async proveAll({ body, count }) {
    const claims = { route: BINDING, body: hashOf(body) };
    const sign = (_, index) =>
      new SignJWT({ ...claims, jti: String(index) })
        .setProtectedHeader({ alg: ALGORITHM })
        .setExpirationTime('5m')
        .sign(key);
    const tokens = await Promise.all(Array.from({ length: count }, sign));
    return tokens.map((token) => ({ authorization: `Bearer ${token}` }));
  },
};
