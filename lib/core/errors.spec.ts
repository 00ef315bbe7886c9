import { ashErrorMessage, ashErrorStatus, sentenceOf } from './error-meanings.js';
import { AshConfigurationError, AshError, isAshError, isAshErrorCode, type AshErrorCode } from './errors.js';

type StatusRow = [code: AshErrorCode, status: number];

// Protocol, section 8.
const statuses: StatusRow[] = [
  ['ASH_PROOF_MISSING', 403],
  ['ASH_PROOF_INVALID', 403],
  ['ASH_INTEGRITY_FAILED', 403],
  ['ASH_BINDING_MISMATCH', 403],
  ['ASH_SUBJECT_MISMATCH', 403],
  ['ASH_SCOPE_MISMATCH', 403],
  ['ASH_TIMESTAMP_INVALID', 403],
  ['ASH_VERIFICATION_FAILED', 403],
  ['ASH_STORE_UNAVAILABLE', 503],
  ['ASH_CTX_NOT_FOUND', 403],
  ['ASH_CTX_EXPIRED', 410],
  ['ASH_CTX_ALREADY_USED', 409],
  ['ASH_CHAIN_BROKEN', 403],
  ['ASH_CHAIN_EXPIRED', 410],
  ['ASH_HEADER_INVALID', 400],
  ['ASH_CANONICALIZATION_ERROR', 400],
  ['ASH_UNSUPPORTED_CONTENT_TYPE', 415],
  ['ASH_RAW_BODY_UNAVAILABLE', 500],
];

describe('a code', () => {
  it.each(statuses)('%s has the status %i', (code, status) => {
    expect(ashErrorStatus(code)).toBe(status);
  });

  it.each(statuses)('%s is known and has a sentence of its own', (code) => {
    expect(isAshErrorCode(code)).toBe(true);
    const sentences = statuses.map(([other]) => ashErrorMessage(other));
    expect(sentences.filter((sentence) => sentence === ashErrorMessage(code))).toHaveLength(1);
    expect(ashErrorMessage(code)).toMatch(/^[A-Z].+\.$/);
  });

  type Row = [title: string, value: unknown];
  const rows: Row[] = [
    ['is not any text', 'ASH_NOPE'],
    ['is not the name of an inherited property', 'constructor'],
    ['is not the name of the prototype', '__proto__'],
    ['is not a known one in lower case', 'ash_proof_invalid'],
    ['is not nothing', undefined],
    ['is not a list of a code', ['ASH_PROOF_INVALID']],
  ];
  it.each(rows)('%s', (_title, value) => {
    expect(isAshErrorCode(value)).toBe(false);
  });
});

describe('an AshError', () => {
  it('says its code where it is given no message, and the public sentence of it to whoever asks', () => {
    const error = new AshError('ASH_CTX_EXPIRED');
    expect(error.message).toBe('ASH_CTX_EXPIRED');
    expect(sentenceOf(error)).toBe(ashErrorMessage('ASH_CTX_EXPIRED'));
  });

  it('says the message that it was given', () => {
    expect(sentenceOf(new AshError('ASH_CTX_EXPIRED', 'Too late.'))).toBe('Too late.');
  });

  it('keeps its code, its message and its cause', () => {
    const cause = new Error('beneath');
    const error = new AshError('ASH_CTX_EXPIRED', 'Too late.', { cause });
    expect(error).toMatchObject({ name: 'AshError', code: 'ASH_CTX_EXPIRED', message: 'Too late.', cause });
    expect(error).toBeInstanceOf(Error);
  });

  it('has no cause where it is given none', () => {
    expect(new AshError('ASH_CTX_EXPIRED')).not.toHaveProperty('cause');
  });

  it('of another copy of the package is one too', () => {
    const other = Object.assign(new Error('from another build'), { name: 'AshError', code: 'ASH_PROOF_INVALID' });
    expect(isAshError(other)).toBe(true);
    expect(isAshError(new AshError('ASH_PROOF_INVALID'))).toBe(true);
  });

  type Row = [title: string, value: unknown];
  const rows: Row[] = [
    ['is not an error of another name', Object.assign(new Error('x'), { code: 'ASH_PROOF_INVALID' })],
    ['is not an error without a code', Object.assign(new Error('x'), { name: 'AshError' })],
    ['is not an error with a foreign code', Object.assign(new Error('x'), { name: 'AshError', code: 'ENOENT' })],
    ['is not an object that looks like one', { name: 'AshError', code: 'ASH_PROOF_INVALID', message: 'x' }],
    ['is not an error of the configuration', new AshConfigurationError('x')],
    ['is not nothing', undefined],
    ['is not null', null],
  ];
  it.each(rows)('%s', (_title, value) => {
    expect(isAshError(value)).toBe(false);
  });
});

it('an error of the configuration has a name and a code', () => {
  expect(new AshConfigurationError('x')).toMatchObject({
    name: 'AshConfigurationError',
    code: 'ASH_CONFIGURATION_ERROR',
    message: 'x',
  });
});
