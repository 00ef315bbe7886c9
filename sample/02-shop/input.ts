import { BadRequestException } from '@nestjs/common';

/** A transfer as its handlers want it. */
export interface Transfer {
  readonly amount: number;
  readonly to: string;
}

/** Reads a transfer from a body, of which a form gives the amount as text. */
export function readTransfer(body: unknown): Transfer {
  const { amount, to } = fieldsOf(body);
  const value = typeof amount === 'string' ? Number(amount) : amount;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new BadRequestException('amount: a number above 0 is needed');
  }
  if (typeof to !== 'string' || to === '') throw new BadRequestException('to: the name of an account is needed');
  return { amount: value, to };
}

/** Reads the members of a body. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  throw new BadRequestException('a body with members is needed');
}
