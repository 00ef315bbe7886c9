import { jest } from '@jest/globals';
import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { AshRefusalError } from '../server/index.js';
import { refuse } from './refusal.js';
import type { AshExpressRequest, AshExpressResponse } from './types.js';

const REFUSAL = new AshRefusalError({ statusCode: 403, error: 'Forbidden', code: 'ASH_PROOF_MISSING', message: 'No.' });

function exchange(): { request: AshExpressRequest; response: AshExpressResponse; next: jest.Mock<() => void> } {
  const request = new IncomingMessage(new Socket());
  const response = Object.assign(new ServerResponse(request), { status: jest.fn(), json: jest.fn() });
  return {
    request: request as unknown as AshExpressRequest,
    response: response as unknown as AshExpressResponse,
    next: jest.fn(),
  };
}

describe('refuse', () => {
  it('says nothing where somebody else has answered, and never rejects, which would end the process', async () => {
    const { request, response, next } = exchange();
    const onError = jest.fn();
    response.writeHead(503);
    await expect(refuse(REFUSAL, { request, response, next }, undefined)).resolves.toBeUndefined();
    await expect(refuse(REFUSAL, { request, response, next }, onError)).resolves.toBeUndefined();
    expect(onError).not.toHaveBeenCalled();
    expect(next).not.toHaveBeenCalled();
    expect(response).toMatchObject({ statusCode: 503, writableEnded: false });
  });

  it.each([undefined, null, 'route', 'router', 0, Symbol('route'), Object.create(null)])(
    'hands an error on for %p that was thrown',
    async (thrown) => {
      const { request, response, next } = exchange();
      await refuse(thrown, { request, response, next }, undefined);
      expect(next.mock.calls).toEqual([[new Error('What was thrown is no error.', { cause: thrown })]]);
    },
  );
});
