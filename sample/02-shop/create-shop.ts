import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DynamicModule, INestApplication, LogLevel } from '@nestjs/common';
import type { Environment } from './environment.js';
import type { PageLocation } from './page.controller.js';
import { ShopModule } from './shop.module.js';
import { openStore } from './stores.js';

/** How the shop is put together. */
export interface ShopOptions {
  readonly adapter: string;
  readonly logger: LogLevel[] | false;
  /** What names the store: see `stores.ts`. */
  readonly environment: Environment;
  /** Where its page lies; without it the shop has none. */
  readonly page?: PageLocation;
}

const UPLOAD_TYPES = /^(?!application\/(?:json|x-www-form-urlencoded))/i;
const UPLOAD_LIMIT = 5_000_000;
const UPLOAD_PARSING = { parseAs: 'buffer', bodyLimit: UPLOAD_LIMIT } as const;

/** Makes the shop on the adapter that is named, with the store that the environment names. */
export async function createShop({ environment, page, ...options }: ShopOptions): Promise<INestApplication> {
  const shopStore = await openStore(environment);
  try {
    return await createApplication(ShopModule.on(shopStore, page), options);
  } catch (error) {
    await shopStore.close();
    throw error;
  }
}

/** Makes the application, with a parser that keeps the bytes of uploads. */
async function createApplication(
  module: DynamicModule,
  { adapter, logger }: Omit<ShopOptions, 'environment' | 'page'>,
): Promise<INestApplication> {
  const options = { rawBody: true, logger, abortOnError: false };
  switch (adapter) {
    case 'express': {
      const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(), options);
      return app.useBodyParser('raw', { type: isUpload, limit: UPLOAD_LIMIT });
    }
    case 'fastify': {
      const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), options);
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
