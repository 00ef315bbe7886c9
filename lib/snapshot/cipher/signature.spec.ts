import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ashSignSnapshot, ashVerifySnapshot } from './signature.js';
import type { AshSnapshot } from './snapshot.js';

type Vector = AshSnapshot & { readonly secretKey: string };

const vectors = (
  JSON.parse(readFileSync(join(process.cwd(), 'test/vectors/ash.json'), 'utf8')) as { snapshotSignature: Vector[] }
).snapshotSignature;

const KEY = Buffer.from('XojT7b72Y36jDtH+puYwIUZ+zr92oad7Dw==', 'base64');
const FIELDS = { tick: 1_533_972_000, seed: 440_819_391, timestamp: 1_740_904_491 };
const SIGNATURE = 'eqe7MFK8Ef4WhkPGSpNg3kdGWdrY2nIpo2c1QXZ3uRs=';

describe('the signature of a snapshot', () => {
  it.each(vectors.map((vector, index) => [index + 1, vector] as const))(
    'has the expected value %i, both ways',
    (_number, { secretKey, tick, seed, timestamp, signature }) => {
      const key = Buffer.from(secretKey, 'base64');
      expect(ashSignSnapshot(key, { tick, seed, timestamp })).toBe(signature);
      expect(ashVerifySnapshot(key, { tick, seed, timestamp, signature })).toBe(true);
    },
  );

  type Row = [title: string, changed: Partial<AshSnapshot>];
  const rows: Row[] = [
    ['another tick', { tick: FIELDS.tick + 1 }],
    ['another seed', { seed: FIELDS.seed - 1 }],
    ['another timestamp', { timestamp: FIELDS.timestamp + 1 }],
    ['tick and seed in place of each other', { tick: FIELDS.seed, seed: FIELDS.tick }],
    ['no signature', { signature: '' }],
    ['a signature without its padding', { signature: SIGNATURE.slice(0, -1) }],
    ['a signature with more behind it', { signature: `${SIGNATURE}=` }],
    ['a signature of other capitals', { signature: SIGNATURE.toUpperCase() }],
    ['a signature in base64url', { signature: SIGNATURE.replaceAll('+', '-').replaceAll('/', '_').slice(0, -1) }],
    ['a signature in hex', { signature: Buffer.from(SIGNATURE, 'base64').toString('hex') }],
    // The last character before the padding has two bits that no byte takes.
    ['a signature of the same bytes, written otherwise', { signature: SIGNATURE.replace('s=', 't=') }],
    ['a signature with characters of more bytes', { signature: 'é'.repeat(22) }],
  ];
  it.each(rows)('is not good for %s', (_title, changed) => {
    const snapshot = { ...FIELDS, signature: SIGNATURE };
    expect(ashVerifySnapshot(KEY, snapshot)).toBe(true);
    expect(ashVerifySnapshot(KEY, { ...snapshot, ...changed })).toBe(false);
  });

  it('is good in each of its characters', () => {
    const changed = Array.from(SIGNATURE, (character, index) =>
      [SIGNATURE.slice(0, index), character === 'A' ? 'B' : 'A', SIGNATURE.slice(index + 1)].join(''),
    );
    expect(changed.filter((signature) => ashVerifySnapshot(KEY, { ...FIELDS, signature }))).toEqual([]);
  });

  it('is not good with another key', () => {
    const keys = [...KEY.keys()].map((index) => KEY.map((byte, at) => (at === index ? byte ^ 1 : byte)));
    keys.push(KEY.subarray(1), Buffer.concat([KEY, Uint8Array.of(1)]));
    expect(keys.filter((key) => ashVerifySnapshot(key, { ...FIELDS, signature: SIGNATURE }))).toEqual([]);
  });

  it('is neither made nor checked with a key that is a text', () => {
    const text = Buffer.from(KEY).toString('base64') as unknown as Uint8Array;
    expect(() => ashSignSnapshot(text, FIELDS)).toThrow(TypeError);
    expect(() => ashVerifySnapshot(text, { ...FIELDS, signature: SIGNATURE })).toThrow(TypeError);
  });
});
