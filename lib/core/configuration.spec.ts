import { configurationError } from '../../test/verification/configuration-error.js';
import { checkKeys } from './configuration.js';

const NAME = 'Shop.transfer';

describe('checkKeys', () => {
  it('names the unknown key and all known ones', () => {
    expect(() => {
      checkKeys(NAME, { a: 1, c: 2 }, ['a', 'b']);
    }).toThrow(configurationError(`${NAME}: there is no option 'c'; the options are a, b.`));
  });

  it('takes known keys', () => {
    expect(() => {
      checkKeys(NAME, { a: 1 }, ['a', 'b']);
    }).not.toThrow();
  });
});
