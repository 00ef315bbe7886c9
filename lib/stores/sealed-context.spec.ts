import { ASH_MODES } from '../core/index.js';
import { ASH_PROTOCOLS } from '../core/formulas.js';
import { contextOf } from './context.js';
import { decodeSealedContext, encodeSealedContext, spentKeyOf, type SealedContext } from './sealed-context.js';

const ID = 'ash_sA';
const ROOM = 700;
const FIELDS: SealedContext['context'] = {
  binding: 'POST /transfer',
  mode: 'balanced',
  protocol: 'v2.3',
  issuedAt: 1_700_000_000_000,
  expiresAt: 1_700_000_060_000.5,
  nonce: '0f'.repeat(32),
};
const SEALED: SealedContext = { context: FIELDS, shard: 65_535, epoch: 'ab'.repeat(16) };

/** What is to come of what was sealed; the nonce by itself, since no comparison sees it in a context. */
const openedOf = (sealed: SealedContext): unknown => ({
  opened: { ...sealed, context: contextOf(ID, sealed.context) },
  nonce: sealed.context.nonce,
});

function decode(bytes: Buffer): unknown {
  const opened = decodeSealedContext(ID, bytes);
  return { opened, nonce: opened?.context.nonce };
}

const encode = (sealed: SealedContext): Buffer => encodeSealedContext(sealed, ROOM);

describe('The bytes of a sealed context', () => {
  it('are the same in every version, since they are read by servers of the next', () => {
    expect(encode(SEALED).toString('hex')).toBe(
      [
        '0d', // v2.3, balanced
        'ffff',
        '4278bcfe56800000',
        '4278bcfe65260800',
        '0f'.repeat(32),
        `1000${'ab'.repeat(16)}`,
        Buffer.from('["POST /transfer"]').toString('hex'),
      ].join(''),
    );
  });

  it.each(ASH_MODES.flatMap((mode) => ASH_PROTOCOLS.map((protocol) => ({ mode, protocol }))))('hold %p', (kind) => {
    const sealed = { ...SEALED, context: { ...FIELDS, ...kind } };
    expect(decode(encode(sealed))).toStrictEqual(openedOf(sealed));
  });

  it.each([
    ['hex digits', '0123456789abcdef'],
    ['hex digits in two pieces', `${'0a'.repeat(20)}:${'ff'.repeat(16)}`],
    ['an odd number of hex digits', '0123456789abcdef0'],
    ['hex digits in two odd pieces', '0123456789a:bcdef'],
    ['hex digits in three pieces', 'abcdef:abcdef:abcdef'],
    ['hex digits in capitals', 'ABCDEF0123456789'],
    ['128 hex digits', 'ab'.repeat(64)],
    ['128 other characters', 'aZ_-.:09'.repeat(16)],
    ['an empty piece', 'abcdef0123456789:'],
  ])('hold an epoch of %s', (_title, epoch) => {
    expect(decodeSealedContext(ID, encode({ ...SEALED, epoch }))?.epoch).toBe(epoch);
  });

  it('hold what is there, and nothing for what is not', () => {
    const parts = { subject: '', scope: [], metadata: {} };
    for (const present of [[], ['subject'], ['scope'], ['metadata'], ['subject', 'metadata'], Object.keys(parts)]) {
      const some = Object.fromEntries(Object.entries(parts).filter(([name]) => present.includes(name)));
      const sealed = { ...SEALED, context: { ...FIELDS, ...some } };
      expect(decode(encode(sealed))).toStrictEqual(openedOf(sealed));
    }
  });

  it.each([
    [
      'a mode',
      { mode: 'lenient' },
      "A context of 'lenient' cannot be sealed: it is none of minimal, balanced, strict.",
    ],
    ['a protocol', { protocol: 'v9' }, "A context of 'v9' cannot be sealed: it is none of v1, v2.1, v2.2, v2.3."],
  ])('are not made of %s that is not known, which would be read as another', (_title, kind, sentence) => {
    expect(() => encode({ ...SEALED, context: { ...FIELDS, ...(kind as object) } })).toThrow(new TypeError(sentence));
  });

  it.each([0b11, 0b1_0001, 0xff])('of a later version are not read: kind %d', (kind) => {
    const bytes = encode(SEALED);
    bytes[0] = kind;
    expect(decodeSealedContext(ID, bytes)).toBeUndefined();
  });
});

describe('The key under which a context is spent', () => {
  it('is its own, and depends on nothing but the nonce', () => {
    const key = spentKeyOf(SEALED);
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(spentKeyOf({ shard: 0, epoch: 'another', context: { ...FIELDS, binding: 'GET /' } })).toBe(key);
    expect(spentKeyOf({ ...SEALED, context: { ...FIELDS, nonce: `1${FIELDS.nonce.slice(1)}` } })).not.toBe(key);
  });
});
