import { AshConfigurationError, isAshError } from '../core/index.js';
import { describe, withoutPassword } from './data-source.js';
import { Deadline } from './deadline.js';
import { reasonOf } from './failure.js';
import type { SqlParts } from './parts.js';
import { property } from './property.js';
import { createTablesAtOnce } from './schema.js';
import type { SqlSession } from './session.js';

/** A start may take this many times as long as a statement: it connects, and asks the server several things. */
const OPEN_PATIENCE = 10;

/**
 * Connects a DataSource of the store's own, and sees to it that the tables are there and that commits last.
 *
 * @throws AshConfigurationError where the database does not answer, has not the tables, or may lose commits.
 */
export async function openParts(parts: SqlParts, session: SqlSession): Promise<void> {
  const { source, isOwn, engine, gate, options } = parts;
  const deadline = new Deadline(options.timeout * OPEN_PATIENCE);
  try {
    if (isOwn) await connect(parts, deadline);
    else if (!source.isInitialized) throw notInitialized();
    gate.leave = engine.attend?.(source) ?? gate.leave;
    gate.isOpen = true;
    await checkTables(parts, session, deadline);
    await checkDurability(parts, session);
  } catch (error) {
    await closeParts(parts);
    throw error;
  }
}

/**
 * Ends a DataSource of the store's own; what is under way gets its answer first. A server that does not answer is not
 * waited for.
 */
export async function closeParts({ source, isOwn, gate, underWay, options, engine }: SqlParts): Promise<void> {
  const deadline = new Deadline(options.timeout);
  await underWay.end(deadline.left);
  gate.isOpen = false;
  gate.leave();
  if (!isOwn || !source.isInitialized) return;
  const ending = source.destroy();
  ending.catch(() => undefined);
  await deadline.within(ending, () => `The end of the connections to ${engine.title}`).catch(() => undefined);
}

async function connect(parts: SqlParts, deadline: Deadline): Promise<void> {
  const { source, engine } = parts;
  if (source.isInitialized) return;
  try {
    await deadline.within(source.initialize(), () => `A connection to ${engine.title}`);
  } catch (error) {
    throw unreachable(parts, error);
  }
}

async function checkTables(parts: SqlParts, session: SqlSession, deadline: Deadline): Promise<void> {
  const { source, engine, tables, options } = parts;
  try {
    await probe(parts, session);
  } catch (error) {
    const isMissing = engine.faultOf(property(error, 'cause')) === 'no-table';
    if (!isMissing) throw unreachable(parts, error);
    if (!options.createTables) throw noTables(parts, error);
    try {
      const creating = createTablesAtOnce(source, engine, tables, options.tablePrefix);
      await deadline.within(creating, () => 'The making of the tables');
      await probe(parts, session);
    } catch (reason) {
      throw noTables(parts, reason);
    }
  }
}

/** A commit that was confirmed and then lost is a spent context that is unspent again. */
async function checkDurability({ engine, source, options }: SqlParts, session: SqlSession): Promise<void> {
  const { durability } = engine;
  if (durability === undefined || options.lostCommits === 'accept') return;
  const { rows } = await session.execute(durability.ask, {});
  if (String(rows[0]?.['setting']) !== durability.unsafe) return;
  throw new AshConfigurationError(
    `AshSqlStore: ${engine.title} at ${describe(source.options)} may lose commits that it has confirmed when it crashes, and ` +
      `with them that a context was spent: ${durability.mend}, or set { lostCommits: 'accept' }.`,
  );
}

async function probe({ statements }: SqlParts, session: SqlSession): Promise<void> {
  for (const statement of statements.probe) await session.execute(statement, {});
}

function notInitialized(): AshConfigurationError {
  return new AshConfigurationError(
    'AshSqlStore: the DataSource is not initialized: await dataSource.initialize() before the store is opened.',
  );
}

function unreachable(parts: SqlParts, error: unknown): AshConfigurationError {
  const { source, engine } = parts;
  return new AshConfigurationError(
    `AshSqlStore: ${engine.title} cannot be used at ${describe(source.options)}: ${shownReason(parts, error)}. ` +
      `Start one (${engine.start}), or mend the connection.`,
  );
}

function noTables(parts: SqlParts, error: unknown): AshConfigurationError {
  const { source, options } = parts;
  return new AshConfigurationError(
    `AshSqlStore: the tables '${options.tablePrefix}…' are not there as this version needs them, in ` +
      `${describe(source.options)}: ${shownReason(parts, error)}. ` +
      'Run the migration AshTables1763700000000, or set { createTables: true }.',
  );
}

/** The reason alone, and not the error as a cause: drivers put what they were given into theirs. */
function shownReason({ source }: SqlParts, error: unknown): string {
  const beneath = isAshError(error) ? error.cause : error;
  return withoutPassword(reasonOf(beneath), source.options).replace(/\.$/, '');
}
