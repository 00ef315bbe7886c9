import { body } from '../support/attacks.js';
import { EchoController, FORM_TYPE, json, JSON_TYPE, runs, type Refusal } from '../support/echo.js';
import { startFixture } from '../support/fixture.js';
import { ADAPTERS, harmless, play, type Plan, type TestApp } from '../support/test-app.js';

const NO_FORM = [400, 'ASH_CANONICALIZATION_ERROR'] as const;
const TOO_LARGE = [413] as const;

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe('27: a payload', () => {
    const LIMIT = 4_000_000;
    let app: TestApp;

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [EchoController], bodyLimit: LIMIT });
    });

    afterAll(() => app.close());

    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    const nestedObjects = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    /** A JSON whose canonical form has a number of bytes. */
    const ofBytes = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const members = (keys: readonly string[]): string =>
      JSON.stringify(Object.fromEntries(keys.map((key) => [key, 1])));
    const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `key${index}`);
    /** 'Aa' and 'BB' have one hash in the functions that tables of strings usually take. */
    const colliding = (pairs: number): string[] =>
      Array.from({ length: 2 ** pairs }, (_, index) =>
        Array.from({ length: pairs }, (_pair, bit) => ((index >> bit) & 1 ? 'BB' : 'Aa')).join(''),
      );

    type Bounded = [title: string, text: string];
    const passing: Bounded[] = [
      ['64 levels of lists', nested(64)],
      ['64 levels of objects', nestedObjects(63).replace('1', '{}')],
      ['20,000 members', members(numbered(20_000))],
      ['16,384 keys that collide', members(colliding(14))],
      ['100,000 items', JSON.stringify(Array.from({ length: 100_000 }, () => 0))],
      ['a megabyte', ofBytes(1_048_576)],
    ];
    it.each(passing)('with %s passes', async (_title, text) => {
      expect(await app.ranDuring(() => app.pass(json(text)))).toEqual({ echo: 1 });
    });

    const refused: [title: string, text: string, refusal: Refusal][] = [
      ['65 levels of lists', nested(65), NO_FORM],
      ['65 levels of objects', nestedObjects(64).replace('1', '{}'), NO_FORM],
      ['100,000 levels', nested(100_000), NO_FORM],
      ['a byte more than a megabyte', ofBytes(1_048_577), NO_FORM],
      ['a megabyte of letters of two bytes', `{"a":"${'é'.repeat(524_288)}"}`, NO_FORM],
      ['three megabytes of members', members(numbered(200_000)), NO_FORM],
      ['more than the parser takes', ofBytes(LIMIT + 1), TOO_LARGE],
    ];
    it.each(refused)('with %s is refused', async (_title, text, refusal) => {
      expect(await play(app, json('{"a":1}'), body(text))).toEqual(harmless(json('{"a":1}'), ...refusal));
    });

    it('that is larger than its route takes is refused', async () => {
      const small: Plan = { binding: 'POST /small', headers: JSON_TYPE, body: '{"a":1}', runs: 'small' };

      expect(await play(app, small, body(ofBytes(65)))).toEqual(harmless(small, ...NO_FORM));
      expect(await app.ranDuring(() => app.pass({ ...small, body: ofBytes(64) }))).toEqual({ small: 1 });
    });

    it('of a form that is larger than its route takes is refused', async () => {
      const small: Plan = { binding: 'POST /small', headers: FORM_TYPE, body: 'a=1', runs: 'small' };

      expect(await play(app, small, body(`a=${'é'.repeat(11)}`))).toEqual(harmless(small, ...NO_FORM));
    });

    it.each(['/', '/x', '|'])(
      'of the context endpoint whose binding is a long text of "%s" gets a short answer',
      async (text) => {
        const { status, text: answer } = await app.ask({ binding: `POST ${text.repeat(50_000)}` });

        expect(status).toBe(400);
        expect(answer.length).toBeLessThan(1_000);
      },
    );
  });
});
