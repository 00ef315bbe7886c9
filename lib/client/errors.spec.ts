import { AshError } from '../core/index.js';
import { AshClientError, isAshClientError } from './index.js';

describe('isAshClientError', () => {
  const foreign = (name: string, code: unknown): Error => Object.assign(new Error('x'), { name, code });

  it.each<[string, unknown, boolean]>([
    ['an error of the client', new AshClientError('ASH_CLIENT_URL_INVALID', 'x'), true],
    ['an error with a code of the server', new AshClientError('ASH_CTX_EXPIRED', 'x'), true],
    ['one of another copy of the package', foreign('AshClientError', 'ASH_CTX_EXPIRED'), true],
    ['one with an unknown code', foreign('AshClientError', 'ASH_NONE'), false],
    ['an error of the protocol', new AshError('ASH_CTX_EXPIRED'), false],
    ['an object like one', { name: 'AshClientError', code: 'ASH_CTX_EXPIRED' }, false],
    ['nothing', undefined, false],
  ])('knows %s', (_title, error, expected) => {
    expect(isAshClientError(error)).toBe(expected);
  });

  it('finds status, answer and cause on an error', () => {
    const response = new Response(null, { status: 410 });
    const cause = new Error('beneath');
    const error = new AshClientError('ASH_CTX_EXPIRED', 'too late', { response, cause });

    expect(error).toMatchObject({ name: 'AshClientError', message: 'too late', status: 410, cause });
    expect(error.response).toBe(response);
    expect(new AshClientError('ASH_CLIENT_URL_INVALID', 'x').status).toBeUndefined();
  });
});
