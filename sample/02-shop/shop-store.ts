import type { AshContextStore, AshSpentSet } from 'nestjs-ash/server';

/** A store that the shop made, and so ends itself. */
export interface ShopStore<Store extends AshContextStore = AshContextStore> {
  readonly store: Store;
  /** Where contexts are kept, and what to know of it. */
  readonly note: string;
  /** Where its server is found, for whom it is not. */
  readonly hint?: string;
  /** Ends the store and whatever was made for it. */
  close(): Promise<void>;
}

/** A store that sealed contexts can stand on too. */
export type SpentStore = AshContextStore & AshSpentSet;
