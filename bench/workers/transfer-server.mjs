import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AshMemoryStore, AshModule, AshProtected } from 'nestjs-ash';
import { settledMemory } from '../harness/process-memory.mjs';
import { serve } from '../harness/worker.mjs';

// A Nest application on Fastify with one protected route and a memory store whose contexts live for a few seconds.

const TTL = 5_000;
const GRACE = 1_000;
const SWEEP_INTERVAL = 1_000;

class TransferController {
  transfer({ amount }) {
    return { transferred: amount };
  }
}

const { prototype } = TransferController;
const method = Object.getOwnPropertyDescriptor(prototype, 'transfer');
Controller()(TransferController);
for (const decorate of [Post('transfer'), HttpCode(200), AshProtected('POST /transfer', { ttl: TTL })]) {
  decorate(prototype, 'transfer', method);
}
Body()(prototype, 'transfer', 0);

class TransferModule {}

const store = new AshMemoryStore({ grace: GRACE, sweepInterval: SWEEP_INTERVAL });
Module({ imports: [AshModule.forRoot({ store })], controllers: [TransferController] })(TransferModule);

const app = await NestFactory.create(TransferModule, new FastifyAdapter(), { logger: ['error'] });
await app.listen(0, '127.0.0.1');

serve({ address: async () => ({ url: await app.getUrl() }), memory: settledMemory });
