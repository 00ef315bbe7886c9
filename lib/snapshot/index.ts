export * from './client/index.js';
export { AshSnapshots } from './server/ash-snapshots.js';
