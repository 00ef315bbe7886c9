export * from './client/index.js';
export type { AshSeedSet } from '../stores/seed-set.js';
export { AshSnapshots } from './server/ash-snapshots.js';
export type { AshSnapshotConfigLog } from './server/config-file.js';
export type { CurrentSnapshot } from './server/snapshot-source.js';
export { ashSnapshotServerConfig, type AshSnapshotServerConfig } from './server/server-config.js';
export { AshEncrypted } from './nest/ash-encrypted.decorator.js';
export { AshSnapshotModule } from './nest/ash-snapshot.module.js';
export type {
  AshSnapshotControllerOptions,
  AshSnapshotModuleExtras,
  AshSnapshotModuleOptions,
  AshSnapshotOptionsFactory,
} from './nest/ash-snapshot.options.js';
