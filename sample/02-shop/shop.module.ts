import { Module } from '@nestjs/common';
import { AshMemoryStore, AshModule, type AshContextStore } from 'nestjs-ash';
import { Bank } from './bank.js';
import { CheckoutController } from './checkout.controller.js';
import { ShopController } from './shop.controller.js';
import { TransfersController } from './transfers.controller.js';

const STORES: Readonly<Record<string, () => AshContextStore>> = {
  memory: () => new AshMemoryStore(),
};

/** The store that the environment names. */
function storeOf(name: string): AshContextStore {
  const make = STORES[name];
  if (make === undefined) throw new Error(`STORE is one of ${Object.keys(STORES).join(', ')}, not '${name}'.`);
  return make();
}

@Module({
  imports: [
    AshModule.forRootAsync({
      useFactory: () => ({
        store: storeOf(process.env['STORE'] ?? 'memory'),
        // Stands in for a login: whoever names nobody is a guest.
        subject: ({ headers }) => {
          const user = headers['x-user'];
          return typeof user === 'string' ? user : 'guest';
        },
      }),
    }),
  ],
  controllers: [TransfersController, CheckoutController, ShopController],
  providers: [Bank],
})
export class ShopModule {}
