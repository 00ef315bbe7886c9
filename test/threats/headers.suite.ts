import { all, header, path, proven } from '../support/attacks.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { copyOf } from '../support/http.js';
import { harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const MALFORMED = [400, 'ASH_HEADER_INVALID'] as const;
const NO_PROOF = [403, 'ASH_PROOF_INVALID'] as const;
const SCOPE = [403, 'ASH_SCOPE_MISMATCH'] as const;
/** Node's own answer, before any application sees the request. */
const BY_NODE = [400] as const;
const TOO_LARGE = [431] as const;

type Refusal = readonly [status: number, code?: string];

const SECRET = '5ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4';

const FOREIGN = [
  'X-ASH-Nonce',
  'X-ASH-Client-Secret',
  'X-ASH-Secret',
  'X-ASH-Root-Key',
  'X-ASH-Key',
  'x-ash-nonce',
  'X-Ash-NONCE',
  'X-ASH-Protocol',
  'X-ASH-Mode',
  'X-ASH-Binding',
  'X-ASH-Body-Hash',
  'X-ASH-Chain-Proof',
  'X-ASH-Proof-',
  'X-ASH-',
];

/** Every header that a request can carry, on a route that demands it. */
const HEADERS: readonly (readonly [name: string, plan: Plan])[] = [
  ['x-ash-context-id', SHOP.json],
  ['x-ash-proof', SHOP.json],
  ['x-ash-timestamp', SHOP.json],
  ['x-ash-scope', SHOP.scoped],
  ['x-ash-scope-hash', SHOP.scoped],
  ['x-ash-chain-hash', SHOP.checkout],
];

type Change = [
  title: string,
  change: (text: string) => string | string[],
  refusal: (name: string) => Refusal,
  how: 'send' | 'sendBytes',
];

const malformed = (): Refusal => MALFORMED;
const byNode = (): Refusal => BY_NODE;
/** A malformed proof has a code of its own. */
const malformedText = (name: string): Refusal => (name === 'x-ash-proof' ? NO_PROOF : MALFORMED);
/** A scope of printable characters is the policy's or it is not. */
const malformedWord = (name: string): Refusal => (name === 'x-ash-scope' ? SCOPE : malformedText(name));
const joined = (name: string): Refusal => (name === 'x-ash-scope' ? SCOPE : MALFORMED);
const repeatedTo =
  (length: number) =>
  (text: string): string =>
    text.repeat(Math.ceil(length / text.length));

const CHANGES: Change[] = [
  ['that stands twice', (text) => [text, text], malformed, 'send'],
  ['that stands twice, first with another value', (text) => ['0', text], malformed, 'send'],
  ['that stands three times, once empty', (text) => [text, '', text], malformed, 'send'],
  ['that is joined with a comma and a space', (text) => `${text}, ${text}`, malformed, 'send'],
  ['that is joined with a comma', (text) => `${text},${text}`, joined, 'send'],
  ['with a tab within', (text) => `${text}\t0`, malformedText, 'send'],
  ['with a NUL', (text) => `${text}\u0000`, byNode, 'sendBytes'],
  ['with a control character', (text) => `${text}\u0001`, byNode, 'sendBytes'],
  ['with a carriage return', (text) => `${text}\rx`, byNode, 'sendBytes'],
  ['with DEL', (text) => `${text}\u007f`, byNode, 'sendBytes'],
  ['with a byte beyond ASCII', (text) => `${text}\u00e9`, malformedText, 'sendBytes'],
  ['with a no-break space', (text) => `\u00a0${text}`, malformedText, 'sendBytes'],
  ["with '|'", (text) => `${text}|${text}`, malformedWord, 'send'],
  ['in quotes', (text) => `"${text}"`, malformedWord, 'send'],
  ['of 9,000 characters', repeatedTo(9_000), malformedText, 'send'],
  ['of 20,000 characters', repeatedTo(20_000), () => TOO_LARGE, 'send'],
];

/** Threats 12, 13 and 14: headers that are foreign, malformed, or hold more than one component. */
export function describeHeaders({ on, start }: ShopSetUp): void {
  describe(`headers ${on}`, () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await start();
    });

    afterAll(() => shop.close());

    describe('12: a header that is none of the protocol’s', () => {
      it.each(FOREIGN)('%s is refused, lest it carry a secret', async (name) => {
        expect(await play(shop, SHOP.json, header(name, SECRET))).toEqual(harmless(SHOP.json, ...MALFORMED));
      });

      it.each(FOREIGN)('%s is refused without its value in the answer', async (name) => {
        const { draft } = await shop.prepare(SHOP.json);
        const { text } = await shop.send({ ...draft, headers: { ...draft.headers, [name]: SECRET } });

        expect(text).toContain('ASH_HEADER_INVALID');
        expect(text).not.toContain(SECRET);
      });
    });

    describe.each(HEADERS)('13: %s', (name, plan) => {
      it.each(CHANGES)('%s is refused', async (_title, change, refusal, how) => {
        const [status, code] = refusal(name);

        expect(await play(shop, plan, header(name, change), how)).toEqual(harmless(plan, status, code));
      });
    });

    describe('13: a request', () => {
      it('with a megabyte of a header is refused, and the server goes on', async () => {
        const { draft } = await shop.prepare(SHOP.json);
        const huge = copyOf(draft);
        huge.headers['x-ash-proof'] = 'a'.repeat(1_000_000);

        // Node closes the connection as it answers, so that the client may not come to read the answer.
        expect([431, 'closed']).toContain(
          await shop.send(huge).then(
            ({ status }) => status,
            () => 'closed',
          ),
        );
        expect(await shop.send(draft)).toMatchObject({ status: 200 });
      });

      it('with a line that is folded is refused', async () => {
        expect(
          await play(
            shop,
            SHOP.json,
            header('x-ash-proof', (text) => `${text}\r\n 0`),
            'sendBytes',
          ),
        ).toEqual(harmless(SHOP.json, ...BY_NODE));
      });

      it('with a space in its target is refused', async () => {
        expect(await play(shop, SHOP.query, path('/report?from=1 &to=2'), 'sendBytes')).toEqual(
          harmless(SHOP.query, ...BY_NODE),
        );
      });
    });

    describe('14: a separator that is smuggled into', () => {
      type Row = [title: string, plan: Plan, attack: Attack, refusal: Refusal];
      const query = (target: string): Attack => all(path(target), proven());
      const smuggled: Row[] = [
        ['the timestamp', SHOP.json, proven({ timestamp: `${String(Date.now())}|POST /transfer` }), MALFORMED],
        ['the context', SHOP.json, header('x-ash-context-id', (id) => `${id}|POST /transfer`), MALFORMED],
        ['the query', SHOP.query, query('/report?from=1|2'), [400, 'ASH_CANONICALIZATION_ERROR']],
        [
          'the query, with a hash behind it',
          SHOP.query,
          query(`/report?x|${SECRET}|`),
          [400, 'ASH_CANONICALIZATION_ERROR'],
        ],
        [
          'the scope',
          SHOP.scoped,
          proven({ scope: ['amount', 'to'], binding: 'POST /transfer/quick|' }),
          [403, 'ASH_INTEGRITY_FAILED'],
        ],
        ['the scope hash', SHOP.scoped, header('x-ash-scope-hash', (hash) => `${hash}|${SECRET}`), MALFORMED],
        ['the chain hash', SHOP.checkout, header('x-ash-chain-hash', (hash) => `|${hash}`), MALFORMED],
        ['the path', SHOP.parameter, path('/accounts/42|/limit'), [403, 'ASH_BINDING_MISMATCH']],
      ];
      it.each(smuggled)('%s is refused', async (_title, plan, attack, [status, code]) => {
        expect(await play(shop, plan, attack)).toEqual(harmless(plan, status, code));
      });
    });
  });
}
