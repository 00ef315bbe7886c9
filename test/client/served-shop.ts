import { AshClient, isAshClientError, type AshClientError, type AshClientOptions } from 'nestjs-ash/client';
import { FaultyProxy } from '../support/faulty-proxy.js';
import type { ShopSetUp } from '../support/shop.js';
import type { TestApp } from '../support/test-app.js';
import { Wire } from '../support/wire.js';

/** A transfer that the shop takes. */
export const TRANSFER = { amount: 100, to: 'acct-7' };

/** The shop behind a network that can fail. */
export class ServedShop {
  private constructor(
    readonly shop: TestApp,
    readonly proxy: FaultyProxy,
    readonly wire: Wire,
  ) {}

  static async start({ start }: ShopSetUp): Promise<ServedShop> {
    const shop = await start();
    return new ServedShop(shop, await FaultyProxy.before(shop.origin), Wire.at(shop));
  }

  client(options: AshClientOptions = {}): AshClient {
    return new AshClient({ baseUrl: this.proxy.origin, ...options });
  }

  /** A client that has a context ready for each of the routes that it calls. */
  async warmClient(options: AshClientOptions = {}): Promise<AshClient> {
    const ash = this.client(options);
    await ash.prefetch('POST', '/transfer');
    await ash.prefetch('GET', '/report');
    this.wire.take();
    return ash;
  }

  /** What arrived at the shop, one after the other: `POST /transfer`. */
  arrived(): string[] {
    return this.wire.take().map(({ what }) => what);
  }

  async end(): Promise<void> {
    await this.proxy.stop();
    await this.shop.close();
  }
}

/** How a call ended: with a status, or with an error of the client. */
export interface Ending {
  readonly status?: number | undefined;
  readonly code?: AshClientError['code'];
  readonly mayHaveRun?: boolean;
}

/** Waits for the end of a call; what is no error of the client is thrown. */
export async function endOf(call: Promise<Response>): Promise<Ending> {
  try {
    return { status: (await call).status };
  } catch (error) {
    if (!isAshClientError(error)) throw error;
    const { code, status, mayHaveRun } = error;
    return { code, mayHaveRun, ...(status === undefined ? {} : { status }) };
  }
}
