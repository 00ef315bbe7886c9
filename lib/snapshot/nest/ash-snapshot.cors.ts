import {
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Options,
  Res,
  UseGuards,
  VERSION_NEUTRAL,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { AshConfigurationError } from '../../core/index.js';
import { SkipAsh } from '../../decorators/skip-ash.decorator.js';
import type { AshSnapshotControllerOptions } from './ash-snapshot.options.js';

const NO_CONTENT = 204;
/** How long a browser remembers a preflight, in seconds. */
const PREFLIGHT_AGE = '600';

/** The origins whose pages may ask: every one, or those named. */
type Origins = '*' | ReadonlySet<string>;

/**
 * The origins that an application names; `undefined` for none.
 *
 * @param name Whose option it is, for the message.
 * @throws AshConfigurationError for what no browser sends as an origin, and so would allow nobody.
 */
export function allowedOrigins(name: string, cors: AshSnapshotControllerOptions['cors']): Origins | undefined {
  if (cors === undefined || cors === false) return undefined;
  if (cors === '*') return cors;
  if (!Array.isArray(cors)) {
    throw new AshConfigurationError(`${name} is false, '*', or a list of origins: ['https://shop.example'].`);
  }
  for (const origin of cors) {
    if (isOrigin(origin)) continue;
    throw new AshConfigurationError(
      `${name}: '${String(origin)}' is no origin: write 'https://shop.example', without a path.`,
    );
  }
  return new Set(cors);
}

function isOrigin(text: unknown): boolean {
  return typeof text === 'string' && URL.canParse(text) && new URL(text).origin === text;
}

/**
 * Makes the guard that turns nobody away: it says in the answer which origins may read it. A guard and no interceptor,
 * so that the refusals of the guards after it can be read too.
 *
 * @param exposed The header that a page may read.
 */
export function createCorsGuard(origins: Origins, exposed: string): Type<CanActivate> {
  @Injectable()
  class AshSnapshotCors implements CanActivate {
    constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

    canActivate(context: ExecutionContext): boolean {
      const { httpAdapter } = this.host;
      const http = context.switchToHttp();
      const { origin } = http.getRequest<{ headers: { origin?: string } }>().headers;
      const response: unknown = http.getResponse();
      if (origins !== '*') varyByOrigin(httpAdapter, response);
      const allowed = allowedOrigin(origins, origin);
      if (allowed !== undefined) {
        httpAdapter.setHeader(response, 'Access-Control-Allow-Origin', allowed);
        httpAdapter.setHeader(response, 'Access-Control-Expose-Headers', exposed);
      }
      return true;
    }
  }
  return AshSnapshotCors;
}

/** What a browser is told that sends an origin; `undefined` for nothing. */
function allowedOrigin(origins: Origins, origin: string | undefined): string | undefined {
  if (origins === '*') return origins;
  return origin !== undefined && origins.has(origin) ? origin : undefined;
}

/** Adds to what the answer varies by already: Nest's own way to append a header replaces it on some routers. */
function varyByOrigin(httpAdapter: AbstractHttpAdapter, response: unknown): void {
  const before = httpAdapter.getHeader(response, 'Vary') as string | string[] | undefined;
  httpAdapter.setHeader(response, 'Vary', [before ?? [], 'Origin'].flat().join(', '));
}

/** Makes the controller that answers a browser which asks whether a page may ask. */
export function createPreflights(path: string, shared: Type<CanActivate>): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(shared)
  @SkipAsh()
  class AshSnapshotPreflights {
    constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

    @Options('handshake')
    @HttpCode(NO_CONTENT)
    handshake(@Res({ passthrough: true }) response: unknown): void {
      this.allow(response, 'POST');
    }

    @Options('snapshot')
    @HttpCode(NO_CONTENT)
    snapshot(@Res({ passthrough: true }) response: unknown): void {
      this.allow(response, 'GET');
    }

    private allow(response: unknown, method: string): void {
      const { httpAdapter } = this.host;
      // It counts where the origin is allowed, which the guard has said.
      httpAdapter.setHeader(response, 'Access-Control-Allow-Methods', method);
      httpAdapter.setHeader(response, 'Access-Control-Allow-Headers', 'authorization, content-type');
      httpAdapter.setHeader(response, 'Access-Control-Max-Age', PREFLIGHT_AGE);
    }
  }
  return AshSnapshotPreflights;
}
