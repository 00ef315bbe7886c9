import { Injectable } from '@nestjs/common';
import { Verdicts } from './verification/verdicts.js';

/**
 * The verdict over each request that is under way, so that a request is verified once however often the guard is
 * bound: a second verification would find its own context spent.
 */
@Injectable()
export class AshVerdicts extends Verdicts {}
