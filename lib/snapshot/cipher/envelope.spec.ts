import fc from 'fast-check';
import { answerPurpose, packAnswer, readSealed, requestPurpose, unpackAnswer, writeSealed } from './envelope.js';

const bytes = fc.uint8Array({ maxLength: 100 });

describe('A sealed message', () => {
  it('travels as base64url without padding, as the platform writes it', () => {
    fc.assert(
      fc.property(bytes, (message) => {
        expect(writeSealed(message)).toBe(JSON.stringify({ sealed: Buffer.from(message).toString('base64url') }));
      }),
    );
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (message) => {
        expect([...(readSealed(JSON.parse(writeSealed(message))) ?? [])]).toStrictEqual([...message]);
      }),
    );
  });

  it.each<[title: string, value: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'AQID'],
    ['a list', ['AQID']],
    ['no member', {}],
    ['another member', { opened: 'AQID' }],
    ['a member beside it', { sealed: 'AQID', amount: 1 }],
    ['no text', { sealed: 1 }],
    ['an empty text', { sealed: '' }],
    ['base64', { sealed: 'AQ+/' }],
    ['padding', { sealed: 'AQ==' }],
    ['a line end', { sealed: 'AQID\n' }],
    ['a digit too many', { sealed: 'AQIDA' }],
  ])('is none where it is %s', (_title, value) => {
    expect(readSealed(value)).toBeUndefined();
  });

  it('is read from an object of any prototype', () => {
    expect(readSealed(Object.assign(Object.create(null), { sealed: 'AQID' }))).toHaveLength(3);
  });
});

describe('The plaintext of an answer', () => {
  it('has its content type before it, and any bytes', () => {
    fc.assert(
      fc.property(bytes, (body) => {
        const unpacked = unpackAnswer(packAnswer('text/plain; charset=utf-8', body));
        expect(unpacked?.contentType).toBe('text/plain; charset=utf-8');
        expect([...(unpacked?.body ?? [])]).toStrictEqual([...body]);
      }),
    );
  });

  it('can have neither', () => {
    expect([...packAnswer('', new Uint8Array())]).toStrictEqual([10]);
    expect(unpackAnswer(Uint8Array.of(10))).toStrictEqual({ contentType: '', body: new Uint8Array() });
  });

  it('is none where no line ends', () => {
    expect(unpackAnswer(Uint8Array.of(65))).toBeUndefined();
  });
});

it('A message is good for a request, or for an answer of one status to it', () => {
  expect([requestPurpose('ash_1'), answerPurpose('ash_1', 201)]).toStrictEqual([
    'ash-request|ash_1',
    'ash-answer|ash_1|201',
  ]);
});
