import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { snapshotCases } from '../../../test/vectors/cases.mjs';
import * as snapshot from '../client/index.js';

const vectors = JSON.parse(readFileSync(join(process.cwd(), 'test/vectors/ash.json'), 'utf8')) as Record<
  string,
  unknown[]
>;

describe('the expected values of the snapshots', () => {
  it.each(snapshotCases(snapshot, vectors))('hold: $title', ({ run }) => {
    const [actual, expected] = run();
    expect(actual).toEqual(expected);
  });
});

describe('a message of the cipher array-crypto', () => {
  const salt = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
  const message = snapshot.ashArrayEncrypt(Uint8Array.from([1, 2, 3]), 7, salt);

  it('is refused where any of its bytes was changed', () => {
    for (const index of message.keys()) {
      const changed = message.slice();
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => snapshot.ashArrayDecrypt(changed, 7)).toThrow('hash');
    }
  });

  it('is refused where it is too short to be one', () => {
    expect(() => snapshot.ashArrayDecrypt(message.subarray(0, 31), 7)).toThrow('too short');
  });

  it('needs a salt of 16 bytes', () => {
    expect(() => snapshot.ashArrayKey(7, salt.subarray(1))).toThrow('16 bytes');
  });
});
