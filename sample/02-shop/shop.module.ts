import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { AshModule, type AshRequest } from 'nestjs-ash';
import { Bank } from './bank.js';
import { CheckoutController } from './checkout.controller.js';
import { PAGE_LOCATION, PageController, type PageLocation } from './page.controller.js';
import type { ShopStore } from './shop-store.js';
import { ShopController } from './shop.controller.js';
import { TransfersController } from './transfers.controller.js';

const SHOP_STORE = Symbol('shop:store');

@Module({
  controllers: [TransfersController, CheckoutController, ShopController],
  providers: [Bank],
})
export class ShopModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(SHOP_STORE) private readonly shopStore: ShopStore) {}

  /** The shop on a store, which it ends when it is shut down; with its page, where it is told where that lies. */
  static on(shopStore: ShopStore, page?: PageLocation): DynamicModule {
    return {
      module: ShopModule,
      imports: [AshModule.forRoot({ store: shopStore.store, subject: userOf })],
      controllers: page === undefined ? [] : [PageController],
      providers: [
        { provide: SHOP_STORE, useValue: shopStore },
        ...(page === undefined ? [] : [{ provide: PAGE_LOCATION, useValue: page }]),
      ],
    };
  }

  onModuleInit() {
    new Logger('Shop').log(`Contexts are kept ${this.shopStore.note}.`);
  }

  /** Requests that are under way have ended by now. */
  onApplicationShutdown() {
    return this.shopStore.close();
  }
}

/** Stands in for a login: whoever names nobody is a guest. */
function userOf({ headers }: AshRequest): string {
  const user = headers['x-user'];
  return typeof user === 'string' ? user : 'guest';
}
