import {
  All,
  Controller,
  Delete,
  Get,
  Head,
  Options,
  Patch,
  Post,
  Put,
  UseGuards,
  type LoggerService,
  type Type,
} from '@nestjs/common';
import { AshGuard, AshProtected, SkipAsh, type AshAudit } from 'nestjs-ash';
import { createFixture } from '../support/fixture.js';
import { ADAPTERS } from '../support/test-app.js';

class WarningsLogger implements LoggerService {
  readonly warnings: string[] = [];

  log(): void {
    return undefined;
  }

  error(): void {
    return undefined;
  }

  warn(message: unknown): void {
    this.warnings.push(String(message));
  }
}

@Controller('open')
class OpenController {
  @Post('a')
  add() {
    return 'a';
  }

  @Put('b')
  replace() {
    return 'b';
  }

  @Patch('c')
  change() {
    return 'c';
  }

  @Delete('d')
  remove() {
    return 'd';
  }

  @All('e')
  any() {
    return 'e';
  }

  @Get('f')
  read() {
    return 'f';
  }

  @Head('g')
  probe() {
    return 'g';
  }

  @Options('h')
  ask() {
    return 'h';
  }

  @Post('i')
  @SkipAsh()
  exempt() {
    return 'i';
  }

  @Post('j')
  @AshProtected()
  closed() {
    return 'j';
  }

  @Post('k')
  @UseGuards(AshGuard)
  guarded() {
    return 'k';
  }
}

@Controller('closed')
@AshProtected()
class ClosedController {
  @Post('a')
  add() {
    return 'a';
  }

  @Post('b')
  @SkipAsh()
  exempt() {
    return 'b';
  }
}

@Controller('skipped')
@SkipAsh()
class SkippedController {
  @Post('a')
  add() {
    return 'a';
  }
}

const OPEN =
  'these routes change state and are not protected: POST /open/a (OpenController.add); PUT /open/b (OpenController.replace); ' +
  'PATCH /open/c (OpenController.change); DELETE /open/d (OpenController.remove); ALL /open/e (OpenController.any). ' +
  'Give each @AshProtected() or @SkipAsh().';

describe.each(ADAPTERS)('28: a route that changes state and forgot the decorator on %s', (adapter) => {
  async function warningsOf(controllers: Type<unknown>[], audit?: AshAudit): Promise<readonly string[]> {
    const logger = new WarningsLogger();
    const app = await createFixture(adapter, { controllers, nest: { logger }, ...(audit && { ash: { audit } }) });
    try {
      await app.init();
    } finally {
      await app.close();
    }
    return logger.warnings;
  }

  type Warned = [title: string, audit: AshAudit | undefined];
  const warned: Warned[] = [
    ['where nothing else is said', undefined],
    ["where the audit is 'warn'", 'warn'],
  ];
  it.each(warned)('is listed in a warning %s', async (_title, audit) => {
    expect(await warningsOf([OpenController, ClosedController, SkippedController], audit)).toEqual([OPEN]);
  });

  it("is an error at start-up where the audit is 'error'", async () => {
    await expect(warningsOf([OpenController], 'error')).rejects.toThrow(`AshModule: ${OPEN}`);
  });

  it("is nothing where the audit is 'off'", async () => {
    expect(await warningsOf([OpenController], 'off')).toEqual([]);
  });

  it.each<AshAudit>(['warn', 'error'])(
    "is not there once every route has its decorator, and the audit '%s' says nothing",
    async (audit) => {
      expect(await warningsOf([ClosedController, SkippedController], audit)).toEqual([]);
    },
  );
});
