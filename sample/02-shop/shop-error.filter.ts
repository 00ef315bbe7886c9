import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { answerTo, ShopError } from './shop-error.js';

/** Answers what the shop throws, which knows nothing of Nest. */
@Catch(ShopError)
export class ShopErrorFilter extends BaseExceptionFilter implements ExceptionFilter<ShopError> {
  override catch(error: ShopError, host: ArgumentsHost) {
    super.catch(new HttpException(answerTo(error), error.statusCode), host);
  }
}
