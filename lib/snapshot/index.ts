export { ashArrayDecrypt, ashArrayEncrypt, ashArrayKey } from './array-cipher.js';
export { ashSignSnapshot, type AshSnapshotFields } from './signature.js';
