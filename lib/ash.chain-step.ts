import type { LoggerService } from '@nestjs/common';
import type { ChainStep } from './verification/chain.js';

const FIRST_FAILURE = 400;

/** Whether a step that was answered with a status has failed. Source: protocol, section 9. */
export function isFailure(status: number): boolean {
  return status >= FIRST_FAILURE;
}

/** Ends a step of a chain as a failure. Where the store cannot free the link before, it stays held, and the log says so. */
export async function freeStep(step: ChainStep, logger: LoggerService): Promise<void> {
  try {
    await step.fail();
  } catch (error) {
    logger.error('A chain’s link could not be released; it stays held until it expires.', error);
  }
}
