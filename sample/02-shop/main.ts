import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createShop } from './create-shop.js';
import { Page } from './page.js';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;

const LARGEST_PORT = 65_535;

const root = dirname(require.resolve('nestjs-ash/package.json'));

async function main(): Promise<void> {
  const port = portOf(PORT);
  const page = new Page(join(root, 'sample/02-shop/page'), join(root, 'dist/browser/ash.mjs'));
  const shop = await createShop({ environment: process.env, page });
  try {
    await shop.listen(port, HOST);
  } catch (error) {
    await shop.close();
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void shop.close().catch(fail));
  console.log(`Contexts are kept ${shop.shopStore.note}.`);
  console.log(`ready ${urlOf(shop.server.address() as AddressInfo)}`);
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= LARGEST_PORT) return port;
  throw new Error(`PORT is a number from 0 to ${LARGEST_PORT}, not '${text}'.`);
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

main().catch(fail);
