import {
  AuthenticationError,
  CryptoError,
  isCryptoError,
  messageInvalid,
  SnapshotError,
  type CryptoErrorCode,
} from './errors.js';

/** With every code of the type: one that is missing here, or that the type has not, is a mistake of types. */
const CODES: Readonly<Record<CryptoErrorCode, true>> = {
  ASH_CRYPTO_HANDSHAKE_REFUSED: true,
  ASH_CRYPTO_SERVER_UNREACHABLE: true,
  ASH_CRYPTO_SNAPSHOT_INVALID: true,
  ASH_CRYPTO_SNAPSHOT_FORGED: true,
  ASH_CRYPTO_SNAPSHOT_EXPIRED: true,
  ASH_CRYPTO_SNAPSHOT_REPLAYED: true,
  ASH_CRYPTO_MESSAGE_INVALID: true,
  ASH_CRYPTO_ANSWER_UNSEALED: true,
  ASH_CRYPTO_BODY_UNSUPPORTED: true,
  ASH_CRYPTO_CLIENT_CLOSED: true,
};

describe.each([
  ['CryptoError', CryptoError],
  ['AuthenticationError', AuthenticationError],
  ['SnapshotError', SnapshotError],
])('%s', (name, ErrorClass) => {
  const cause = new Error('beneath');
  const error = new ErrorClass('ASH_CRYPTO_SERVER_UNREACHABLE', 'No answer.', { cause });

  it('has its name, code, message and cause', () => {
    const { name: itsName, code, message, cause: itsCause } = error;
    expect({ itsName, code, message, itsCause }).toEqual({
      itsName: name,
      code: 'ASH_CRYPTO_SERVER_UNREACHABLE',
      message: 'No answer.',
      itsCause: cause,
    });
    expect(String(error)).toBe(`${name}: No answer.`);
  });

  it('is an error, and a CryptoError', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(CryptoError);
    expect(isCryptoError(error)).toBe(true);
  });

  it('has no cause where there is none', () => {
    expect(new ErrorClass('ASH_CRYPTO_CLIENT_CLOSED', 'Closed.')).not.toHaveProperty('cause');
  });
});

describe('isCryptoError', () => {
  it.each(Object.keys(CODES))('knows an error of %s that another copy of the package made', (code) => {
    expect(isCryptoError(Object.assign(new Error('theirs'), { code }))).toBe(true);
  });

  it.each([
    ['an error without a code', new Error('plain')],
    ['an error of Node', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })],
    ['an error of a verification', Object.assign(new Error('late'), { code: 'ASH_CTX_EXPIRED' })],
    ['an error whose code only begins so', Object.assign(new Error('odd'), { code: 'ASH_CRYPTO_' })],
    ['an error whose code is no text', Object.assign(new Error('odd'), { code: ['ASH_CRYPTO_CLIENT_CLOSED'] })],
    ['an object that is no error', { code: 'ASH_CRYPTO_CLIENT_CLOSED' }],
    ['a text', 'ASH_CRYPTO_CLIENT_CLOSED'],
    ['null', null],
    ['nothing', undefined],
  ])('does not take %s for one', (_title, error) => {
    expect(isCryptoError(error)).toBe(false);
  });
});

describe('messageInvalid', () => {
  it('says the same of every message, and has the cause that it is given', () => {
    const cause = new RangeError('beneath');
    expect(messageInvalid()).toMatchObject({ name: 'CryptoError', code: 'ASH_CRYPTO_MESSAGE_INVALID' });
    expect(messageInvalid({ cause })).toMatchObject({ message: messageInvalid().message, cause });
  });
});
