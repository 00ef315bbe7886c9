import type { SqlEngine } from './engine.js';
import { property } from './property.js';
import type { SqlSession } from './session.js';
import type { SqlStatement, SqlValue } from './statement.js';

/** Whether the row was inserted; that it is there already is an answer, whichever way the engine gives it. */
export async function insertUnlessThere(
  { session, engine }: { readonly session: SqlSession; readonly engine: SqlEngine },
  statement: SqlStatement,
  values: Readonly<Record<string, SqlValue>>,
): Promise<boolean> {
  try {
    return (await session.execute(statement, values)).affected > 0;
  } catch (error) {
    if (engine.faultOf(property(error, 'cause')) === 'duplicate') return false;
    throw error;
  }
}
