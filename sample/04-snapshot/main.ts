import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ashSnapshotServerConfig } from 'nestjs-ash/snapshot';
import { runClient } from './client.js';
import { createServer } from './server.js';

const LARGEST_PORT = 65_535;

const { PORT, CONFIG = 'server_config.json' } = process.env;

async function main(): Promise<void> {
  const { secretKey, hashSize, host, port } = ashSnapshotServerConfig(CONFIG);
  const server = await createServer(CONFIG);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close().catch(fail));
  try {
    const listening = (await server.listen(PORT === undefined ? port : portOf(PORT), host)) as Server;
    const serverUrl = urlOf(listening.address() as AddressInfo);
    console.log(`ready ${serverUrl}`);
    await runClient({ serverUrl, secretKey, hashSize });
  } catch (error) {
    await server.close();
    throw error;
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= LARGEST_PORT) return port;
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
