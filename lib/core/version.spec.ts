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
});
