import {
  Body,
  Controller,
  Header,
  HttpCode,
  Inject,
  Post,
  Req,
  UseGuards,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import { AshException } from './ash.exception.js';
import { ASH_OPTIONS } from './ash.module-definition.js';
import type { AshControllerOptions, AshModuleOptions, AshRequest } from './ash.options.js';
import { AshService } from './ash.service.js';
import { AshConfigurationError, isAshError } from './core/index.js';
import { SkipAsh } from './decorators/skip-ash.decorator.js';
import { checkKeys } from './core/configuration.js';
import { checkBatch, contextRefusal, issueContexts, type IssuedContexts } from './verification/context-endpoint.js';

const DEFAULT_PATH = 'ash/context';

/**
 * Makes the controller that issues contexts, with its path and the application's own guards.
 *
 * @throws AshConfigurationError for an unknown option or a value that it cannot have.
 */
export function createAshController(options: AshControllerOptions = {}): Type<unknown> {
  checkKeys('AshModule: controller', options, ['path', 'guards', 'batch']);
  const { path = DEFAULT_PATH, guards = [] } = options;
  if (path.trim() === '') throw new AshConfigurationError("AshModule: controller: 'path' is empty.");
  const batch = checkBatch('AshModule: controller', options.batch);

  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  @SkipAsh()
  class AshContextController {
    constructor(
      @Inject(AshService) private readonly ash: AshService,
      @Inject(ASH_OPTIONS) private readonly options: AshModuleOptions,
    ) {}

    @Post()
    @HttpCode(200)
    @Header('Cache-Control', 'no-store')
    async issue(@Body() body: unknown, @Req() request: AshRequest): Promise<IssuedContexts> {
      try {
        const { defaultBinding } = this.options;
        return await issueContexts(this.ash, { body, request, batch, defaultBinding });
      } catch (error) {
        if (!isAshError(error)) throw error;
        throw new AshException(contextRefusal(error, this.options.statuses), { cause: error });
      }
    }
  }
  return AshContextController;
}
