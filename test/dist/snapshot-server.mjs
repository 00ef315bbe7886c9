import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AshSnapshotModule } from 'nestjs-ash/snapshot';

// A test below a package.json of its own cannot name the package.
export { CryptoClient } from 'nestjs-ash/snapshot/client';

/** A server of snapshots, in this process. */
export async function startSnapshots(options) {
  class Root {}
  const app = await NestFactory.create({ module: Root, imports: [AshSnapshotModule.forRoot(options)] }, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), end: () => app.close() };
}
