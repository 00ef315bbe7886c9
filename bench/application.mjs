import 'reflect-metadata';
import { Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AshModule, AshProtected, AshService } from 'nestjs-ash';

// Plain JavaScript has no decorators, so they are called.
class RoutesController {
  bare() {
    return { done: true };
  }

  protectedRoute() {
    return { done: true };
  }
}

function decorate(method, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(RoutesController.prototype, method);
  for (const decorator of decorators) decorator(RoutesController.prototype, method, descriptor);
}
decorate('bare', Post('bare'), HttpCode(200));
decorate('protectedRoute', Post('protected'), HttpCode(200), AshProtected('POST /protected', { ttl: 600_000 }));
Controller()(RoutesController);

class BenchModule {}
Module({ imports: [AshModule.forRoot({ audit: 'off' })], controllers: [RoutesController] })(BenchModule);

const ADAPTERS = { express: () => new ExpressAdapter(), fastify: () => new FastifyAdapter() };

/** Starts a bare and a protected route with Nest on a free port of 127.0.0.1. */
export async function startNest(adapter) {
  const app = await NestFactory.create(BenchModule, ADAPTERS[adapter](), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const ash = app.get(AshService);
  return { url: await app.getUrl(), issue: (binding) => ash.issue({ binding }), close: () => app.close() };
}
