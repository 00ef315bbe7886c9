import { ShopError } from './shop-error.js';

/** A transfer as the bank books it. */
export interface Transfer {
  readonly amount: number;
  readonly to: string;
}

/** Reads a transfer from a body, of which a form gives the amount as text. */
export function readTransfer(body: unknown): Transfer {
  const { amount, to } = fieldsOf(body);
  const value = typeof amount === 'string' ? Number(amount) : amount;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw badRequest('amount: a number above 0 is needed');
  }
  if (typeof to !== 'string' || to === '') throw badRequest('to: the name of an account is needed');
  return { amount: value, to };
}

/** Reads the members of a body. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  throw badRequest('a body with members is needed');
}

/** Reads an upload. */
export function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw badRequest('bytes are needed');
}

/** A request that makes no sense to the shop. */
export function badRequest(message: string): ShopError {
  return new ShopError(400, message);
}

/** Stands in for a login: whoever names nobody is a guest. */
export function userOf({ headers }: { headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  const user = headers['x-user'];
  return typeof user === 'string' ? user : 'guest';
}
