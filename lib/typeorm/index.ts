export {
  ashEntities,
  ashEntitiesFor,
  type AshContextRow,
  type AshLinkRow,
  type AshSeedRow,
  type AshSpentRow,
  type AshStateRow,
} from './entities.js';
export { AshTables1763700000000 } from './migration.js';
export type { AshSqlStoreOptions } from './options.js';
export { AshSqlStore } from './sql.store.js';
