import { hash, randomUUID, webcrypto } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';

const BINDING = 'POST /transfer';
const LIFE = '30s';

const KEYS = {
  HS256: async () => {
    const key = await webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
    return { privateKey: key, publicKey: key };
  },
  ES256: () => webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
};

/** jose: a token for each request, signed by its client over the binding and the hash of the body. */
export async function jose(algorithm) {
  const { privateKey, publicKey } = await KEYS[algorithm]();
  const tokenOf = (claims) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm })
      .setIssuedAt()
      .setExpirationTime(LIFE)
      .setJti(randomUUID())
      .sign(privateKey);
  const options = { algorithms: [algorithm], requiredClaims: ['exp', 'jti'] };
  return {
    begin() {},
    issue: () => tokenOf({ binding: BINDING }),
    async sign(payload) {
      const bytes = Buffer.from(JSON.stringify(payload));
      const token = await tokenOf({ binding: BINDING, body: digestOf(bytes) });
      return { bytes, headers: { authorization: `Bearer ${token}` } };
    },
    async verify({ bytes, headers }) {
      const token = headers.authorization.slice('Bearer '.length);
      const { payload: claims } = await jwtVerify(token, publicKey, options);
      if (claims.binding !== BINDING || claims.body !== digestOf(bytes)) throw new Error('Refused: another request');
      return JSON.parse(bytes.toString());
    },
  };
}

function digestOf(bytes) {
  return hash('sha256', bytes, 'base64url');
}
