import { AshError } from '../core/index.js';
import { GroupingSession } from './grouping-session.js';
import { POSTGRES } from './postgres.js';
import type { SqlRunner } from './session.js';
import { bind, type SqlAnswer, type SqlBound, type SqlGroup, type SqlStatement, type SqlValues } from './statement.js';
import { tablesNamed } from './tables.js';

const STATEMENTS = POSTGRES.statements(tablesNamed('ash_', POSTGRES.quote), {
  lockTimeout: 1_000,
  batch: 1,
  asksServerClock: true,
});
const { consumeContext, insertContext, selectContext, spend, reserveLink } = STATEMENTS;
const TIMEOUT = 5_000;

type Run = (bound: readonly SqlBound[], statement: SqlStatement) => SqlAnswer | Error | Promise<SqlAnswer>;

const changed = (...ids: readonly string[]): SqlAnswer => answer(ids.map((id) => ({ id, outcome: 'changed' })));
const answer = (rows: SqlAnswer['rows']): SqlAnswer => ({ rows, affected: rows.length });
const failure = (code: string) =>
  new AshError('ASH_STORE_UNAVAILABLE', 'failed', { cause: Object.assign(new Error('failed'), { code }) });

/** A session whose statements for one row, and for many, are answered by the test. */
function sessionOf({ single = () => answer([]), many = () => answer([]) }: { single?: Run; many?: Run }) {
  const ran: { text: string; bound: readonly SqlBound[] }[] = [];
  const runner: SqlRunner = {
    execute: (statement, values, timeout = TIMEOUT) => runner.run(statement, bind(statement, values), timeout),
    run: async (statement, bound) => {
      ran.push({ text: statement.text, bound });
      const result = await (bound.some((value) => Array.isArray(value)) ? many : single)(bound, statement);
      if (result instanceof Error) throw result;
      return result;
    },
  };
  const session = new GroupingSession(runner, POSTGRES, TIMEOUT);
  const consume = (id: string, now = 1) => session.execute(consumeContext, { id, now });
  return { session, consume, ran };
}

function groupOf({ group }: SqlStatement): SqlGroup {
  if (group === undefined) throw new Error('The statement has no form for many rows.');
  return group;
}

describe('GroupingSession', () => {
  it('runs an act alone by the statement for one row', async () => {
    const { consume, ran } = sessionOf({ single: () => ({ rows: [], affected: 1 }) });
    await expect(consume('a', 7)).resolves.toStrictEqual({ rows: [], affected: 1 });
    expect(ran).toStrictEqual([{ text: consumeContext.text, bound: [7, 'a'] }]);
  });

  it('runs acts at once as one statement, each with its own values, and answers each by its own row', async () => {
    const { consume, ran } = sessionOf({ many: () => changed('c', 'a') });
    const answers = await Promise.all([consume('a', 1), consume('b', 2), consume('c', 3)]);
    expect(answers.map(({ affected }) => affected)).toStrictEqual([1, 0, 1]);
    expect(ran).toStrictEqual([
      {
        text: groupOf(consumeContext).statement.text,
        bound: [
          ['a', 'b', 'c'],
          [1, 2, 3],
        ],
      },
    ]);
  });

  it('asks the same question together, whoever asks it, and answers all who ask for one row with it', async () => {
    const { session, ran } = sessionOf({ many: () => answer([{ id: 'a', body: '{}' }]) });
    const answers = await Promise.all([
      session.execute(selectContext, { id: 'a' }),
      session.execute(STATEMENTS.recheckContext, { id: 'a' }),
      session.execute(selectContext, { id: 'b' }),
    ]);
    const found = { rows: [{ id: 'a', body: '{}' }], affected: 1 };
    expect(answers).toStrictEqual([found, found, { rows: [], affected: 0 }]);
    expect(ran).toHaveLength(1);
  });

  it('does not gather what has no form for many rows, nor what has a time-out of its own', async () => {
    const { session, ran } = sessionOf({});
    await Promise.all([
      session.execute(STATEMENTS.selectEpoch, {}),
      session.execute(STATEMENTS.selectEpoch, {}),
      session.execute(selectContext, { id: 'a' }, 10),
      session.execute(selectContext, { id: 'b' }, 10),
    ]);
    expect(ran).toHaveLength(4);
  });

  it('refuses what is no value by itself, and runs the others', async () => {
    const { consume, ran } = sessionOf({ many: () => changed('a', 'c') });
    const outcomes = await Promise.allSettled([consume('a'), consume('b', Number.NaN), consume('c')]);
    expect(outcomes.map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ran.map(({ bound }) => bound)).toStrictEqual([
      [
        ['a', 'c'],
        [1, 1],
      ],
    ]);
  });

  it('lets one of many that want one row change it, and sends the others for nothing', async () => {
    const { consume, ran } = sessionOf({ many: () => changed('a', 'b') });
    const answers = await Promise.all([consume('a'), consume('a'), consume('b'), consume('a')]);
    expect(answers.map(({ affected }) => affected)).toStrictEqual([1, 0, 1, 0]);
    expect(ran.map(({ bound }) => bound[0])).toStrictEqual([['a', 'b']]);
  });

  it('runs those that want the row of one which could not have it by the statement for one row', async () => {
    const { consume, ran } = sessionOf({
      single: ([now]) => ({ rows: [], affected: now === 2 ? 1 : 0 }),
      many: () => changed('b'),
    });
    const answers = await Promise.all([consume('a', 9), consume('a', 2), consume('b', 3)]);
    expect(answers.map(({ affected }) => affected)).toStrictEqual([0, 1, 1]);
    expect(ran.map(({ bound }) => bound)).toStrictEqual([
      [
        ['a', 'b'],
        [9, 3],
      ],
      [2, 'a'],
    ]);
  });

  it('asks only once for a row that is not as many want it', async () => {
    const { consume, ran } = sessionOf({ many: () => changed('b') });
    const answers = await Promise.all([consume('a', 1), consume('a', 1), consume('b', 1), consume('a', 2)]);
    expect(answers.map(({ affected }) => affected)).toStrictEqual([0, 0, 1, 0]);
    expect(ran.map(({ bound }) => bound[0])).toStrictEqual([['a', 'b']]);
  });

  it.each<[string, SqlValues, SqlAnswer]>([
    ['wants it for another holder', { hash: 'a', holder: 'i', now: 2 }, answer([])],
    ['wants it as it was earlier', { hash: 'a', holder: 'h', now: 1 }, answer([])],
    ['wants it after it was held', { hash: 'a', holder: 'h', now: 2 }, answer([{ hash: 'a', outcome: 'held' }])],
  ])('asks again where the row of another one was refused, for one that %s', async (_title, request, refused) => {
    const { session } = sessionOf({ single: () => ({ rows: [], affected: 1 }), many: () => refused });
    const [, second] = await Promise.all([
      session.execute(reserveLink, { hash: 'a', holder: 'h', now: 2 }),
      session.execute(reserveLink, request),
    ]);
    expect(second.affected).toBe(1);
  });

  it('keeps apart who wants the context of another, and who wants its link', async () => {
    const { session, ran } = sessionOf({ many: () => changed('a') });
    if (spend === undefined) throw new Error('PostgreSQL has no statement that spends.');
    const ask = (id: string, hash: string) => session.execute(spend, { id, hash, holder: `${id}/1`, now: 1 });
    const answers = await Promise.all([ask('a', 'x'), ask('a', 'y'), ask('b', 'x'), ask('c', 'z')]);
    expect(answers.map(({ affected }) => affected)).toStrictEqual([1, 0, 0, 0]);
    expect(ran[0]?.bound.slice(0, 2)).toStrictEqual([
      ['a', 'c'],
      ['x', 'z'],
    ]);
  });

  // A parser of the application's own may make of a column what it likes.
  it.each(['held', 't', 1, true, null, undefined])(
    'lets nobody else wait for a row that is not changed (%p)',
    async (outcome) => {
      let release: (answer: SqlAnswer) => void = () => undefined;
      const { session } = sessionOf({
        single: () => new Promise((resolve) => (release = resolve)),
        many: () =>
          answer([
            { hash: 'a', outcome: 'changed' },
            { hash: 'b', outcome },
          ]),
      });
      const reserve = (hash: string) => session.execute(reserveLink, { hash, holder: 'h', now: 1 });
      const [free, held] = [reserve('a'), reserve('b')];
      await expect(free).resolves.toMatchObject({ affected: 1 });
      release({ rows: [], affected: 1 });
      await expect(held).resolves.toStrictEqual({ rows: [], affected: 1 });
    },
  );

  it.each(['22021', '23505', '40P01', '55P03'])(
    'tries each by itself where the server refuses them together by %s',
    async (code) => {
      const { session } = sessionOf({
        single: (bound) => (bound.includes('bad') ? failure(code) : { rows: [], affected: 1 }),
        many: () => failure(code),
      });
      const insert = (body: string) =>
        session.execute(insertContext, { id: 'a', body, issuedAt: 1, expiresAt: 2, keepUntil: 3 });
      const outcomes = await Promise.allSettled([insert('good'), insert('bad'), insert('good')]);
      expect(outcomes.map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected', 'fulfilled']);
    },
  );

  it.each(['ECONNRESET', '57P01', '57014', '08006', '53300'])(
    'refuses all, and tries none again, after %s',
    async (code) => {
      const { consume, ran } = sessionOf({ many: () => failure(code) });
      const outcomes = await Promise.allSettled([consume('a'), consume('b')]);
      const refused = { status: 'rejected', reason: expect.objectContaining({ code: 'ASH_STORE_UNAVAILABLE' }) };
      expect(outcomes).toStrictEqual([refused, refused]);
      expect(ran).toHaveLength(1);
    },
  );
});
