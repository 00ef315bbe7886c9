import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AshModule } from 'nestjs-ash';
import { Bank } from './bank.js';
import { CheckoutController } from './checkout.controller.js';
import { userOf } from './input.js';
import { PageController } from './page.controller.js';
import { Page } from './page.js';
import { ShopErrorFilter } from './shop-error.filter.js';
import { ShopController } from './shop.controller.js';
import type { ShopParts } from './shop.js';
import { TransfersController } from './transfers.controller.js';

@Module({
  controllers: [TransfersController, CheckoutController, ShopController],
  providers: [{ provide: APP_FILTER, useClass: ShopErrorFilter }],
})
export class ShopModule {
  static of({ bank, store, patience, page }: ShopParts): DynamicModule {
    return {
      module: ShopModule,
      imports: [AshModule.forRoot({ store, subject: userOf, ...patience })],
      controllers: page === undefined ? [] : [PageController],
      providers: [
        { provide: Bank, useValue: bank },
        { provide: Page, useValue: page },
      ],
    };
  }
}
