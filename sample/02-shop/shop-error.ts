import { STATUS_CODES } from 'node:http';

/** What the client of a request that failed is told, on every framework. */
export interface ErrorAnswer {
  readonly statusCode: number;
  readonly error: string;
  readonly message: string;
}

/** A failure that the client is told of: with which status, and why. */
export class ShopError extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** The answer to what was thrown. What went wrong within the shop is nobody's business. */
export function answerTo(thrown: unknown): ErrorAnswer {
  const isTold = thrown instanceof ShopError || isFaultOfClient(thrown);
  const statusCode = isTold ? thrown.statusCode : 500;
  const error = STATUS_CODES[statusCode] ?? 'Error';
  return { statusCode, error, message: isTold ? thrown.message : 'Internal server error' };
}

/** The parsers of Express and of Fastify say so by the status of their errors. */
function isFaultOfClient(thrown: unknown): thrown is ShopError {
  if (!(thrown instanceof Error && 'statusCode' in thrown)) return false;
  const { statusCode } = thrown;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}
