import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { INestApplication, LogLevel } from '@nestjs/common';
import { ShopModule } from './shop.module.js';

/** How the shop is put together. */
export interface ShopOptions {
  readonly adapter: string;
  readonly logger: LogLevel[] | false;
}

const UPLOAD_TYPES = /^(?!application\/(?:json|x-www-form-urlencoded))/i;
const UPLOAD_LIMIT = 5_000_000;
const UPLOAD_PARSING = { parseAs: 'buffer', bodyLimit: UPLOAD_LIMIT } as const;

/** Makes the shop on the adapter that is named, with a parser that keeps the bytes of uploads. */
export async function createShop({ adapter, logger }: ShopOptions): Promise<INestApplication> {
  const options = { rawBody: true, logger, abortOnError: false };
  switch (adapter) {
    case 'express': {
      const app = await NestFactory.create<NestExpressApplication>(ShopModule, new ExpressAdapter(), options);
      return app.useBodyParser('raw', { type: isUpload, limit: UPLOAD_LIMIT });
    }
    case 'fastify': {
      const app = await NestFactory.create<NestFastifyApplication>(ShopModule, new FastifyAdapter(), options);
      // On Fastify itself: a parser that is given to Nest 11 takes the place of its own for JSON and forms.
      const fastify = app.getHttpAdapter().getInstance();
      fastify.addContentTypeParser(UPLOAD_TYPES, UPLOAD_PARSING, (_request, bytes, done) => {
        done(null, bytes);
      });
      return app;
    }
    default:
      throw new Error(`ADAPTER is 'express' or 'fastify', not '${adapter}'.`);
  }
}

function isUpload({ headers }: { headers: { 'content-type'?: string | undefined } }): boolean {
  return UPLOAD_TYPES.test(headers['content-type'] ?? '');
}
