import { createHash } from 'node:crypto';
import { BadRequestException, Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { AshProtected, AshVerified } from 'nestjs-ash';
import { Bank } from './bank.js';
import { fieldsOf, readTransfer } from './input.js';

@Controller()
export class TransfersController {
  constructor(private readonly bank: Bank) {}

  @Post('transfer')
  @HttpCode(200)
  @AshProtected('POST /transfer')
  transfer(@Body() body: unknown) {
    const { amount, to } = readTransfer(body);
    return { transferred: amount, to, balance: this.bank.transfer(to, amount) };
  }

  @Post('transfer/quick')
  @HttpCode(200)
  @AshProtected('POST /transfer/quick', { scope: ['amount', 'to'], unscoped: 'strip', ttl: 2_000 })
  quick(@Body() body: unknown) {
    const { amount, to } = readTransfer(body);
    this.bank.transfer(to, amount);
    return { transferred: amount, received: body };
  }

  @Post('transfer/form')
  @HttpCode(200)
  @AshProtected('POST /transfer/form', { payload: 'form' })
  form(@Body() body: unknown) {
    return this.transfer(body);
  }

  @Post('legacy/transfer')
  @HttpCode(200)
  @AshProtected('POST /legacy/transfer', { protocol: 'v1' })
  legacy(@Body() body: unknown) {
    return this.transfer(body);
  }

  @Post('upload')
  @HttpCode(200)
  @AshProtected('POST /upload', { payload: 'raw' })
  upload(@AshVerified('payload') bytes: Uint8Array) {
    this.bank.count('uploads');
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  @Get('report')
  @AshProtected('GET /report')
  report(@Query() query: Record<string, unknown>) {
    this.bank.count('reports');
    return query;
  }

  @Put('accounts/:id/limit')
  @AshProtected('PUT /accounts/:id/limit')
  limit(@Param('id') id: string, @Body() body: unknown) {
    const { limit } = fieldsOf(body);
    if (typeof limit !== 'number') throw new BadRequestException('limit: a number is needed');
    this.bank.count('limits');
    return { id, limit };
  }
}
