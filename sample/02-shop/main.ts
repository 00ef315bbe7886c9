import 'reflect-metadata';
import { createShop } from './create-shop.js';

const { PORT = '3000', HOST = '127.0.0.1', ADAPTER = 'express' } = process.env;

async function main(): Promise<void> {
  const app = await createShop({ adapter: ADAPTER, logger: ['error', 'warn', 'log'], environment: process.env });
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
