export { describeAshSeedSet, type AshSeedSetFixture, type AshSeedSetInstance } from './describe-ash-seed-set.js';
export { describeAshSpentSet, type AshSpentSetFixture } from './describe-ash-spent-set.js';
export { describeAshStore, type AshStoreFixture } from './describe-ash-store.js';
