import { all, header, proven, without } from '../support/attacks.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;
const NO_PROOF = [403, 'ASH_PROOF_INVALID'] as const;
const MISSING = [403, 'ASH_PROOF_MISSING'] as const;
const UNKNOWN = [403, 'ASH_CTX_NOT_FOUND'] as const;
const MALFORMED = [400, 'ASH_HEADER_INVALID'] as const;

const proof = (value: string | ((text: string) => string)): Attack => header('x-ash-proof', value);
const contextId = (value: string | ((text: string) => string)): Attack => header('x-ash-context-id', value);

type Row = [title: string, attack: Attack, refusal: readonly [status: number, code: string]];

const GARBAGE: Row[] = [
  // The right shape, so that only the comparison can tell.
  ['zeros', proof('0'.repeat(64)), MISMATCH],
  ['random digits', proof('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'), MISMATCH],
  ['its digits in reverse', proof((text) => Buffer.from(text).reverse().toString()), MISMATCH],
  ['the proof of another request', proven({ covered: '{"amount":1}' }), MISMATCH],
  ['a proof without the body', proven({ covered: '{}' }), MISMATCH],
  ['a proof of the bytes that are no JSON', proven({ covered: '' }), MISMATCH],

  // Every other shape.
  ['its digits in capitals', proof((text) => text.toUpperCase()), NO_PROOF],
  ['a digit less', proof((text) => text.slice(1)), NO_PROOF],
  ['a digit more', proof((text) => `${text}0`), NO_PROOF],
  ['it twice in one text', proof((text) => text + text), NO_PROOF],
  ['a prefix', proof((text) => `0x${text}`), NO_PROOF],
  ['letters that are no digits', proof((text) => `g${text.slice(1)}`), NO_PROOF],
  ['a space within', proof((text) => `${text.slice(0, 31)} ${text.slice(32)}`), NO_PROOF],
  ['its bytes in base64', proof((text) => Buffer.from(text, 'hex').toString('base64')), NO_PROOF],
  ['the shape of v1', proof('A'.repeat(43)), NO_PROOF],
  ['a word', proof('undefined'), NO_PROOF],
  ['an asterisk', proof('*'), NO_PROOF],
  ['8,000 digits', proof('a'.repeat(8_000)), NO_PROOF],
  ['malformed, of a context that is unknown', all(proof('*'), contextId('ash_0')), NO_PROOF],
  ['nothing', proof(''), MISSING],
  ['white space', proof('  '), MISSING],

  // What the proof belongs to.
  ['no proof', without('x-ash-proof'), MISSING],
  ['no context', without('x-ash-context-id'), MISSING],
  ['an empty context', contextId(''), MISSING],
  ['no timestamp', without('x-ash-timestamp'), MISSING],
  ['an empty timestamp', header('x-ash-timestamp', ''), MISSING],
  ['no header of the protocol', without('x-ash-proof', 'x-ash-context-id', 'x-ash-timestamp'), MISSING],
  ['an unknown context', contextId(`ash_${'0'.repeat(32)}`), UNKNOWN],
  ['a context in capitals', contextId((text) => text.toUpperCase()), UNKNOWN],
  ['a context that is the name of a prototype', contextId('__proto__'), UNKNOWN],
  ['a context that is the name of a method', contextId('constructor'), UNKNOWN],
  ['the longest context', contextId('a'.repeat(1_024)), UNKNOWN],
  ['a context that is too long', contextId('a'.repeat(1_025)), MALFORMED],
  ['a context with a slash', contextId('../ash_0'), MALFORMED],
  ['a context with a space', contextId((text) => `${text} ${text}`), MALFORMED],
  ['a context with a wild card', contextId('ash_*'), MALFORMED],
];

/** Threats 4 and 25: guessed proofs. */
export function describeProofs({ on, start }: ShopSetUp): void {
  describe(`a guess ${on}`, () => {
    describe('4: a guessed proof', () => {
      let shop: TestApp;

      beforeAll(async () => {
        shop = await start();
      });

      afterAll(() => shop.close());

      it.each(GARBAGE)('that is %s is refused and burns no context', async (_title, attack, refusal) => {
        expect(await play(shop, SHOP.json, attack)).toEqual(harmless(SHOP.json, ...refusal));
      });

      it('burns no context however often it comes', async () => {
        const { draft } = await shop.prepare(SHOP.json);
        const guesses = Array.from({ length: 100 }, (_, index) => index.toString(16).padStart(64, '0'));
        const answers = await Promise.all(
          guesses.map((guess) => shop.send({ ...draft, headers: { ...draft.headers, 'x-ash-proof': guess } })),
        );

        expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['ASH_INTEGRITY_FAILED']));
        expect(await shop.send(draft)).toMatchObject({ status: 200 });
      });

      it('is told from none: the answer is one of the protocol, and never 401', async () => {
        const { status, body } = await shop.send({ method: 'POST', path: '/transfer', headers: {}, body: undefined });

        expect(status).toBe(403);
        expect(body).toEqual({
          statusCode: 403,
          error: 'Forbidden',
          code: 'ASH_PROOF_MISSING',
          message: 'This route needs the headers of an ASH proof.',
        });
      });
    });

    describe('25: a proof that is nearly right', () => {
      let shop: TestApp;

      beforeAll(async () => {
        shop = await start();
      });

      afterAll(() => shop.close());

      type Near = [title: string, plan: Plan, length: number, code: string];
      const near: Near[] = [
        ['v2.3', SHOP.json, 64, 'ASH_INTEGRITY_FAILED'],
        ['v1', SHOP.v1, 43, 'ASH_PROOF_INVALID'],
      ];
      // How long the comparison takes is not measured: that it is over all the decoded bytes shows in one answer for all.
      it.each(near)('of %s gets one answer wherever it differs', async (_title, plan, length, code) => {
        const { draft, proof: right } = await shop.prepare(plan);
        const answers = await Promise.all(
          Array.from({ length }, (_, index) => {
            const [digit, other] = right[index] === 'A' || right[index] === '0' ? ['4', 'E'] : ['0', 'A'];
            const wrong = right.slice(0, index) + (length === 64 ? digit : other) + right.slice(index + 1);
            return shop.send({ ...draft, headers: { ...draft.headers, 'x-ash-proof': wrong } });
          }),
        );

        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
        expect(answers[0]).toMatchObject({ status: 403, code });
        expect(await shop.send(draft)).toMatchObject({ status: 200 });
      });
    });
  });
}
