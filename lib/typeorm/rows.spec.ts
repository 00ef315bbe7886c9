import { readContext, readLink } from './rows.js';

const BODY = JSON.stringify({ binding: 'POST /a', mode: 'strict', protocol: 'v2.3', nonce: 'n' });
const CONTEXT = { id: 'ash_1', body: BODY, issued_at: 1, expires_at: 2, consumed_at: null };
const LINK = { hash: 'h', body: '{"chain":"c","step":"s"}', issued_at: 1, expires_at: 2, holder: null };

describe('a row', () => {
  it.each([[1], ['1'], [1n]])('has its times as a number, which the driver gave as %p', (time) => {
    const row = { ...CONTEXT, issued_at: time, expires_at: time, consumed_at: time };
    expect(readContext(row, 'ash_1')).toMatchObject({ issuedAt: 1, expiresAt: 1, consumedAt: 1 });
  });

  it('of an unspent context and of a free link says so', () => {
    expect(readContext(CONTEXT, 'ash_1')).not.toHaveProperty('consumedAt');
    expect(readLink(LINK, 'h')).toStrictEqual({ chain: 'c', step: 's', hash: 'h', issuedAt: 1, expiresAt: 2 });
  });

  it.each<[string, object]>([
    ['another one than was asked for', { id: 'ASH_1' }],
    ['one without a time', { issued_at: undefined }],
    ['one whose spending is unknown', { consumed_at: undefined }],
    ['one whose spending is no time', { consumed_at: '' }],
    ['one with a time beyond what a number holds', { expires_at: '9007199254740993' }],
    ['one whose body is no text', { body: Buffer.from(BODY) }],
    ['one whose body is cut off', { body: BODY.slice(0, -1) }],
  ])('is refused: %s', (_title, difference) => {
    expect(() => readContext({ ...CONTEXT, ...difference }, 'ash_1')).toThrow(/AshSqlStore: |JSON/);
  });

  it('of a link is refused where its holder is unknown', () => {
    expect(() => readLink({ ...LINK, holder: undefined }, 'h')).toThrow(TypeError);
  });
});
