import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vectorCases } from '../../test/vectors/cases.mjs';
import * as ash from './index.js';

const vectors = JSON.parse(readFileSync(join(process.cwd(), 'test/vectors/ash.json'), 'utf8')) as Record<
  string,
  unknown[]
>;

describe('the expected values of the protocol', () => {
  it.each(vectorCases(ash, vectors))('hold: $title', ({ run }) => {
    const [actual, expected] = run();
    expect(actual).toEqual(expected);
  });
});
