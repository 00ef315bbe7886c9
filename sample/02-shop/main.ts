import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createShop } from './create-shop.js';
import { Page } from './page.js';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;

const root = dirname(require.resolve('nestjs-ash/package.json'));

async function main(): Promise<void> {
  const page = new Page(join(root, 'sample/02-shop/page'), join(root, 'dist/browser/ash.mjs'));
  const shop = await createShop({ environment: process.env, page });
  try {
    await shop.listen(Number(PORT), HOST);
  } catch (error) {
    await shop.close();
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void shop.close().catch(fail));
  console.log(`Contexts are kept ${shop.shopStore.note}.`);
  console.log(`ready ${urlOf(shop.server.address() as AddressInfo)}`);
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

main().catch(fail);
