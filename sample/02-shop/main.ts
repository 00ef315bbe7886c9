import 'reflect-metadata';
import { dirname, join } from 'node:path';
import { createShop } from './create-shop.js';

const { PORT = '3000', HOST = '127.0.0.1', ADAPTER = 'express' } = process.env;

const root = dirname(require.resolve('nestjs-ash/package.json'));

async function main(): Promise<void> {
  const app = await createShop({
    adapter: ADAPTER,
    logger: ['error', 'warn', 'log'],
    environment: process.env,
    page: { folder: join(root, 'sample/02-shop/page'), client: join(root, 'dist/browser/ash.mjs') },
  });
  app.enableShutdownHooks();
  try {
    await app.listen(PORT, HOST);
  } catch (error) {
    await app.close();
    throw error;
  }
  console.log(`ready ${await app.getUrl()}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
