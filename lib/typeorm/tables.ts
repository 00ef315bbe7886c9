/** The store's tables, by their names in a statement. */
export interface SqlTables {
  readonly context: string;
  readonly link: string;
  readonly spent: string;
  readonly seed: string;
  readonly state: string;
}

/** What the names of all tables begin with, unless an application says otherwise. */
export const TABLE_PREFIX = 'ash_';

/** The row of the spent set that holds its epoch: lost with the marks, whoever empties the table. */
export const EPOCH_KEY = 'epoch';

/** The row of the state that says which instance cleans up. */
export const CLEANUP_LEASE = 'cleanup';

/**
 * @param prefix What the names begin with.
 * @param quote Puts a name into the engine's quotes.
 * @param schema The schema that the tables are in, where it is not the connection's own.
 */
export function tablesNamed(prefix: string, quote: (name: string) => string, schema?: string): SqlTables {
  const path = (name: string) => `${schema === undefined ? '' : `${quote(schema)}.`}${quote(`${prefix}${name}`)}`;
  return {
    context: path('context'),
    link: path('link'),
    spent: path('spent'),
    seed: path('seed'),
    state: path('state'),
  };
}

/** The tables whose rows the cleanup forgets, by their column `keep_until`. */
export function forgettable({ context, link, spent, seed }: SqlTables): readonly string[] {
  return [context, link, spent, seed];
}
