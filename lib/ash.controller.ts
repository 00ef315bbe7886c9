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
import { AshConfigurationError, AshError, isAshError, type AshIssuedContext } from './core/index.js';
import { SkipAsh } from './decorators/skip-ash.decorator.js';
import { checkKeys } from './core/configuration.js';
import { checkCount } from './verification/issuer.js';
import { ashErrorBody } from './verification/refusal.js';

const DEFAULT_PATH = 'ash/context';
const DEFAULT_BATCH = 32;
const BAD_REQUEST = 400;

/** One context, or several for a body that says how many. */
type Issued = AshIssuedContext | { readonly contexts: readonly AshIssuedContext[] };

/**
 * Makes the controller that issues contexts, with its path and the application's own guards.
 *
 * @throws AshConfigurationError for an unknown option or a value that it cannot have.
 */
export function createAshController(options: AshControllerOptions = {}): Type<unknown> {
  checkKeys('AshModule: controller', options, ['path', 'guards', 'batch']);
  const { path = DEFAULT_PATH, guards = [], batch = DEFAULT_BATCH } = options;
  if (path.trim() === '') throw new AshConfigurationError("AshModule: controller: 'path' is empty.");
  if (!(Number.isSafeInteger(batch) && batch >= 1)) {
    throw new AshConfigurationError(`AshModule: controller: 'batch' is a whole number from 1, not ${String(batch)}.`);
  }

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
    async issue(@Body() body: unknown, @Req() request: AshRequest): Promise<Issued> {
      try {
        const binding = bindingOf(body, this.options.defaultBinding);
        const count = countOf(body, batch);
        if (count === undefined) return await this.ash.issueFor(binding, request);
        return { contexts: await this.ash.issueBatchFor(binding, request, count) };
      } catch (error) {
        throw isAshError(error) ? refused(error, this.options) : error;
      }
    }
  }
  return AshContextController;
}

function bindingOf(body: unknown, defaultBinding: string | undefined): string {
  const { binding } = (body ?? {}) as { binding?: unknown };
  if (typeof binding === 'string' && binding !== '') return binding;
  if (binding === undefined && defaultBinding !== undefined) return defaultBinding;
  throw new AshError(
    'ASH_CANONICALIZATION_ERROR',
    'binding: the body names no route: send { "binding": "METHOD /path" }.',
  );
}

/** How many contexts a body asks for, cut to the bound; nothing where it asks for one alone. */
function countOf(body: unknown, batch: number): number | undefined {
  const { count } = (body ?? {}) as { count?: unknown };
  return count === undefined ? undefined : Math.min(checkCount(count), batch);
}

/** An unknown route is the asker's mistake here, not a mismatch with a context. */
function refused(error: AshError, { statuses }: AshModuleOptions): AshException {
  const answer = ashErrorBody(error, true, { ASH_BINDING_MISMATCH: BAD_REQUEST, ...statuses });
  return new AshException(answer, { cause: error });
}
