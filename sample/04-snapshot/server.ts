import 'reflect-metadata';
import { Body, Controller, Module, Post, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AshModule, AshProtected } from 'nestjs-ash';
import { AshEncrypted, AshSnapshotModule } from 'nestjs-ash/snapshot';

@Controller()
class TransfersController {
  @Post('transfer')
  @AshProtected('POST /transfer')
  @AshEncrypted()
  transfer(@Body() { amount, to }: { amount: number; to: string }) {
    return { transferred: amount, to };
  }
}

/** A server of snapshots, with one route whose payloads are encrypted with them. */
export async function createServer(config: string): Promise<INestApplication> {
  @Module({
    imports: [AshModule.forRoot(), AshSnapshotModule.forRoot({ config })],
    controllers: [TransfersController],
  })
  class AppModule {}
  return NestFactory.create(AppModule, { logger: ['warn', 'error'] });
}
