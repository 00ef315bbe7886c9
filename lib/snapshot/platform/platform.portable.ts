import { AshConfigurationError } from '../../core/index.js';
import type { GcmKey, GcmParts, SnapshotPlatform } from './platform.js';

type Subtle = typeof globalThis.crypto.subtle;
type Key = Awaited<ReturnType<Subtle['importKey']>>;
type Algorithm = Parameters<Subtle['encrypt']>[0];

const NAME = 'AES-GCM';
const KEY_BITS = 256;
const NONCE = new Uint8Array(12);

/** WebCrypto, which browsers give pages of a secure origin only. */
export const gcmKey: SnapshotPlatform['gcmKey'] = (secretKey): GcmKey => {
  const importing = subtle().importKey('raw', secretKey.slice(), 'HKDF', false, ['deriveKey']);
  const derived = async ({ salt, info }: GcmParts, usage: 'encrypt' | 'decrypt'): Promise<Key> =>
    subtle().deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: salt.slice(), info: info.slice() },
      await importing,
      { name: NAME, length: KEY_BITS },
      false,
      [usage],
    );
  const algorithm = ({ head, bound }: GcmParts): Algorithm => ({
    name: NAME,
    iv: NONCE,
    additionalData: joined(head, bound),
  });
  return {
    seal: async (parts, plaintext) => {
      const key = await derived(parts, 'encrypt');
      const sealed = await subtle().encrypt(algorithm(parts), key, plaintext.slice());
      return joined(parts.head, new Uint8Array(sealed));
    },
    open: async (parts, sealed) => {
      const key = await derived(parts, 'decrypt');
      return new Uint8Array(await subtle().decrypt(algorithm(parts), key, sealed.slice()));
    },
  };
};

export const readTextFile: SnapshotPlatform['readTextFile'] = (path) => {
  throw new AshConfigurationError(
    `CryptoClient: there are no files here to read '${path}' from: give the configuration as an object.`,
  );
};

function subtle(): Subtle {
  const { subtle } = globalThis.crypto as { readonly subtle?: Subtle };
  if (subtle !== undefined) return subtle;
  throw new AshConfigurationError(
    "CryptoClient: the browser has no WebCrypto here, since the page's origin is not secure: serve it over https, or from localhost.",
  );
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
