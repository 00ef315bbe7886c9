import type { Server } from 'node:http';
import type { AshContextStore } from 'nestjs-ash/server';
import type { Bank } from './bank.js';
import type { Page } from './page.js';

/** What the shop is made of, whichever framework serves it. */
export interface ShopParts {
  readonly bank: Bank;
  /** A store that is open. */
  readonly store: AshContextStore;
  /** How long it is waited for, where that is not the library's own. */
  readonly patience?: { readonly storeTimeout: number } | undefined;
  /** Its page, where it has one. */
  readonly page?: Page | undefined;
  /** Whether its framework and its library keep what they have to say to themselves. */
  readonly isQuiet?: boolean | undefined;
}

/** The shop on a framework, which does not listen yet. */
export interface ShopServer {
  readonly server: Server;
  listen(port: number, host: string): Promise<unknown>;
  /** Ends it, when the requests that are under way have their answers. */
  close(): Promise<unknown>;
}

/** Serves the shop. */
export type ServeShop = (parts: ShopParts) => Promise<ShopServer>;
