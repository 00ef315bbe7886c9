import { ash } from './ash.mjs';
import { csrf } from './csrf.mjs';
import { bare, gathers, nothing } from './guards.mjs';
import { hawk } from './hawk.mjs';
import { jose } from './jose.mjs';
import { signatures } from './signatures.mjs';
import { throttler } from './throttler.mjs';

/**
 * All that a route can be protected with, each with its two sides: `protect` gives the server's (modules, decorators,
 * and `issue`, where a client needs something of the server first), and `proveAll` a client's headers, a set for each
 * request. `refuses` says what it claims to refuse: a request without proof, one with another body, one that was there.
 */
export const PROTECTIONS = {
  bare,
  nothing,
  gathers,
  memory: ash('memory'),
  'sealed-memory': ash('sealed-memory'),
  'sealed-redis': ash('sealed-redis'),
  redis: ash('redis'),
  postgres: ash('postgres'),
  hawk,
  jose,
  signatures,
  throttler,
  csrf,
};
