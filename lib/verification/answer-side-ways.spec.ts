import { jest } from '@jest/globals';
import { closeSideWays } from './answer-side-ways.js';

/** The response of HTTP/2, as far as it has ways past its body. */
class Answer {
  readonly addTrailers = jest.fn<(trailers: object) => void>();
  readonly setTrailer = jest.fn<(name: string, value: string) => void>();
  readonly createPushResponse = jest.fn<(headers: object, callback?: (error: unknown) => void) => void>();
}

const refused = expect.objectContaining({ code: 'ERR_HTTP2_PUSH_DISABLED' }) as Error;

describe('closeSideWays', () => {
  it('drops trailers, however they are set', () => {
    const answer = new Answer();
    const { addTrailers, setTrailer } = answer;
    closeSideWays(answer);
    answer.addTrailers({ 'x-sum': 'secret' });
    answer.setTrailer('x-sum', 'secret');
    expect([addTrailers.mock.calls, setTrailer.mock.calls]).toStrictEqual([[], []]);
  });

  it('refuses a push, later and to the callback that there is', async () => {
    const answer = new Answer();
    const { createPushResponse } = answer;
    const callback = jest.fn();
    closeSideWays(answer);
    answer.createPushResponse({ ':path': '/secret' }, callback);
    expect(callback).not.toHaveBeenCalled();
    await new Promise(setImmediate);
    expect(callback.mock.calls).toStrictEqual([[refused]]);
    expect(createPushResponse).not.toHaveBeenCalled();
  });

  it('refuses a push that nobody asks after at once', () => {
    const answer = new Answer();
    closeSideWays(answer);
    expect(() => {
      answer.createPushResponse({});
    }).toThrow(refused);
  });

  it('adds nothing to a response that has none of them', () => {
    const answer = {};
    closeSideWays(answer);
    expect(answer).toStrictEqual({});
  });
});
