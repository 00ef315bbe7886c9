import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import type { RequestHandler, Response } from 'express';
import { AshMemoryStore, type AshExpressOptions } from 'nestjs-ash/express';
import {
  closeExpressApps,
  EXPRESS_VERSIONS,
  ExpressApp,
  type ExpressSetUp,
  type HonestRequest,
} from '../support/express-app.js';
import type { Answer } from '../support/http.js';
import { meetAt } from '../support/meeting.js';
import { sendPipelined, sendForBytes } from './raw-answers.js';
import { compressing, HEADERS_SENT, NODES_MARK, storing } from './wrappers.js';

const CART: Partial<AshExpressOptions> = { expectedBinding: 'POST /cart', chain: { name: 'checkout', start: true } };
const PAY: Partial<AshExpressOptions> = {
  expectedBinding: 'POST /pay',
  chain: { name: 'checkout', after: 'POST /cart' },
};
const LONG = randomBytes(5_000_000).toString('base64');

let folder = '';
let file = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-ash-'));
  file = join(folder, 'answer.txt');
  await writeFile(file, LONG);
});

afterAll(() => rm(folder, { recursive: true }));

afterEach(closeExpressApps);

type Express = (typeof EXPRESS_VERSIONS)[number][1];
type Handlers = Partial<Record<'cart' | 'pay', RequestHandler | RequestHandler[]>>;

interface Shop extends Handlers, ExpressSetUp {
  /** What stands before the routes. */
  readonly before?: RequestHandler;
}

/** A shop of two steps, whose handlers a test replaces. */
function start(express: Express, { before, cart = [], pay = [], ...setUp }: Shop): Promise<ExpressApp> {
  return ExpressApp.start(
    express,
    ({ app, ash, run }) => {
      if (before !== undefined) app.use(before);
      app.post('/cart', ash(CART), ...[cart].flat(), run('cart'));
      app.post('/pay', ash(PAY), ...[pay].flat(), run('pay'));
    },
    setUp,
  );
}

/** Takes the first step, and gives its proof. */
async function begun(app: ExpressApp): Promise<string> {
  const { draft, proof } = await app.prove('POST /cart');
  const { status, text } = await app.send(draft);
  if (status !== 200) throw new Error(`${status} ${text}`);
  return proof;
}

/** Sends the second step. */
function pay(app: ExpressApp, previousProof: string, request: HonestRequest = {}): Promise<Answer> {
  return app.pass('POST /pay', { previousProof, ...request });
}

const PASSED = { status: 200, body: { ran: 'pay' } };

/** Waits until the store has no say in a link any more. */
async function isFree(app: ExpressApp, proof: string): Promise<boolean> {
  const link = await app.link(proof);
  return link !== null && link.holder === undefined;
}

describe.each(EXPRESS_VERSIONS)(
  '%s has written the link of a step when the client has the answer of',
  (_name, express) => {
    const fill = async (response: Response): Promise<void> => {
      for (const part of ['a', 'b', 'c']) {
        if (!response.write(part)) await once(response, 'drain');
      }
      response.end('d');
    };
    type Row = [title: string, cart: RequestHandler, status: number, text: string | (() => string)];
    const rows: Row[] = [
      ['JSON', (_request, response) => response.json({ a: 1 }), 200, '{"a":1}'],
      ['a text and a status', (_request, response) => response.status(201).send('made'), 201, 'made'],
      ['nothing', (_request, response) => response.sendStatus(204), 204, ''],
      ['nothing that has changed', (_request, response) => response.status(304).end(), 304, ''],
      [
        'another place',
        (_request, response) => {
          response.redirect(303, '/orders/7');
        },
        303,
        'See Other. Redirecting to /orders/7',
      ],
      [
        'a head with headers',
        (_request, response) => response.writeHead(201, { 'content-length': '2' }).end('ok'),
        201,
        'ok',
      ],
      [
        'a head with a list of headers',
        (_request, response) => response.writeHead(202, 'Fine', ['x-own', '1']).end('ok'),
        202,
        'ok',
      ],
      [
        'a head with a status that is a text',
        (_request, response) => void response.writeHead(textOf(201)).end('ok'),
        201,
        'ok',
      ],
      ['parts', (_request, response) => void (response.write('a'), response.write('b'), response.end('c')), 200, 'abc'],
      ['parts that wait for each other', (_request, response) => void fill(response), 200, 'abcd'],
      [
        'a head that goes first',
        (_request, response) => void (response.flushHeaders(), response.write('a'), response.end('b')),
        200,
        'ab',
      ],
      [
        'a stream of events',
        (_request, response) =>
          void (
            response.writeHead(200, { 'content-type': 'text/event-stream' }),
            response.write('data: 1\n\n'),
            setImmediate(() => response.end('data: 2\n\n'))
          ),
        200,
        'data: 1\n\ndata: 2\n\n',
      ],
      ['a stream', (_request, response) => void Readable.from(['a', 'b', 'c']).pipe(response), 200, 'abc'],
      [
        'a long stream',
        (_request, response) => void pipeline(Readable.from(piecesOf(LONG)), response),
        200,
        () => LONG,
      ],
      [
        'a file',
        (_request, response) => {
          response.sendFile(file);
        },
        200,
        () => LONG,
      ],
      [
        'a file to keep',
        (_request, response) => {
          response.download(file);
        },
        200,
        () => LONG,
      ],
      ['an end that tells when it is out', (_request, response) => void response.end('a', () => undefined), 200, 'a'],
    ];
    it.each(rows)('%s', async (_title, cart, status, text) => {
      const app = await start(express, { cart });
      const { draft, proof } = await app.prove('POST /cart', { headers: { accept: 'text/plain' } });
      const answer = await app.send(draft);
      expect(answer.status).toBe(status);
      expect(answer.text === (typeof text === 'string' ? text : text())).toBe(true);
      expect(answer.headers['x-ash-chain-proof']).toBe(proof);
      await expect(app.link(proof)).resolves.toMatchObject({ chain: 'checkout', step: 'POST /cart' });
      await expect(pay(app, proof)).resolves.toMatchObject(PASSED);
    });

    it('HEAD', async () => {
      const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
        server.head('/cart', ash({ ...CART, expectedBinding: 'HEAD /cart' }), run('cart'));
      });
      const { draft, proof } = await app.prove('HEAD /cart', { body: undefined });
      await expect(app.send(draft)).resolves.toMatchObject({ status: 200, headers: { 'x-ash-chain-proof': proof } });
      await expect(app.link(proof)).resolves.not.toBeNull();
    });
  },
);

function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 50_000) yield text.slice(at, at + 50_000);
}

describe.each(EXPRESS_VERSIONS)('%s gives a long answer whole, with its link,', (_name, express) => {
  const long: RequestHandler = (_request, response) => void Readable.from(piecesOf(LONG)).pipe(response);
  const small: RequestHandler = (_request, response) => void Readable.from(['a', 'b', 'c']).pipe(response);
  const short: RequestHandler = (_request, response) => void response.json({ a: 1 });
  const parts: RequestHandler = (_request, response) => {
    for (const piece of piecesOf(LONG)) response.write(piece);
    response.end();
  };
  const store = (): Promise<void> => Promise.resolve();
  type Row = [title: string, shop: Shop, text: () => string];
  const rows: Row[] = [
    [
      'that is compressed by what stands before the middleware',
      { before: compressing(HEADERS_SENT), cart: long },
      () => LONG,
    ],
    [
      'that is compressed by older code before the middleware',
      { before: compressing(NODES_MARK), cart: long },
      () => LONG,
    ],
    [
      'that is compressed by what stands behind the middleware',
      { cart: [compressing(HEADERS_SENT), long] },
      () => LONG,
    ],
    ['that is compressed by older code behind the middleware', { cart: [compressing(NODES_MARK), long] }, () => LONG],
    ['in parts that are compressed before', { before: compressing(NODES_MARK), cart: parts }, () => LONG],
    ['in parts that are compressed behind', { cart: [compressing(NODES_MARK), parts] }, () => LONG],
    [
      'from a file that is compressed before',
      {
        before: compressing(HEADERS_SENT),
        cart: (_request, response) => {
          response.sendFile(file);
        },
      },
      () => LONG,
    ],
    ['or a short one that is compressed before', { before: compressing(HEADERS_SENT), cart: short }, () => '{"a":1}'],
    ['or a short one that is compressed behind', { cart: [compressing(HEADERS_SENT), short] }, () => '{"a":1}'],
    ['or one of small pieces that is compressed before', { before: compressing(NODES_MARK), cart: small }, () => 'abc'],
    ['or one of small pieces that is compressed behind', { cart: [compressing(NODES_MARK), small] }, () => 'abc'],
    ['that ends when something before is stored', { before: storing(store), cart: long }, () => LONG],
    ['that ends when something behind is stored', { cart: [storing(store), long] }, () => LONG],
  ];
  it.each(rows)('%s', async (_title, shop, text) => {
    const app = await start(express, shop);
    const { draft, proof } = await app.prove('POST /cart');
    const { status, headers, bytes } = await sendForBytes(app.port, draft);
    const body = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    expect({ status, proof: headers['x-ash-chain-proof'] }).toStrictEqual({ status: 200, proof });
    expect(body.toString() === text()).toBe(true);
    await expect(app.link(proof)).resolves.not.toBeNull();
  });
});

describe.each(EXPRESS_VERSIONS)('%s has freed the step before when the client has the answer of', (_name, express) => {
  const failed = new Error('declined');
  type Row = [title: string, fail: RequestHandler, status: number];
  const rows: Row[] = [
    ['a status of 400', (_request, response) => response.status(400).json({}), 400],
    ['a status of 500', (_request, response) => response.sendStatus(500), 500],
    ['a head of 402', (_request, response) => response.writeHead(402).end(), 402],
    ['a head of a status that is a text', (_request, response) => void response.writeHead(textOf(402)).end(), 402],
    [
      'a failure in parts',
      (_request, response) => void (response.status(503), response.write('a'), response.end('b')),
      503,
    ],
    [
      'an error that is thrown',
      () => {
        throw failed;
      },
      500,
    ],
    [
      'an error that is handed on',
      (_request, _response, next) => {
        next(failed);
      },
      500,
    ],
    [
      'an error that comes later',
      (_request, _response, next) => {
        setImmediate(() => {
          next(failed);
        });
      },
      500,
    ],
    [
      'no route behind',
      (_request, _response, next) => {
        next('route');
      },
      404,
    ],
    [
      'a file that is missing',
      (_request, response, next) => {
        response.sendFile(`${file}.no`, (error) => {
          next(error);
        });
      },
      500,
    ],
    ['a body that Node refuses', (_request, response) => void Reflect.apply(response.end, response, [5]), 500],
    ['a part that Node refuses', (_request, response) => void Reflect.apply(response.write, response, [{}]), 500],
    [
      'a header that Node refuses',
      (_request, response) => void response.writeHead(200, { 'x-own': 'a\nb' }).end(),
      500,
    ],
    ['a status that Node refuses', (_request, response) => void response.writeHead(7).end(), 500],
  ];
  it.each(rows)('%s', async (_title, fail, status) => {
    let isFirst = true;
    const app = await start(express, {
      pay: (request, response, next) => {
        if (!isFirst) {
          next();
          return;
        }
        isFirst = false;
        void fail(request, response, next);
      },
    });
    const previousProof = await begun(app);
    const { draft, proof } = await app.prove('POST /pay', { previousProof });
    const answer = await app.send(draft);
    expect({ status: answer.status, proof: answer.headers['x-ash-chain-proof'] }).toStrictEqual({
      status,
      proof: undefined,
    });
    await expect(pay(app, previousProof)).resolves.toMatchObject(PASSED);
    await expect(pay(app, proof)).resolves.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
  });
});

describe.each(EXPRESS_VERSIONS)('%s, where a handler answers twice,', (_name, express) => {
  const caught: unknown[] = [];
  const attempt = (act: () => unknown): void => {
    try {
      act();
    } catch (error) {
      caught.push(error);
    }
  };
  type Row = [title: string, second: (response: Response) => unknown];
  const rows: Row[] = [
    ['a second body', (response) => response.json({ second: true })],
    ['a second head', (response) => response.writeHead(500)],
    ['a header that comes too late', (response) => response.setHeader('x-late', '1')],
    [
      'a header that is taken back too late',
      (response) => {
        response.removeHeader('content-type');
      },
    ],
  ];
  it.each(rows)('throws for %s, as Node does, and gives the first answer', async (_title, second) => {
    caught.length = 0;
    const app = await start(express, {
      cart: (_request, response) => {
        response.json({ first: true });
        attempt(() => second(response));
      },
    });
    const { draft, proof } = await app.prove('POST /cart');
    const answer = await app.send(draft);
    expect(answer).toMatchObject({ status: 200, body: { first: true }, headers: { 'x-ash-chain-proof': proof } });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8' });
    expect(answer.headers).not.toHaveProperty('x-late');
    expect(caught).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }]);
  });

  it('says that it has ended as soon as the handler has ended it', async () => {
    const seen: unknown[] = [];
    const app = await start(express, {
      cart: (_request, response) => {
        response.write('a');
        seen.push([response.headersSent, response.writableEnded]);
        response.end('b');
        seen.push([response.headersSent, response.writableEnded]);
        response.end('c');
      },
    });
    await expect(app.pass('POST /cart')).resolves.toMatchObject({ text: 'ab' });
    expect(seen).toStrictEqual([
      [true, false],
      [true, true],
    ]);
  });

  it('minds no status that is set after the answer', async () => {
    const app = await start(express, {
      cart: (_request, response) => {
        response.json({});
        response.statusCode = 500;
      },
    });
    const { draft, proof } = await app.prove('POST /cart');
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
    await expect(app.link(proof)).resolves.not.toBeNull();
  });
});

describe.each(EXPRESS_VERSIONS)('%s, where the client hangs up', (_name, express) => {
  it('while the handler runs, writes the link of a step that succeeded', async () => {
    const ended: Promise<unknown>[] = [];
    let arrived: (() => void) | undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const app = await start(express, {
      cart: (_request, response) => {
        arrived?.();
        ended.push(
          once(response, 'close').then(() => {
            response.json({});
          }),
        );
      },
    });
    const { draft, proof } = await app.prove('POST /cart');
    const pending = app.begin(draft);
    await arrival;
    pending.hangUp();
    await expect(pending.answer).rejects.toThrow('socket hang up');
    await Promise.all(ended);
    await expect(eventually(() => app.link(proof))).resolves.toMatchObject({ step: 'POST /cart' });
  });

  it('while the handler runs, frees the step before one that failed', async () => {
    let arrived: (() => void) | undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const app = await start(express, {
      pay: (_request, response) => {
        arrived?.();
        response.on('close', () => {
          response.status(500).json({});
        });
      },
    });
    const previousProof = await begun(app);
    const { draft } = await app.prove('POST /pay', { previousProof });
    const pending = app.begin(draft);
    await arrival;
    await expect(isFree(app, previousProof)).resolves.toBe(false);
    pending.hangUp();
    await expect(pending.answer).rejects.toThrow('socket hang up');
    await expect(eventually(() => isFree(app, previousProof))).resolves.toBe(true);
  });

  it('before the handler runs, runs it not and frees the step before', async () => {
    const store = new AshMemoryStore();
    const closed: Promise<unknown>[] = [];
    const app = await start(express, {
      store,
      before: (_request, response, next) => {
        closed.push(once(response, 'close'));
        next();
      },
    });
    const previousProof = await begun(app);
    const { draft } = await app.prove('POST /pay', { previousProof });
    const spend = store.spend.bind(store);
    const spent = new Promise<void>((resolve) => {
      store.spend = async (...args) => {
        pending.hangUp();
        await closed.at(-1);
        const result = await spend(...args);
        resolve();
        return result;
      };
    });
    const pending = app.begin(draft);
    await expect(pending.answer).rejects.toThrow('socket hang up');
    await spent;
    await expect(eventually(() => isFree(app, previousProof))).resolves.toBe(true);
    expect(app.ran).toStrictEqual(['cart']);
  });
});

/** A status as code in JavaScript can give it, which Node takes. */
function textOf(status: number): number {
  return String(status) as unknown as number;
}

/** What a question is answered at last, when what goes on has had its turns. */
async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < 200; turn++) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise(setImmediate);
  }
  return ask();
}

describe.each(EXPRESS_VERSIONS)('%s', (_name, express) => {
  it('lets one of two next steps win that come at once', async () => {
    const app = await start(express, {});
    const previousProof = await begun(app);
    const drafts = await Promise.all([1, 2].map(() => app.prove('POST /pay', { previousProof })));
    meetAt(app.store, 'getLink', 2);
    const answers = await Promise.all(drafts.map(({ draft }) => app.send(draft)));
    expect(answers.map(({ status, code }) => `${status} ${code ?? ''}`).sort()).toStrictEqual([
      '200 ',
      '403 ASH_CHAIN_BROKEN',
    ]);
    expect(app.ran).toStrictEqual(['cart', 'pay']);
  });

  it('answers a step whose link cannot be written without a proof of it, and logs that', async () => {
    const store = new AshMemoryStore();
    store.writeLink = () => Promise.reject(new Error('READONLY'));
    const app = await start(express, { store });
    const { draft, proof } = await app.prove('POST /cart');
    const answer = await app.send(draft);
    expect(answer).toMatchObject({ status: 200, body: { ran: 'cart' } });
    expect(answer.headers).not.toHaveProperty('x-ash-chain-proof');
    expect(app.log.mock.calls).toContainEqual([
      'error',
      'A chain’s link could not be written; the step that follows will be refused.',
      expect.objectContaining({ code: 'ASH_STORE_UNAVAILABLE' }),
    ]);
    await expect(pay(app, proof)).resolves.toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });
  });

  it('answers requests in their order that one connection brings at once', async () => {
    const app = await start(express, {});
    const steps = await Promise.all([1, 2, 3].map(() => app.prove('POST /cart')));
    const answers = await sendPipelined(
      app.port,
      steps.map(({ draft }) => draft),
    );
    expect(answers.map(({ status }) => status)).toStrictEqual([200, 200, 200]);
    expect(answers.map(({ headers }) => headers['x-ash-chain-proof'])).toStrictEqual(steps.map(({ proof }) => proof));
  });

  it('refuses a step that was skipped, repeated or sent without the one before', async () => {
    const app = await start(express, {});
    const previousProof = await begun(app);
    await expect(app.pass('POST /pay')).resolves.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
    await expect(pay(app, 'a'.repeat(64))).resolves.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
    await expect(pay(app, previousProof)).resolves.toMatchObject(PASSED);
    await expect(pay(app, previousProof)).resolves.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
    expect(app.ran).toStrictEqual(['cart', 'pay']);
  });

  it('frees the step before where something behind the middleware refuses', async () => {
    let isOpen = false;
    const app = await start(express, {
      pay: (_request, response, next) => {
        if (isOpen) next();
        else response.status(429).json({});
      },
    });
    const previousProof = await begun(app);
    await expect(pay(app, previousProof)).resolves.toMatchObject({ status: 429 });
    isOpen = true;
    await expect(pay(app, previousProof)).resolves.toMatchObject(PASSED);
  });

  it('frees the step before where somebody else has answered meanwhile', async () => {
    const store = new AshMemoryStore();
    let answered: Response | undefined;
    const app = await start(express, {
      store,
      before: (_request, response, next) => {
        answered = response;
        next();
      },
    });
    const previousProof = await begun(app);
    const spend = store.spend.bind(store);
    store.spend = async (...args) => {
      answered?.status(503).json({ late: true });
      Reflect.deleteProperty(store, 'spend');
      return spend(...args);
    };
    await expect(pay(app, previousProof)).resolves.toMatchObject({ status: 503, body: { late: true } });
    await expect(eventually(() => isFree(app, previousProof))).resolves.toBe(true);
    expect(app.ran).toStrictEqual(['cart']);
  });
});
