import type { RequestHandler } from 'express';
import type { AshExpressOptions } from 'nestjs-ash/express';
import { ASH_CONTEXT_HEADER, ASH_RENEW_HEADER } from 'nestjs-ash/core';
import { closeExpressApps, EXPRESS_VERSIONS, ExpressApp } from '../support/express-app.js';
import { meetAt } from '../support/meeting.js';
import { compressing, HEADERS_SENT } from './wrappers.js';

afterEach(closeExpressApps);

type Express = (typeof EXPRESS_VERSIONS)[number][1];

const SPENDS: Partial<AshExpressOptions> = { bindings: { 'POST /transfer': { spend: 'handler' } } };

/** Spends the context and goes on. */
const spend: RequestHandler = (request, _response, next) => {
  void request.ash?.spend().then(() => {
    next();
  }, next);
};

function start(express: Express, ...handlers: RequestHandler[]): Promise<ExpressApp> {
  return ExpressApp.start(express, ({ app, ash, run }) => {
    app.post('/transfer', ash(SPENDS), ...handlers, run('transfer'));
  });
}

const UNSPENT = {
  status: 500,
  body: { statusCode: 500, error: 'Internal Server Error', message: 'Internal server error' },
};

describe.each(EXPRESS_VERSIONS)('%s on a route whose handler spends', (_name, express) => {
  it('answers as the handler does that has spent', async () => {
    const app = await start(express, spend);
    const { draft, context } = await app.prove('POST /transfer');
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200, body: { ran: 'transfer' } });
    await expect(app.isSpent(context)).resolves.toBe(true);
    await expect(app.send(draft)).resolves.toMatchObject({ status: 409, code: 'ASH_CTX_ALREADY_USED' });
  });

  it('leaves the context to a request that comes again, where the handler failed before it spent', async () => {
    let isFirst = true;
    const app = await start(
      express,
      (_request, response, next) => {
        if (isFirst) response.status(422).json({});
        else next();
        isFirst = false;
      },
      spend,
    );
    const { draft } = await app.prove('POST /transfer');
    await expect(app.send(draft)).resolves.toMatchObject({ status: 422 });
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
  });

  it('lets one of two requests spend that come at once', async () => {
    const app = await start(express, spend);
    const { draft } = await app.prove('POST /transfer');
    meetAt(app.store, 'get', 2);
    const answers = await Promise.all([app.send(draft), app.send(draft)]);
    expect(answers.map(({ status }) => status).sort()).toStrictEqual([200, 500]);
    expect(app.errors).toMatchObject([{ code: 'ASH_CTX_ALREADY_USED', statusCode: 409 }]);
    expect(app.ran).toStrictEqual(['transfer']);
  });

  type Row = [title: string, ...handlers: RequestHandler[]];
  const rows: Row[] = [
    ['answers JSON', (_request, response) => response.json({ done: true })],
    ['answers with a cookie', (_request, response) => response.cookie('done', '1').send('done')],
    ['answers in parts', (_request, response) => void (response.write('a'), response.write('b'), response.end())],
    [
      'answers in parts, and goes on when its answer is withheld',
      (_request, response) => {
        response.write('a');
        setImmediate(() => {
          response.write('b');
          setImmediate(() => response.end('c'));
        });
      },
    ],
    ['answers with a head of its own', (_request, response) => response.writeHead(200, { 'x-own': '1' }).end()],
    ['answers by what compresses it', compressing(HEADERS_SENT), (_request, response) => response.json({ done: true })],
  ];
  it.each(rows)(
    'answers 500 where the handler %s without having spent, and never runs it again',
    async (_title, ...handlers) => {
      let runs = 0;
      const app = await start(
        express,
        (_request, _response, next) => {
          runs += 1;
          next();
        },
        ...handlers,
      );
      const { draft, context } = await app.prove('POST /transfer');
      const answer = await app.send(draft);
      expect(answer).toMatchObject(UNSPENT);
      for (const name of ['x-own', 'set-cookie', 'content-encoding', 'x-ash-verified']) {
        expect(answer.headers).not.toHaveProperty(name);
      }
      await expect(app.isSpent(context)).resolves.toBe(true);
      await expect(app.send(draft)).resolves.toMatchObject({ status: 409, code: 'ASH_CTX_ALREADY_USED' });
      expect(runs).toBe(1);
      expect(app.log.mock.calls).toContainEqual([
        'error',
        'POST /transfer: the answer was withheld.',
        expect.objectContaining({ message: expect.stringContaining('without spending its context') }),
      ]);
    },
  );

  it('answers the next context when the handler has spent, and not before', async () => {
    const app = await start(express, spend);
    const { draft } = await app.prove('POST /transfer');
    draft.headers[ASH_RENEW_HEADER] = '1';
    const { headers } = await app.send(draft);
    const next = String(headers[ASH_CONTEXT_HEADER]);
    expect(JSON.parse(Buffer.from(next, 'base64url').toString())).toMatchObject({ binding: 'POST /transfer' });
    expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  });
});
