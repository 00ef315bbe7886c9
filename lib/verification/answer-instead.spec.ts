import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { jest } from '@jest/globals';
import { answerInstead, answerJson, SERVER_FAULT } from './answer-instead.js';

class Scene {
  readonly response = new ServerResponse(new IncomingMessage(new Socket()));
  readonly end = jest.spyOn(this.response, 'end').mockReturnValue(this.response);
  readonly destroy = jest.spyOn(this.response, 'destroy').mockReturnValue(this.response);
}

describe('answerInstead', () => {
  it('answers JSON, and drops every header', () => {
    const { response, end, destroy } = new Scene();
    response.setHeader('X-Own', '1').setHeader('Content-Length', '4711');
    answerInstead(response, SERVER_FAULT);
    expect(response.statusCode).toBe(500);
    expect(response.getHeaders()).toEqual({ 'content-type': 'application/json; charset=utf-8' });
    expect(end.mock.calls).toStrictEqual([[JSON.stringify(SERVER_FAULT)]]);
    expect(destroy).not.toHaveBeenCalled();
  });

  it('keeps the headers that are to stay, and ends as it is told to', () => {
    const { response, end } = new Scene();
    const own = jest.fn();
    response.setHeader('Vary', 'Origin').setHeader('X-Own', '1');
    answerInstead(response, { statusCode: 503 }, { keeps: /^vary$/, end: own });
    expect(response.getHeaders()).toEqual({ vary: 'Origin', 'content-type': 'application/json; charset=utf-8' });
    expect(own.mock.calls).toStrictEqual([['{"statusCode":503}']]);
    expect(end).not.toHaveBeenCalled();
  });

  it.each(['balance 4711', 'order of Łódź'])('drops the phrase of the status line: %s', (phrase) => {
    const { response } = new Scene();
    response.statusMessage = phrase;
    answerInstead(response, SERVER_FAULT);
    expect(Object.hasOwn(response, 'statusMessage')).toBe(false);
  });

  it('breaks an answer off whose head is out', () => {
    const { response, end, destroy } = new Scene();
    Object.defineProperty(response, 'headersSent', { value: true });
    answerInstead(response, SERVER_FAULT);
    expect(destroy).toHaveBeenCalledTimes(1);
    expect(end).not.toHaveBeenCalled();
  });
});

it('answerJson answers with the status of its body', () => {
  const { response, end } = new Scene();
  answerJson(response, { statusCode: 418 });
  expect(response.statusCode).toBe(418);
  expect(end.mock.calls).toStrictEqual([['{"statusCode":418}']]);
});
