export { AshConfigurationError } from '../../core/index.js';
export type { AshCipher } from '../cipher/cipher.js';
export { ashArrayDecrypt, ashArrayEncrypt, ashArrayKey } from '../cipher/array-cipher.js';
export {
  AuthenticationError,
  CryptoError,
  isCryptoError,
  SnapshotError,
  type CryptoErrorCode,
} from '../cipher/errors.js';
export type { OpenedMessage } from '../cipher/message-sealer.js';
export type { AshBytes } from '../platform/bytes.js';
export type { AshSnapshot, SnapshotQuery, SnapshotSeed } from '../cipher/snapshot.js';
export { ashSignSnapshot, ashVerifySnapshot, type AshSnapshotFields } from '../cipher/signature.js';
export type { CryptoConfig, CryptoFetch } from './crypto-config.js';
export { CryptoClient } from './crypto-client.js';
export { ashEncryptedFetch, type AshEncryptedFetchOptions } from './encrypted-fetch.js';
