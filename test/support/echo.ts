import { Body, Controller, Post } from '@nestjs/common';
import { AshProtected, AshVerified } from 'nestjs-ash';
import { Runs } from './fixture.js';
import type { Adapter, Plan } from './test-app.js';

/** What the handlers of {@link EchoController} ran. */
export const runs = new Runs();

/** Answers what its handlers received. */
@Controller()
export class EchoController {
  @Post('echo')
  @AshProtected('POST /echo')
  echo(@Body() received: unknown): object {
    runs.count('echo');
    // As text, which shows an own member of the name `__proto__` and a lone surrogate too.
    return { received: JSON.stringify(received), admin: ({} as { admin?: unknown }).admin };
  }

  @Post('covered')
  @AshProtected('POST /covered', { scope: ['a'], unscoped: 'strip' })
  covered(@Body() received: unknown): object {
    runs.count('covered');
    return { received: JSON.stringify(received) };
  }

  @Post('small')
  @AshProtected('POST /small', { maxPayloadBytes: 64 })
  small(): void {
    runs.count('small');
  }

  @Post('bytes')
  @AshProtected('POST /bytes', { payload: 'raw' })
  bytes(@Body() received: Uint8Array, @AshVerified('payload') bytes: Uint8Array): object {
    runs.count('bytes');
    return { received: Buffer.from(received).toString(), bytes: Buffer.from(bytes).toString() };
  }
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

/** A request that is answered with its JSON. */
export function json(text: string): Plan {
  return { binding: 'POST /echo', headers: JSON_TYPE, body: text, runs: 'echo' };
}

/** A request that is answered with the fields of its form. */
export function form(text: string): Plan {
  return { binding: 'POST /echo', headers: FORM_TYPE, body: text, runs: 'echo' };
}

/** How a request is refused; without a code it is a parser that refuses it. */
export type Refusal = readonly [status: number, code?: string];

/** How a request is refused by adapter, since their parsers differ in what they read. */
export type RefusalByAdapter = Readonly<Record<Adapter, Refusal>>;

/** The same refusal by both. */
export function both(refusal: Refusal): RefusalByAdapter {
  return { express: refusal, fastify: refusal };
}
