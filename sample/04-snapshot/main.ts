import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ashSnapshotServerConfig } from 'nestjs-ash/snapshot';
import { runClient } from './client.js';
import { createServer } from './server.js';

const { PORT, CONFIG = 'server_config.json' } = process.env;

async function main(): Promise<void> {
  const { secretKey, host, port } = ashSnapshotServerConfig(CONFIG);
  const server = await createServer(CONFIG);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close().catch(fail));
  try {
    const listening = (await server.listen(PORT ?? port, host)) as Server;
    const serverUrl = urlOf(listening.address() as AddressInfo);
    console.log(`ready ${serverUrl}`);
    await runClient({ serverUrl, secretKey });
  } catch (error) {
    await server.close();
    throw error;
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

main().catch(fail);
