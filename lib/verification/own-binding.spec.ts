import { hasOwnBinding, isSpelledAlike, ownBinding } from './own-binding.js';

describe('ownBinding', () => {
  it.each([
    ['/transfer', '', 'POST /transfer'],
    ['/transfer/', '', 'POST /transfer'],
    ['/', '', 'POST /'],
    ['', '', 'POST /'],
    ['/caf%C3%A9', '', 'POST /caf%C3%A9'],
    ['/Transfer', '', 'POST /Transfer'],
    ['/transfer', '/api', 'POST /api/transfer'],
    ['/transfer', '/api/', 'POST /api/transfer'],
    ['/transfer', '/', 'POST /transfer'],
    ['/', '/api', 'POST /api'],
    ['//transfer', '', undefined],
    ['/a//b', '', undefined],
    ['/transfer//', '', undefined],
    ['/a/../b', '', undefined],
    ['/a/./b', '', undefined],
    ['/a%2Fb', '', undefined],
    ['/a%5cb', '', undefined],
    ['/a|b', '', undefined],
    ['/a b', '', undefined],
    [undefined, '', undefined],
    [undefined, '/api', undefined],
  ])('of the path %p behind the prefix %p is %p', (path, prefix, binding) => {
    expect(ownBinding({ method: 'post', path: () => path }, prefix)).toBe(binding);
  });

  it('is nothing for a request whose path nobody tells, and for a method that is none', () => {
    expect(ownBinding({ method: 'POST' }, '')).toBeUndefined();
    expect(ownBinding({ method: 'P OST', path: () => '/a' }, '')).toBeUndefined();
  });

  it('throws what is a fault of the program', () => {
    expect(() => ownBinding({ method: 5 as unknown as string, path: () => '/a' }, '')).toThrow(TypeError);
  });
});

describe('hasOwnBinding', () => {
  it.each([
    ['/transfer', '', 'POST /transfer', true],
    ['/transfer', '/api', 'POST /api/transfer', true],
    ['/transfer/', '', 'POST /transfer', false],
    ['/Transfer', '', 'POST /transfer', false],
    // Where the application has put another target in the place of the request's, there is no path.
    [undefined, '', 'POST ', false],
    [undefined, '/graphql', 'POST /graphql', false],
    [undefined, '/', 'POST /', false],
  ])('of the path %p behind the prefix %p, and %p, is %p', (path, prefix, binding, expected) => {
    expect(hasOwnBinding({ method: 'POST', path: () => path }, prefix, binding)).toBe(expected);
  });

  it('is false for a request whose path nobody tells', () => {
    expect(hasOwnBinding({ method: 'POST' }, '/a', 'POST /a')).toBe(false);
  });
});

describe('isSpelledAlike', () => {
  it.each([
    ['/transfer', '/transfer', true],
    ['/transfer', '/TRANSFER', true],
    ['/transfer', '/%74ransfer', true],
    ['/caf%C3%A9', '/caf%c3%a9', true],
    ['/transfer', '/transfers', false],
    ['/a%ff', '/a%FF', false],
    ['/a%', '/a%', false],
  ])('of %p and %p is %p', (a, b, isAlike) => {
    expect(isSpelledAlike(a, b)).toBe(isAlike);
    expect(isSpelledAlike(b, a)).toBe(isAlike);
  });
});
