import { STATUS_CODES } from 'node:http';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  HttpException,
  HttpStatus,
  Inject,
  Post,
  Query,
  Res,
  UseGuards,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AshException } from '../../ash.exception.js';
import { checkKeys } from '../../core/configuration.js';
import { AshConfigurationError, isAshError } from '../../core/index.js';
import { SkipAsh } from '../../decorators/skip-ash.decorator.js';
import { ashErrorBody } from '../../verification/refusal.js';
import { isCryptoError, type CryptoErrorCode } from '../cipher/errors.js';
import type { AshSnapshot } from '../cipher/snapshot.js';
import { AshSnapshots } from '../server/ash-snapshots.js';
import { QUERY_FAULT, snapshotQuery } from '../server/snapshot-query.js';
import { allowedOrigins, createCorsGuard, createPreflights } from './ash-snapshot.cors.js';
import { MODULE, type AshSnapshotControllerOptions } from './ash-snapshot.options.js';

const LIFE_HEADER = 'X-ASH-Snapshot-Life';

/**
 * Makes the controllers of the endpoints, with their path, the application's own guards and the origins that may ask.
 *
 * @throws AshConfigurationError for an unknown option or a value that it cannot have.
 */
export function createSnapshotControllers(options: AshSnapshotControllerOptions): Type<unknown>[] {
  checkKeys(`${MODULE}: controller`, options, ['path', 'guards', 'cors']);
  const { path = '', guards = [], cors = false } = options;
  if (typeof path !== 'string') throw new AshConfigurationError(`${MODULE}: controller: 'path' is a text.`);
  if (!Array.isArray(guards)) throw new AshConfigurationError(`${MODULE}: controller: 'guards' is a list of guards.`);
  const origins = allowedOrigins(`${MODULE}: controller: 'cors'`, cors);
  if (origins === undefined) return [createEndpoints(path, guards, [])];
  const shared = createCorsGuard(origins, LIFE_HEADER);
  return [createEndpoints(path, guards, [shared]), createPreflights(path, shared)];
}

type Guards = NonNullable<AshSnapshotControllerOptions['guards']>;

/** @param first The guards of every endpoint, before the application's: a page can read the refusal of one of those. */
function createEndpoints(path: string, guards: Guards, first: Guards): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...first)
  @SkipAsh()
  class AshSnapshotController {
    constructor(
      @Inject(AshSnapshots) private readonly snapshots: AshSnapshots,
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    ) {}

    @Post('handshake')
    @UseGuards(...guards)
    @HttpCode(200)
    @Header('Cache-Control', 'no-store')
    handshake(@Body() body: unknown): { readonly status: 'ok' } {
      const { hash } = (body ?? {}) as { hash?: unknown };
      if (this.snapshots.acceptHandshake(hash)) return { status: 'ok' };
      const form = `${2 * this.snapshots.hashSize} hexadecimal digits`;
      const message = `hash: it has to be ${form}: send { "hash": "…" } as application/json.`;
      throw refusal(HttpStatus.BAD_REQUEST, 'ASH_CRYPTO_HANDSHAKE_REFUSED', message);
    }

    @Get('snapshot')
    @UseGuards(...guards)
    @Header('Cache-Control', 'no-store')
    async snapshot(@Query() query: object, @Res({ passthrough: true }) response: unknown): Promise<AshSnapshot> {
      const asked = snapshotQuery(query);
      if (asked === 'malformed') throw new BadRequestException(QUERY_FAULT);
      try {
        if (asked !== 'current') return await this.snapshots.find(asked);
        const { snapshot, lasts } = await this.snapshots.now();
        this.host.httpAdapter.setHeader(response, LIFE_HEADER, String(lasts));
        return snapshot;
      } catch (error) {
        throw refusalOf(error);
      }
    }

    @Get('health')
    @Header('Cache-Control', 'no-store')
    health(): { readonly status: 'healthy'; readonly timestamp: number } {
      return { status: 'healthy', timestamp: this.snapshots.timestamp };
    }
  }
  return AshSnapshotController;
}

/** What the endpoints answer to an error of the snapshots. */
function refusalOf(error: unknown): unknown {
  if (isAshError(error)) return new AshException(ashErrorBody(error), { cause: error });
  if (isCryptoError(error)) return refusal(HttpStatus.NOT_FOUND, error.code, error.message);
  return error;
}

/** A refusal in the form of all others of the library. */
function refusal(statusCode: number, code: CryptoErrorCode, message: string): HttpException {
  return new HttpException({ statusCode, error: STATUS_CODES[statusCode], code, message }, statusCode);
}
