import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { AshProtected, type AshModuleExtras, type AshModuleOptions, type AshRequest } from 'nestjs-ash';
import { Runs, startFixture } from '../support/fixture.js';
import type { Adapter, TestApp } from '../support/test-app.js';

const runs = new Runs();

/** Takes money, for whoever comes. */
@Controller()
class TillController {
  @Post('transfer')
  @HttpCode(200)
  @AshProtected('POST /transfer')
  transfer(@Body() body: unknown): unknown {
    runs.count('transfers');
    return body;
  }

  @Get('statement')
  @AshProtected('GET /statement')
  statement(): object {
    runs.count('statements');
    return {};
  }
}

/** A small application for what the shop has no option for. Who sends a request is said by its `x-user`. */
export function startTill(adapter: Adapter, ash: AshModuleOptions & AshModuleExtras = {}): Promise<TestApp> {
  const subject = ({ headers }: AshRequest): string => String(headers['x-user'] ?? 'guest');
  return startFixture(adapter, { runs, controllers: [TillController], ash: { subject, ...ash } });
}
