import type { RequestHandler } from 'express';
import type { AshExpressOptions } from 'nestjs-ash/express';
import { closeExpressApps, EXPRESS_VERSIONS, ExpressApp } from '../support/express-app.js';

afterEach(closeExpressApps);

const CART: Partial<AshExpressOptions> = { expectedBinding: 'POST /cart', chain: { name: 'checkout', start: true } };
const FAULT = {
  status: 500,
  body: { statusCode: 500, error: 'Internal Server Error', message: 'Internal server error' },
};

/** Says in the status line what no head can hold, in the ways of Node. */
const phrase: RequestHandler = (_request, response) => {
  response.statusMessage = 'order of Łódź';
  response.json({ done: true });
};
const phraseOfTheHead: RequestHandler = (_request, response) => response.writeHead(200, 'order of Łódź').end('done');

describe.each(EXPRESS_VERSIONS)('%s on a route whose answers are held back', (_name, express) => {
  it.each([
    ['phrase', phrase],
    ['phrase of its head', phraseOfTheHead],
  ])('answers 500, and lives on, where Node refuses the %s', async (_title, handler) => {
    const app = await ExpressApp.start(express, ({ app: under, ash, run }) => {
      under.post('/cart', ash(CART), handler);
      under.post('/plain', run('plain'));
    });
    await expect(app.pass('POST /cart')).resolves.toMatchObject(FAULT);
    expect(app.log.mock.calls).toContainEqual([
      'error',
      'POST /cart: the answer was withheld.',
      expect.objectContaining({ code: 'ERR_INVALID_CHAR' }),
    ]);
    const { draft } = await app.prove('POST /plain');
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
  });
});
