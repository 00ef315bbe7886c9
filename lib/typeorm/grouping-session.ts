import { CHANGED } from './groups.js';
import { TooLateError } from './deadline.js';
import type { SqlEngine } from './engine.js';
import { unavailable } from './failure.js';
import { Gathering, type Act, type AnswerTo } from './gathering.js';
import { property } from './property.js';
import type { SqlRunner, SqlSession } from './session.js';
import { bind, type SqlAnswer, type SqlGroup, type SqlRow, type SqlStatement, type SqlValues } from './statement.js';

/** For so long, in milliseconds, what waits is held up by a statement that waits for a row or for its connection. */
const PATIENCE = 25;

const NOTHING: SqlAnswer = { rows: [], affected: 0 };
const DONE: SqlAnswer = { rows: [], affected: 1 };

type SqlAct = Act<SqlValues>;
type SqlAnswerTo = AnswerTo<SqlValues, SqlAnswer>;

/** Acts that cannot go out with others, and those others. */
type Rivals = ReadonlyMap<SqlAct, readonly SqlAct[]>;

/** How the acts of a group were told apart, and how one of them runs alone. */
interface Apart {
  readonly group: SqlGroup;
  readonly rivals: Rivals;
  readonly alone: (act: SqlAct) => Promise<SqlAnswer>;
}

const NO_RIVALS: Rivals = new Map();

/**
 * Runs what waits for the same statement as one statement for many rows, where it has such a form; each act is answered
 * as if it had run alone. An act alone, and one that the others would have to wait for, runs as the statement for one row.
 */
export class GroupingSession implements SqlSession {
  private readonly gatherings = new Map<string, Gathering<SqlValues, SqlAnswer>>();

  constructor(
    private readonly runner: SqlRunner,
    private readonly engine: SqlEngine,
    private readonly timeout: number,
  ) {}

  execute(statement: SqlStatement, values: SqlValues, timeout?: number): Promise<SqlAnswer> {
    const { group } = statement;
    if (group === undefined || timeout !== undefined) return this.runner.execute(statement, values, timeout);
    return this.gatheringOf(statement, group).ask(values);
  }

  private gatheringOf(statement: SqlStatement, group: SqlGroup): Gathering<SqlValues, SqlAnswer> {
    const known = this.gatherings.get(statement.name);
    if (known !== undefined) return known;
    const gathering = new Gathering<SqlValues, SqlAnswer>({
      check: (values) => bind(statement, values),
      send: (acts) => this.send(statement, group, acts),
      timeout: this.timeout,
      patience: PATIENCE,
      tooLate: () =>
        unavailable(
          new TooLateError(`An answer of ${this.engine.title} did not come within ${String(this.timeout)} ms.`),
        ),
    });
    this.gatherings.set(statement.name, gathering);
    return gathering;
  }

  private async send(statement: SqlStatement, group: SqlGroup, acts: readonly SqlAct[]): Promise<SqlAnswerTo> {
    const alone = (act: SqlAct) => this.runAlone(statement, act);
    const [first] = acts;
    const last = acts.at(-1);
    if (first === undefined || last === undefined) return alone;
    if (first === last) {
      const answer = await alone(first);
      return () => answer;
    }
    const rivals = group.kind === 'change' ? rivalsAmong(acts, group.keys) : NO_RIVALS;
    const alike = rivals.size === 0 ? acts : acts.filter((act) => !rivals.has(act));
    const bound = group.bind(alike.map(({ request }) => request));
    try {
      const answer = await this.runner.run(group.statement, bound, Math.ceil(last.deadline.left));
      return answersOf(answer, { group, rivals, alone });
    } catch (error) {
      if (this.engine.faultOf(property(error, 'cause')) === 'other') throw error;
      // Nothing was done, and it may have been for one of them only.
      return alone;
    }
  }

  private runAlone(statement: SqlStatement, { request, deadline }: SqlAct): Promise<SqlAnswer> {
    return this.runner.run(statement, bind(statement, request), Math.ceil(deadline.left));
  }
}

/** What the answer to a statement for many rows says to each of the acts. */
function answersOf(answer: SqlAnswer, { group, rivals, alone }: Apart): SqlAnswerTo {
  if (group.kind === 'insertion') return () => DONE;
  const [key = ''] = group.keys;
  const rows = new Map<unknown, SqlRow>();
  for (const row of answer.rows) rows.set(row[key], row);
  const rowOf = ({ request }: SqlAct) => rows.get(request[key]);
  if (group.kind === 'question') return (act) => found(rowOf(act));
  return (act) => {
    const others = rivals.get(act);
    if (others !== undefined) return isLost(act, others, rowOf) ? NOTHING : alone(act);
    const row = rowOf(act);
    if (row === undefined) return NOTHING;
    // Whatever else a row says, be it in the words of a parser of the application's own, is no leave to go on.
    return isChanged(row) ? DONE : alone(act);
  };
}

function found(row: SqlRow | undefined): SqlAnswer {
  return row === undefined ? NOTHING : { rows: [row], affected: 1 };
}

/**
 * Whether an act cannot change the row that others went out for: one of them has changed it, or found it as neither of
 * the two wants it.
 */
function isLost(act: SqlAct, others: readonly SqlAct[], rowOf: (act: SqlAct) => SqlRow | undefined): boolean {
  return others.some((other) => {
    const row = rowOf(other);
    return row === undefined ? wantsNoLess(act, other) : isChanged(row);
  });
}

/** Whether an act asks for the same as another one, at the same time or later: for time, a row only ever expires. */
function wantsNoLess({ request }: SqlAct, other: SqlAct): boolean {
  return Object.entries(request).every(([name, value]) => {
    const theirs = other.request[name];
    return value === theirs || (name === 'now' && Number(value) >= Number(theirs));
  });
}

function isChanged(row: SqlRow | undefined): boolean {
  return row?.['outcome'] === CHANGED;
}

/** The acts that want a row which another one before them wants too, with those others. */
function rivalsAmong(acts: readonly SqlAct[], keys: readonly string[]): Rivals {
  const rivals = new Map<SqlAct, readonly SqlAct[]>();
  const wanted = keys.map((key) => ({ key, by: new Map<unknown, SqlAct>() }));
  for (const act of acts) {
    const others = wanted.flatMap(({ key, by }) => by.get(act.request[key]) ?? []);
    if (others.length > 0) rivals.set(act, others);
    else for (const { key, by } of wanted) by.set(act.request[key], act);
  }
  return rivals;
}
