import { Controller, Post } from '@nestjs/common';
import { AshMemoryStore, AshProtected, type AshRequest } from 'nestjs-ash';
import { header, without } from '../support/attacks.js';
import { Runs, startFixture } from '../support/fixture.js';
import { copyOf } from '../support/http.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';
import { describeSubjects } from './subjects.suite.js';

const SOMEBODY_ELSE = [403, 'ASH_SUBJECT_MISMATCH'] as const;

const as = (plan: Plan, user: string): Plan => ({ ...plan, headers: { ...plan.headers, 'x-user': user } });

shopsOn(MEMORY, SERVERS.all).forEach(describeSubjects);

describe.each(ADAPTERS)('18: a context of an application with a subject, on %s', (adapter) => {
  const runs = new Runs();
  const store = new AshMemoryStore();
  const subjects: Readonly<Record<string, string | null | undefined>> = { null: null, undefined, empty: '' };
  let app: TestApp;
  let withoutSubject: TestApp;

  @Controller()
  class AccountController {
    @Post('account')
    @AshProtected('POST /account')
    account() {
      runs.count('account');
    }

    @Post('open')
    @AshProtected('POST /open', { subject: false })
    open() {
      runs.count('open');
    }

    @Post('late')
    @AshProtected('POST /late', {
      subject: ({ headers }) => Promise.resolve(headers['x-user'] as string | undefined),
    })
    late() {
      runs.count('late');
    }

    @Post('broken')
    @AshProtected('POST /broken', {
      subject: ({ headers }) => {
        if (headers['x-user'] === undefined) throw new TypeError('There is no session');
        return 'somebody';
      },
    })
    broken() {
      runs.count('broken');
    }
  }

  beforeAll(async () => {
    const subject = ({ headers }: AshRequest): string | null | undefined => {
      const user = headers['x-user'];
      if (typeof user !== 'string') return undefined;
      return Object.hasOwn(subjects, user) ? subjects[user] : user;
    };
    app = await startFixture(adapter, { runs, controllers: [AccountController], ash: { store, subject } });
    withoutSubject = await startFixture(adapter, { runs, controllers: [AccountController], ash: { store } });
  });

  afterAll(() => Promise.all([app.close(), withoutSubject.close(), store.close()]));

  const account: Plan = as({ binding: 'POST /account', runs: 'account' }, 'alice');

  type Missing = [title: string, headers: Readonly<Record<string, string>>];
  const missing: Missing[] = [
    ['nobody', {}],
    ['undefined', { 'x-user': 'undefined' }],
    ['null', { 'x-user': 'null' }],
    ['an empty name', { 'x-user': 'empty' }],
  ];
  it.each(missing)('is not issued to %s', async (_title, headers) => {
    const answer = await app.ask({ binding: 'POST /account' }, headers);

    expect(answer).toMatchObject({ status: 403, code: 'ASH_SUBJECT_MISMATCH' });
    expect(answer.text).not.toContain('clientSecret');
  });

  it.each(missing)('is refused to %s', async (_title, headers) => {
    const attack: Attack = (draft) => {
      delete draft.headers['x-user'];
      Object.assign(draft.headers, headers);
    };

    expect(await play(app, account, attack)).toEqual(harmless(account, ...SOMEBODY_ELSE));
  });

  it('that was issued without one is refused to everybody, and to nobody', async () => {
    const { draft } = await withoutSubject.prepare(account);

    const nobody = copyOf(draft);
    delete nobody.headers['x-user'];

    expect(await app.send(draft)).toMatchObject({ status: 403, code: 'ASH_SUBJECT_MISMATCH' });
    expect(await app.send(nobody)).toMatchObject({ status: 403, code: 'ASH_SUBJECT_MISMATCH' });
    expect(await withoutSubject.send(draft)).toMatchObject({ status: 201 });
  });

  it('that was issued to somebody is refused where there are no subjects', async () => {
    const { draft } = await app.prepare(account);

    expect(await withoutSubject.send(draft)).toMatchObject({ status: 403, code: 'ASH_SUBJECT_MISMATCH' });
    expect(await app.send(draft)).toMatchObject({ status: 201 });
  });

  it('is for everybody on a route that says so', async () => {
    const open: Plan = { binding: 'POST /open', runs: 'open' };
    const { draft } = await app.prepare(open);

    expect(await app.send({ ...draft, headers: { ...draft.headers, 'x-user': 'bob' } })).toMatchObject({
      status: 201,
    });
  });

  it('is refused to another user whom the application finds out later', async () => {
    const late: Plan = as({ binding: 'POST /late', runs: 'late' }, 'alice');

    expect(await play(app, late, header('x-user', 'bob'))).toEqual(harmless(late, ...SOMEBODY_ELSE));
  });

  it('is refused where the application cannot say who asks', async () => {
    const broken: Plan = as({ binding: 'POST /broken', runs: 'broken' }, 'alice');

    expect(await play(app, broken, without('x-user'))).toEqual(harmless(broken, 500));
  });
});
