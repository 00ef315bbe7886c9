import { body, header, proven } from '../support/attacks.js';
import type { Clock } from '../support/clock.js';
import { inStoppedTime } from '../support/stopped-time.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Attack, type TestApp } from '../support/test-app.js';

const WRONG = [403, 'ASH_TIMESTAMP_INVALID'] as const;
const MALFORMED = [400, 'ASH_HEADER_INVALID'] as const;
const MISSING = [403, 'ASH_PROOF_MISSING'] as const;

const MINUTES = 60_000;

type Row = [
  title: string,
  timestamp: (now: number) => number | string,
  refusal: readonly [status: number, code: string],
];

/** Each is proven as it is sent, so that the timestamp alone is wrong. */
const TIMESTAMPS: Row[] = [
  ['in seconds', (now) => Math.floor(now / 1_000), WRONG],
  ['in microseconds', (now) => now * 1_000, WRONG],
  ['five minutes and a millisecond ago', (now) => now - 5 * MINUTES - 1, WRONG],
  ['in five minutes and a millisecond', (now) => now + 5 * MINUTES + 1, WRONG],
  ['a year ago', (now) => now - 365 * 24 * 60 * MINUTES, WRONG],
  ['of the first millisecond', () => 1, WRONG],
  ['of the largest number', () => '9'.repeat(16), WRONG],
  ['of more digits than a time has', () => '1'.repeat(17), MALFORMED],
  ['of zero', () => 0, MALFORMED],
  ['below zero', (now) => -now, MALFORMED],
  ['with a sign', (now) => `+${now}`, MALFORMED],
  ['with a leading zero', (now) => `0${now}`, MALFORMED],
  ['with a fraction', (now) => `${now}.0`, MALFORMED],
  ['with an exponent', () => '1.7e12', MALFORMED],
  ['in hexadecimal', (now) => `0x${now.toString(16)}`, MALFORMED],
  ['as a date', (now) => new Date(now).toISOString(), MALFORMED],
  ['of a word', () => 'NaN', MALFORMED],
  ['of nothing', () => '', MISSING],
];

type Border = [title: string, ahead: number];
const BORDERS: Border[] = [
  ['five minutes ago', -5 * MINUTES],
  ['now', 0],
  ['in five minutes', 5 * MINUTES],
];

/** Threat 16: timestamps in the default mode. */
export function describeTimestamps({ on, start }: ShopSetUp): void {
  describe(`16: a timestamp of the default mode ${on}`, () => {
    let clock: Clock;
    let shop: TestApp;

    inStoppedTime(start, (held) => {
      ({ clock, shop } = held);
    });

    it.each(TIMESTAMPS)('%s is refused', async (_title, timestamp, refusal) => {
      const attack = proven({ timestamp: timestamp(Date.now()) });

      expect(await play(shop, SHOP.json, attack)).toEqual(harmless(SHOP.json, ...refusal));
    });

    it.each(BORDERS)('%s passes', async (_title, ahead) => {
      expect(await shop.pass(SHOP.json, { timestamp: Date.now() + ahead })).toMatchObject({ status: 200 });
    });

    type Message = [title: string, timestamp: (now: number) => number, message: string];
    const messages: Message[] = [
      [
        'is in seconds',
        (now) => Math.floor(now / 1_000),
        'The timestamp is in seconds: send milliseconds since the epoch.',
      ],
      [
        'is late',
        (now) => now - 6 * MINUTES,
        "The timestamp is too far behind the server's clock: correct the clock by the context's issuedAt.",
      ],
      [
        'is early',
        (now) => now + 6 * MINUTES,
        "The timestamp is too far ahead of the server's clock: correct the clock by the context's issuedAt.",
      ],
    ];
    it.each(messages)('that %s is told so', async (_title, timestamp, sentence) => {
      const answer = await shop.pass(SHOP.json, { timestamp: timestamp(Date.now()) });

      expect(answer.body).toEqual({
        statusCode: 403,
        error: 'Forbidden',
        code: 'ASH_TIMESTAMP_INVALID',
        message: sentence,
      });
    });

    type Late = [title: string, attack: Attack];
    const late: Late[] = [
      ['as it was', () => undefined],
      ['with another body', body('{"amount":1,"to":"acct-8"}')],
      ['with a guessed proof', header('x-ash-proof', 'a'.repeat(64))],
      ['with a new timestamp', proven()],
    ];
    it.each(late)('does not save a request, %s, whose context has expired', async (_title, attack) => {
      const honest = await shop.prepare(SHOP.json);
      clock.pass(30_000);
      await attack(honest.draft, honest);
      let answer: unknown;
      const ran = await shop.ranDuring(async () => {
        answer = await shop.send(honest.draft);
      });

      expect(answer).toMatchObject({ status: 410, code: 'ASH_CTX_EXPIRED' });
      expect(ran).toEqual({});
    });

    it('is held against the clock of the server, not of the context', async () => {
      const { draft } = await shop.prepare(SHOP.json, { timestamp: Date.now() - 5 * MINUTES });
      clock.pass(1);

      expect(await shop.send(draft)).toMatchObject({ status: 403, code: 'ASH_TIMESTAMP_INVALID' });
    });
  });
}
