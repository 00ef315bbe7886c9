import { ashErrorBody, type AshErrorBody, type AshStatuses } from './refusal.js';
import type { AshErrorCode } from '../core/index.js';

const MESSAGE = 'What the client is told.';
const EXPLANATION = { component: 'query', hint: 'It was left out.' } as const;

describe('ashErrorBody', () => {
  type Row = [code: AshErrorCode, statusCode: number, error: string];
  // The table of section 8, to the letter.
  const rows: Row[] = [
    ['ASH_PROOF_MISSING', 403, 'Forbidden'],
    ['ASH_PROOF_INVALID', 403, 'Forbidden'],
    ['ASH_INTEGRITY_FAILED', 403, 'Forbidden'],
    ['ASH_BINDING_MISMATCH', 403, 'Forbidden'],
    ['ASH_SUBJECT_MISMATCH', 403, 'Forbidden'],
    ['ASH_SCOPE_MISMATCH', 403, 'Forbidden'],
    ['ASH_TIMESTAMP_INVALID', 403, 'Forbidden'],
    ['ASH_VERIFICATION_FAILED', 403, 'Forbidden'],
    ['ASH_STORE_UNAVAILABLE', 503, 'Service Unavailable'],
    ['ASH_CTX_NOT_FOUND', 403, 'Forbidden'],
    ['ASH_CTX_EXPIRED', 410, 'Gone'],
    ['ASH_CTX_ALREADY_USED', 409, 'Conflict'],
    ['ASH_CHAIN_BROKEN', 403, 'Forbidden'],
    ['ASH_CHAIN_EXPIRED', 410, 'Gone'],
    ['ASH_HEADER_INVALID', 400, 'Bad Request'],
    ['ASH_CANONICALIZATION_ERROR', 400, 'Bad Request'],
    ['ASH_UNSUPPORTED_CONTENT_TYPE', 415, 'Unsupported Media Type'],
    ['ASH_RAW_BODY_UNAVAILABLE', 500, 'Internal Server Error'],
  ];
  it.each(rows)('answers %s with %d', (code, statusCode, error) => {
    expect(ashErrorBody({ code, message: MESSAGE })).toStrictEqual({ statusCode, error, code, message: MESSAGE });
  });

  it.each(rows)('hides %s where it may not be named, unless it is the server’s fault', (code, statusCode, error) => {
    const isFault = statusCode >= 500;
    expect(ashErrorBody({ code, message: MESSAGE, explanation: EXPLANATION }, false)).toStrictEqual(
      isFault
        ? { statusCode, error, code, message: MESSAGE, explanation: EXPLANATION }
        : {
            statusCode: 403,
            error: 'Forbidden',
            code: 'ASH_VERIFICATION_FAILED',
            message: 'The request could not be verified.',
          },
    );
  });

  type StatusRow = [
    title: string,
    code: AshErrorCode,
    namesCode: boolean,
    statuses: AshStatuses,
    expected: Partial<AshErrorBody>,
  ];
  const statusRows: StatusRow[] = [
    ['of its own', 'ASH_CTX_EXPIRED', true, { ASH_CTX_EXPIRED: 401 }, { statusCode: 401, error: 'Unauthorized' }],
    ['of another code', 'ASH_CTX_EXPIRED', true, { ASH_CTX_NOT_FOUND: 404 }, { statusCode: 410, error: 'Gone' }],
    ['without a name', 'ASH_CTX_EXPIRED', true, { ASH_CTX_EXPIRED: 499 }, { statusCode: 499, error: 'Error' }],
    ['of a code that is hidden', 'ASH_CTX_EXPIRED', false, { ASH_CTX_EXPIRED: 404 }, { statusCode: 403 }],
    ['of the code that hides it', 'ASH_CTX_EXPIRED', false, { ASH_VERIFICATION_FAILED: 422 }, { statusCode: 422 }],
  ];
  it.each(statusRows)('takes the status %s', (_title, code, namesCode, statuses, expected) => {
    expect(ashErrorBody({ code, message: MESSAGE }, namesCode, statuses)).toMatchObject(expected);
  });

  it('adds the explanation where there is one', () => {
    const refusal = { code: 'ASH_INTEGRITY_FAILED', message: MESSAGE } as const;
    expect(ashErrorBody({ ...refusal, explanation: EXPLANATION })).toMatchObject({ explanation: EXPLANATION });
    expect(ashErrorBody({ ...refusal, explanation: undefined })).not.toHaveProperty('explanation');
  });
});
