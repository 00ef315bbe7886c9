import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { AshProtected, AshVerified } from 'nestjs-ash';
import { Bank } from './bank.js';

@Controller()
export class TransfersController {
  constructor(private readonly bank: Bank) {}

  @Post('transfer')
  @HttpCode(200)
  @AshProtected('POST /transfer')
  transfer(@Body() body: unknown) {
    return this.bank.transfer(body);
  }

  @Post('transfer/quick')
  @HttpCode(200)
  @AshProtected('POST /transfer/quick', { scope: ['amount', 'to'], unscoped: 'strip', ttl: 2_000 })
  quick(@Body() body: unknown) {
    return this.bank.quick(body);
  }

  @Post('transfer/form')
  @HttpCode(200)
  @AshProtected('POST /transfer/form', { payload: 'form' })
  form(@Body() body: unknown) {
    return this.bank.transfer(body);
  }

  @Post('legacy/transfer')
  @HttpCode(200)
  @AshProtected('POST /legacy/transfer', { protocol: 'v1' })
  legacy(@Body() body: unknown) {
    return this.bank.transfer(body);
  }

  @Post('upload')
  @HttpCode(200)
  @AshProtected('POST /upload', { payload: 'raw' })
  upload(@AshVerified('payload') bytes: Uint8Array) {
    return this.bank.upload(bytes);
  }

  @Get('report')
  @AshProtected('GET /report')
  report(@Query() query: unknown) {
    return this.bank.report(query);
  }

  @Put('accounts/:id/limit')
  @AshProtected('PUT /accounts/:id/limit')
  limit(@Param('id') id: string, @Body() body: unknown) {
    return this.bank.limit(id, body);
  }
}
