import type { CryptoConfig } from './crypto-config.js';

/** The keys of `client_config.json`, as the reference writes them, and the options that they are. */
export const FILE_KEYS: Readonly<Record<string, keyof CryptoConfig>> = {
  server_url: 'serverUrl',
  secret_key: 'secretKey',
  max_drift: 'maxDrift',
  handshake_points: 'handshakePoints',
  hash_size: 'hashSize',
  cipher: 'cipher',
  tick_interval: 'tickInterval',
};
