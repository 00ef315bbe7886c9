export { describeAshStore, type AshStoreFixture } from './describe-ash-store.js';
