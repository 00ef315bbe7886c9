import type { CryptoConfig } from './crypto-config.js';
export class CryptoClient {
  constructor(readonly config: CryptoConfig | string = {} as CryptoConfig) {}
}
