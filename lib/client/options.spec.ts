import { AshClient, type AshClientOptions } from './index.js';

const BASE = 'https://shop.example';

describe('an option', () => {
  it.each<[string, unknown, RegExp]>([
    ['unknown', { baseURL: BASE }, /no option 'baseURL'; the options are baseUrl, fetch/],
    ['a base without a scheme', { baseUrl: 'shop.example' }, /'baseUrl' has to be an absolute/],
    ['a relative base without a page', { baseUrl: '/api' }, /'baseUrl'/],
    ['an empty base', { baseUrl: '' }, /'baseUrl'/],
    ['a base that is no HTTP', { baseUrl: 'ftp://shop.example' }, /'baseUrl'/],
    ['a base that is a number', { baseUrl: 1 }, /'baseUrl'/],
    ['a base with a password', { baseUrl: 'https://a:b@shop.example' }, /'baseUrl'/],
    ['a fetch that is none', { fetch: 'fetch' }, /'fetch' has to be a function/],
    ['a relative path for contexts', { contextPath: 'ash/context' }, /'contextPath' has to be a path/],
    ['a path for contexts that is a host', { contextPath: '//evil.example' }, /'contextPath'/],
    ['a malformed URL for contexts', { contextPath: 'https://' }, /'contextPath'/],
    ['headers that are text', { headers: 'authorization: x' }, /'headers' has to be a record/],
    ['headers that are null', { headers: null }, /'headers'/],
    ['a header with a malformed name', { headers: { 'a b': '1' } }, /'headers'/],
    ['cookies by another word', { credentials: true }, /'credentials' has to be 'omit'/],
    ['a clock that is a time', { clock: 1 }, /'clock' has to be a function/],
    ['a time-out that is text', { timeout: '5s' }, /'timeout' has to be a number of milliseconds/],
    ['no time', { timeout: 0 }, /'timeout'/],
    ['more time than timers hold', { timeout: 2 ** 31 }, /'timeout'/],
  ])('is an error that names it and the mend: %s', (_title, options, message) => {
    expect(() => new AshClient(options as AshClientOptions)).toThrow(
      expect.objectContaining({ name: 'AshConfigurationError', message: expect.stringMatching(message) }),
    );
  });

  it('that is undefined is one that was left out', () => {
    const options = { baseUrl: undefined, fetch: undefined, timeout: undefined } as unknown as AshClientOptions;

    expect(() => new AshClient(options)).not.toThrow();
  });
});
