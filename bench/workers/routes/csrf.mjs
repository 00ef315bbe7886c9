import { doubleCsrf } from 'csrf-csrf';
import { guardedBy } from './guards.mjs';

const COOKIE = '__Host-psifi.x-csrf-token';
const SESSION = 'session=5f2c1e9a7b';

/** A token that is in a cookie and in a header, signed for the session. It covers nothing of the request. */
export const csrf = {
  refuses: ['without'],
  protect() {
    const { validateRequest, generateCsrfToken } = doubleCsrf({
      getSecret: () => 'a secret of 32 bytes that both know',
      getSessionIdentifier: ({ cookies }) => cookies.session,
    });
    const withCookies = (cookie) => ({ cookies: cookiesOf(cookie) });
    const { decorators } = guardedBy((request) => {
      Object.assign(request, withCookies(request.headers.cookie ?? ''));
      return validateRequest(request);
    });
    const issue = () => [generateCsrfToken(withCookies(SESSION), { cookie: () => {} })];
    return { decorators, issue };
  },
  proveAll({ issued: [token], count }) {
    const headers = { cookie: `${SESSION}; ${COOKIE}=${token}`, 'x-csrf-token': token };
    return Array.from({ length: count }, () => headers);
  },
};

function cookiesOf(header) {
  const pairs = header.split('; ').map((pair) => pair.split('='));
  return Object.fromEntries(pairs);
}
