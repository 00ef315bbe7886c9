import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ashInit, ashLibraryVersion, ashVersion } from './version.js';

describe('the version', () => {
  it('of the library is the one of the package', () => {
    const manifest = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as { version: string };
    expect(ashLibraryVersion()).toBe(manifest.version);
  });

  it('of the protocol is the one that the references show', () => {
    expect(ashVersion()).toBe('ASHv1');
  });

  it('comes with a self-test that this platform passes, however often it runs', () => {
    ashInit();
    expect(ashInit).not.toThrow();
  });

  it.each([
    ['HMAC', '|'],
    ['SHA-256', '\n'],
  ])('comes with a self-test that a platform fails whose %s has another answer', (_title, separator) => {
    const { join } = Array.prototype;
    let failure: unknown;
    Array.prototype.join = function (this: unknown[], given?: string) {
      return given === separator ? '' : join.call(this, given);
    };
    try {
      ashInit();
    } catch (error) {
      failure = error;
    } finally {
      Array.prototype.join = join;
    }
    expect(failure).toMatchObject({ message: expect.stringContaining('The platform computes wrong digests') });
  });
});
