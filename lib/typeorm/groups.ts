import type { SqlGroup, SqlStatement } from './statement.js';
import type { SqlStatements } from './statements.js';
import type { SqlTables } from './tables.js';

type Single = Omit<SqlStatements, 'forget'>;

/** The parameters of an act in their order, and their types. */
export type Columns = Readonly<Record<string, 'text' | 'bigint'>>;

/** What a row of a changing statement says as its `outcome`, in a text that no parser of types makes anything else of. */
export const CHANGED = 'changed';

/** A change of the rows of one table. */
export interface Change {
  readonly table: string;
  readonly columns: Columns;
  /** The name of the column, and of the parameter, that names a row. */
  readonly key: string;
  /** What a row has to be: `mine` is the row, `act` what is asked for. */
  readonly condition: string;
  /** What becomes of it. */
  readonly set: string;
}

/** The forms that an engine has for many rows at once. */
export interface GroupForms {
  /** Inserts rows that are not there, with a body and three times. */
  readonly insertion: (table: string, key: string, columns: Columns) => SqlGroup;
  /** Left out where many rows at once cost as much as one by one. */
  readonly question?: (table: string, key: string, columns: string) => SqlGroup;
  readonly change: (change: Change) => SqlGroup;
  /** Inserts the marks that are not there, of those of the right epoch. */
  readonly mark: (spent: string, columns: Columns) => SqlGroup;
  /** Spends contexts and holds links, both or neither, by their conditions; left out where there is no such statement. */
  readonly spend?: (isFreeLink: string, isFreeContext: string) => SqlGroup;
}

const RECORD: Columns = { body: 'text', issuedAt: 'bigint', expiresAt: 'bigint', keepUntil: 'bigint' };

/** The statements with their forms for many rows at once: a row is changed on the same conditions as by one of them alone. */
export function grouped(single: Single, { context, link, spent }: SqlTables, forms: GroupForms): Single {
  const isFreeContext = 'mine.consumed_at IS NULL AND mine.expires_at > act.now';
  const isFreeLink = '(mine.holder = act.holder OR (mine.holder IS NULL AND mine.expires_at > act.now))';
  const selectContext = forms.question?.(context, 'id', 'body, issued_at, expires_at, consumed_at');
  const selectLink = forms.question?.(link, 'hash', 'body, issued_at, expires_at, holder');
  const consume: Change = {
    table: context,
    columns: { id: 'text', now: 'bigint' },
    key: 'id',
    condition: isFreeContext,
    set: 'consumed_at = act.now',
  };
  const reserve: Change = {
    table: link,
    columns: { hash: 'text', holder: 'text', now: 'bigint' },
    key: 'hash',
    condition: isFreeLink,
    set: 'holder = act.holder',
  };
  const release: Change = {
    table: link,
    columns: { hash: 'text', holder: 'text' },
    key: 'hash',
    condition: 'mine.holder = act.holder',
    set: 'holder = NULL',
  };
  return {
    ...single,
    insertContext: withGroup(single.insertContext, forms.insertion(context, 'id', { id: 'text', ...RECORD })),
    selectContext: withGroup(single.selectContext, selectContext),
    recheckContext: withGroup(single.recheckContext, selectContext),
    consumeContext: withGroup(single.consumeContext, forms.change(consume)),
    insertLink: withGroup(single.insertLink, forms.insertion(link, 'hash', { hash: 'text', ...RECORD })),
    selectLink: withGroup(single.selectLink, selectLink),
    recheckLink: withGroup(single.recheckLink, selectLink),
    reserveLink: withGroup(single.reserveLink, forms.change(reserve)),
    releaseLink: withGroup(single.releaseLink, forms.change(release)),
    insertMark: withGroup(single.insertMark, forms.mark(spent, { key: 'text', epoch: 'text', keepUntil: 'bigint' })),
    spend: single.spend && withGroup(single.spend, forms.spend?.(isFreeLink, isFreeContext)),
  };
}

function withGroup(statement: SqlStatement, group: SqlGroup | undefined): SqlStatement {
  return group === undefined ? statement : { ...statement, group };
}
