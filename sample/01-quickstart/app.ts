import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AshModule, AshProtected } from 'nestjs-ash';

@Controller()
class TransfersController {
  @Post('transfer')
  @AshProtected('POST /transfer')
  transfer(@Body() { amount, to }: { amount: number; to: string }) {
    return { transferred: amount, to };
  }
}

@Module({ imports: [AshModule.forRoot()], controllers: [TransfersController] })
class AppModule {}

/** Starts the application on a port of 127.0.0.1. */
export async function start(port: number) {
  const app = await NestFactory.create(AppModule);
  return app.listen(port, '127.0.0.1').then(() => app);
}
