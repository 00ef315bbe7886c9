import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import fastify from 'fastify';
import { ashExpressMiddleware } from 'nestjs-ash/express';
import { ashFastifyPlugin } from 'nestjs-ash/fastify';
import { issuerOf } from './ash.mjs';
import { PROTECTIONS } from './protections.mjs';
import { answerTo, BINDING, moduleOf, PATH } from './route.mjs';
import { STORES } from './stores.mjs';

const HOST = '127.0.0.1';

const nest = (adapterOf) => async (name, servers) => {
  const { rawBody = false, issue, ...parts } = PROTECTIONS[name].protect(servers);
  const app = await NestFactory.create(moduleOf(parts), adapterOf(), { logger: false, rawBody });
  await app.listen(0, HOST);
  return { port: app.getHttpServer().address().port, issue };
};

/** Without Nest there is the bare route, and the library's middleware over a store. */
const storeOf = (name, servers) => (name === 'bare' ? undefined : STORES[name](servers));

async function plainExpress(name, servers) {
  const store = storeOf(name, servers);
  const app = express().use(express.json());
  if (store !== undefined) app.use(ashExpressMiddleware({ store, expectedBinding: BINDING }));
  app.post(PATH, (request, response) => response.json(answerTo(request.body)));
  const server = await new Promise((resolve) => {
    const listening = app.listen(0, HOST, () => resolve(listening));
  });
  return { port: server.address().port, issue: store && issuerOf(store) };
}

async function plainFastify(name, servers) {
  const store = storeOf(name, servers);
  const app = fastify();
  if (store !== undefined) await app.register(ashFastifyPlugin, { store });
  app.post(PATH, { config: { ash: store !== undefined } }, async ({ body }) => answerTo(body));
  await app.listen({ port: 0, host: HOST });
  return { port: app.server.address().port, issue: store && issuerOf(store) };
}

/** Starts an application on a free port, by what serves it and what protects its route. */
export const SERVERS = {
  express: nest(() => new ExpressAdapter()),
  fastify: nest(() => new FastifyAdapter()),
  'plain-express': plainExpress,
  'plain-fastify': plainFastify,
};
