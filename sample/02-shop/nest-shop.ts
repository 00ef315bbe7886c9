import 'reflect-metadata';
import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ShopModule } from './shop.module.js';
import type { ShopParts, ShopServer } from './shop.js';

const UPLOAD_TYPES = /^(?!application\/(?:json|x-www-form-urlencoded))/i;
const UPLOAD_LIMIT = 5_000_000;
const UPLOAD_PARSING = { parseAs: 'buffer', bodyLimit: UPLOAD_LIMIT } as const;

/** Serves the shop with Nest, on the adapter that is named. */
export async function serveWithNest(parts: ShopParts, adapter: string): Promise<ShopServer> {
  const app = await createApplication(parts, adapter);
  const server: Server = app.getHttpServer() as Server;
  return { server, listen: (port, host) => app.listen(port, host), close: () => app.close() };
}

/** Makes the application, with a parser that keeps the bytes of uploads. */
async function createApplication(parts: ShopParts, adapter: string): Promise<INestApplication> {
  const module = ShopModule.of(parts);
  const logger = parts.isQuiet === true ? (false as const) : (['error', 'warn', 'log'] as const);
  const options = { rawBody: true, logger: logger && [...logger], abortOnError: false };
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
