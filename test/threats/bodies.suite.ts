import { all, body, contentType, header, withoutBody } from '../support/attacks.js';
import { both, type RefusalByAdapter } from '../support/echo.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;
const OTHER_TYPE = [415, 'ASH_UNSUPPORTED_CONTENT_TYPE'] as const;
const UNREAD = [500, 'ASH_RAW_BODY_UNAVAILABLE'] as const;
const BY_PARSER = [400] as const;

/** Threat 11: a body that is hidden, or none. */
export function describeBodies({ adapter, on, start }: ShopSetUp): void {
  describe(`11: a body ${on}`, () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await start();
    });

    afterAll(() => shop.close());

    const empty: Plan = { binding: 'POST /checkout', runs: 'checkouts', after: [SHOP.cart] };
    const emptyRaw: Plan = { binding: 'POST /upload', payload: 'raw', runs: 'uploads' };
    const emptyV1: Plan = { ...SHOP.v1, body: '{"amount":100,"to":"acct-7"}' };
    const chunked = header('transfer-encoding', 'chunked');
    const bytes = Uint8Array.of(1, 2, 3);

    type Hidden = [title: string, plan: Plan, attack: Attack, refusal: RefusalByAdapter];
    const hidden: Hidden[] = [
      ['of JSON', empty, all(body('{"x":1}'), contentType('application/json')), both(MISMATCH)],
      ['of JSON in chunks', empty, all(body('{"x":1}'), contentType('application/json'), chunked), both(MISMATCH)],
      ['of a form', empty, all(body('x=1'), contentType('application/x-www-form-urlencoded')), both(MISMATCH)],
      ['of a text', empty, all(body('x'), contentType('text/plain')), both(OTHER_TYPE)],
      ['of a text in chunks', empty, all(body('x'), contentType('text/plain'), chunked), both(OTHER_TYPE)],
      ['of bytes', empty, all(body(bytes), contentType('application/octet-stream')), both(OTHER_TYPE)],
      ['of a file', empty, all(body('--x--'), contentType('multipart/form-data; boundary=x')), both(OTHER_TYPE)],
      ['of a vendor’s JSON', empty, all(body('{"x":1}'), contentType('application/vnd.x+json')), both(UNREAD)],
      ['without a type', empty, body('{"x":1}'), both(OTHER_TYPE)],
      ['without a type in chunks', empty, all(body('{"x":1}'), chunked), both(OTHER_TYPE)],
      [
        'of no type at all',
        empty,
        all(body('{"x":1}'), contentType('nonsense')),
        { express: OTHER_TYPE, fastify: [415] },
      ],
      ['of bytes on a raw route', emptyRaw, all(body(bytes), contentType('application/octet-stream')), both(MISMATCH)],
      [
        'of bytes in chunks on a raw route',
        emptyRaw,
        all(body(bytes), contentType('application/octet-stream'), chunked),
        both(MISMATCH),
      ],
      ['of JSON on a raw route', emptyRaw, all(body('{}'), contentType('application/json')), both(MISMATCH)],
      ['of a text on a raw route', emptyRaw, all(body('x'), contentType('text/plain')), both(MISMATCH)],
      ['without a type on a raw route', emptyRaw, body('x'), both(MISMATCH)],
      [
        'of JSON with GET',
        SHOP.query,
        all(body('{"x":1}'), contentType('application/json')),
        { express: MISMATCH, fastify: UNREAD },
      ],
      [
        'of JSON in chunks with GET',
        SHOP.query,
        all(body('{"x":1}'), contentType('application/json'), chunked),
        { express: MISMATCH, fastify: UNREAD },
      ],
      ['of a text with GET', SHOP.query, all(body('x'), contentType('text/plain')), both(OTHER_TYPE)],
      ['without a type with GET', SHOP.query, body('x'), both(OTHER_TYPE)],
      ['that is left out', SHOP.json, withoutBody, both(MISMATCH)],
      ['that is left out with v1', emptyV1, withoutBody, both([403, 'ASH_PROOF_INVALID'])],
      [
        'that is empty',
        SHOP.json,
        all(body(''), header('content-length', '0')),
        { express: MISMATCH, fastify: BY_PARSER },
      ],
      ['that is empty and without a type', SHOP.json, all(withoutBody, header('content-length', '0')), both(MISMATCH)],
      ['that is an empty object', SHOP.json, body('{}'), both(MISMATCH)],
      ['with an empty proof', SHOP.json, header('x-ash-proof', ''), both([403, 'ASH_PROOF_MISSING'])],
      ['of two lengths', SHOP.json, header('content-length', ['28', '0']), both([400])],
      ['of a length and in chunks', SHOP.json, all(header('content-length', '28'), chunked), both([400])],
    ];
    it.each(hidden)('%s is never taken for another one', async (_title, plan, attack, refusal) => {
      expect(await play(shop, plan, attack)).toEqual(harmless(plan, ...refusal[adapter]));
    });

    type Empty = [title: string, plan: Plan, attack: Attack];
    const none: Empty[] = [
      ['no framing', empty, withoutBody],
      ['a length of 0', empty, header('content-length', '0')],
      ['a length of 0 with GET', SHOP.query, header('content-length', '0')],
      ['a type and no body', SHOP.query, contentType('application/json')],
      ['chunks of nothing on a raw route', emptyRaw, all(chunked, contentType('application/octet-stream'))],
    ];
    it.each(none)('that is none passes with %s', async (_title, plan, attack) => {
      const honest = await shop.prepare(plan);
      await attack(honest.draft, honest);

      expect(await shop.ranDuring(() => shop.send(honest.draft))).toEqual({ [plan.runs]: 1 });
    });
  });
}
