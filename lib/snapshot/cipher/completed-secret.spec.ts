import { completedSecret } from './completed-secret.js';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const CONTEXT = { contextId: 'ash_0123456789abcdef', clientSecret: 'ab'.repeat(32) };
// By OpenSSL: openssl dgst -sha256 -mac HMAC -macopt hexkey:…
const COMPLETED = '960411a87da93cae20ecccc353b0a980e3b8963e90e6015d34e030ebdd59acc9';

describe('The completed secret of a context', () => {
  it('is the HMAC of the context’s identifier and secret', () => {
    expect(completedSecret(KEY, CONTEXT)).toBe(COMPLETED);
  });

  it.each([
    ['another key', KEY.map((byte) => byte ^ 1), CONTEXT],
    ['another context', KEY, { ...CONTEXT, contextId: 'ash_0123456789abcdee' }],
    ['another secret', KEY, { ...CONTEXT, clientSecret: 'ac'.repeat(32) }],
  ])('is another one with %s', (_title, key, context) => {
    expect(completedSecret(key, context)).not.toBe(COMPLETED);
  });
});
