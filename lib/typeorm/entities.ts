import { EntitySchema } from 'typeorm';
import { TABLE_PREFIX } from './tables.js';

/** A row of the contexts; times are milliseconds since the epoch, as text where the driver gives 64 bits so. */
export interface AshContextRow {
  readonly id: string;
  readonly body: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly consumedAt: string | null;
  readonly keepUntil: string;
}

/** A row of the links of chains. */
export interface AshLinkRow {
  readonly hash: string;
  readonly body: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly holder: string | null;
  readonly keepUntil: string;
}

/** A row of the spent set: a mark, or the set's epoch. */
export interface AshSpentRow {
  readonly markKey: string;
  readonly epoch: string | null;
  readonly keepUntil: string;
}

/** A row of the seeds of ticks. */
export interface AshSeedRow {
  readonly tick: number;
  readonly seed: number;
  readonly keepUntil: string;
}

/** A row of what the instances share: which of them cleans up. */
export interface AshStateRow {
  readonly name: string;
  readonly value: string;
  readonly heldUntil: string;
}

const IDENTIFIER = { type: 'varchar', length: 64 } as const;
const TIME = { type: 'bigint' } as const;

/**
 * The entities of tables with another prefix than `ash_`.
 *
 * @param prefix The store's `tablePrefix`.
 * @example
 * new DataSource({ …, entities: [...ashEntitiesFor('shop_ash_'), Order] });
 */
export function ashEntitiesFor(prefix: string): EntitySchema[] {
  const kept = (table: string) => [{ name: `${prefix}${table}_keep_until`, columns: ['keepUntil'] }];
  return [
    new EntitySchema<AshContextRow>({
      name: `${prefix}context`,
      tableName: `${prefix}context`,
      columns: {
        id: { ...IDENTIFIER, name: 'id', primary: true },
        body: { name: 'body', type: 'text' },
        issuedAt: { ...TIME, name: 'issued_at' },
        expiresAt: { ...TIME, name: 'expires_at' },
        consumedAt: { ...TIME, name: 'consumed_at', nullable: true },
        keepUntil: { ...TIME, name: 'keep_until' },
      },
      indices: kept('context'),
    }),
    new EntitySchema<AshLinkRow>({
      name: `${prefix}link`,
      tableName: `${prefix}link`,
      columns: {
        hash: { ...IDENTIFIER, name: 'hash', primary: true },
        body: { name: 'body', type: 'text' },
        issuedAt: { ...TIME, name: 'issued_at' },
        expiresAt: { ...TIME, name: 'expires_at' },
        holder: { name: 'holder', type: 'varchar', length: 1200, nullable: true },
        keepUntil: { ...TIME, name: 'keep_until' },
      },
      indices: kept('link'),
    }),
    new EntitySchema<AshSpentRow>({
      name: `${prefix}spent`,
      tableName: `${prefix}spent`,
      columns: {
        markKey: { ...IDENTIFIER, name: 'mark_key', primary: true },
        epoch: { ...IDENTIFIER, name: 'epoch', nullable: true },
        keepUntil: { ...TIME, name: 'keep_until' },
      },
      indices: kept('spent'),
    }),
    new EntitySchema<AshSeedRow>({
      name: `${prefix}seed`,
      tableName: `${prefix}seed`,
      columns: {
        tick: { name: 'tick', type: 'integer', primary: true },
        seed: { name: 'seed', type: 'integer' },
        keepUntil: { ...TIME, name: 'keep_until' },
      },
      indices: kept('seed'),
    }),
    new EntitySchema<AshStateRow>({
      name: `${prefix}state`,
      tableName: `${prefix}state`,
      columns: {
        name: { ...IDENTIFIER, name: 'name', primary: true },
        value: { name: 'value', type: 'varchar', length: 128 },
        heldUntil: { ...TIME, name: 'held_until' },
      },
    }),
  ];
}

/**
 * The store's tables as entities, for an application's own DataSource: `migration:generate` then leaves them alone.
 *
 * @example
 * new DataSource({ …, entities: [...ashEntities, Order], migrations: [AshTables1763700000000, …] });
 */
export const ashEntities: readonly EntitySchema[] = ashEntitiesFor(TABLE_PREFIX);
