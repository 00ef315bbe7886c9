import type { RequestHandler } from 'express';
import {
  closeExpressApps,
  EXPRESS_VERSIONS,
  ExpressApp,
  type HonestRequest,
  type Parts,
} from '../support/express-app.js';
import type { Answer, Draft } from '../support/http.js';

afterEach(closeExpressApps);

type Build = (parts: Parts) => void;

/** What an attack came to: its answer, and whether anything ran. */
function refused(answer: Answer, app: ExpressApp): object {
  return { status: answer.status, code: answer.code, ran: app.ran };
}

const MISMATCH = { status: 403, code: 'ASH_BINDING_MISMATCH', ran: [] };

const TWO_NAMES = { 'POST /:name': {}, 'POST /transfer': { mode: 'strict' } } as const;

/** Puts another target in the place of the request's, as a proxy's module does. */
function rewrite(to: string): RequestHandler {
  return (request, _response, next) => {
    request.url = to;
    next();
  };
}

const overrideMethod: RequestHandler = (request, _response, next) => {
  request.method = request.get('x-http-method-override') ?? request.method;
  next();
};

const originalUrl: RequestHandler = (request, _response, next) => {
  request.url = request.get('x-original-url') ?? request.url;
  next();
};

describe.each(EXPRESS_VERSIONS)('%s lets an honest request pass', (_name, express) => {
  type Row = [title: string, build: Build, binding: string, request?: HonestRequest];
  const TENANT = '/tenants/:tenant';
  const rows: Row[] = [
    ['on a route of its own', ({ app, ash, run }) => app.post('/transfer', ash(), run('transfer')), 'POST /transfer'],
    [
      'on a route that says its binding',
      ({ app, ash, run }) => app.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer')),
      'POST /transfer',
    ],
    [
      'on a route with a parameter',
      ({ app, ash, run }) =>
        app.put('/accounts/:id/limit', ash({ expectedBinding: 'PUT /accounts/:id/limit' }), run('limit')),
      'PUT /accounts/42/limit',
    ],
    [
      'whose parameter stands encoded in the path',
      ({ app, ash, run }) => app.put('/accounts/:id', ash({ expectedBinding: 'PUT /accounts/:id' }), run('account')),
      'PUT /accounts/4%32',
    ],
    [
      'whose context spells the parameter in another way',
      ({ app, ash, run }) => app.put('/accounts/:id', ash({ expectedBinding: 'PUT /accounts/:id' }), run('account')),
      'PUT /accounts/42',
      { path: '/accounts/4%32' },
    ],
    [
      'in another case, which Express does not mind',
      ({ app, ash, run }) => app.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer')),
      'POST /transfer',
      { path: '/TRANSFER' },
    ],
    [
      'in another case on a route beside one with a parameter',
      ({ app, ash, run }) => {
        app.post('/transfer', ash({ bindings: TWO_NAMES }), run('transfer'));
        app.post('/:name', ash({ bindings: TWO_NAMES }), run('name'));
      },
      'POST /transfer',
      { path: '/TRANSFER' },
    ],
    [
      'with a slash at the end, which Express does not mind',
      ({ app, ash, run }) => app.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer')),
      'POST /transfer',
      { path: '/transfer/' },
    ],
    [
      'on each path of a list',
      ({ app, ash, run }) => app.post(['/a', '/b'], ash({ expectedBinding: ['POST /a', 'POST /b'] }), run('list')),
      'POST /b',
    ],
    [
      'on a regular expression, by its own path',
      ({ app, ash, run }) => app.post(/^\/pay\/\d+$/, ash(), run('pay')),
      'POST /pay/7',
    ],
    [
      'on a regular expression that says its binding',
      ({ app, ash, run }) => app.post(/^\/pay\/\d+$/, ash({ expectedBinding: 'POST /pay/:id' }), run('pay')),
      'POST /pay/7',
    ],
    [
      'below a router with a prefix',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router();
        router.post('/transfer', ash({ expectedBinding: 'POST /api/transfer' }), run('transfer'));
        app.use('/api', router);
      },
      'POST /api/transfer',
    ],
    [
      'below a router at a prefix with a parameter',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router({ mergeParams: true });
        router.post('/pay', ash({ expectedBinding: 'POST /tenants/:tenant/pay' }), run('pay'));
        app.use(TENANT, router);
      },
      'POST /tenants/7/pay',
    ],
    [
      'below two routers that do not merge their parameters',
      ({ app, express: { Router }, ash, run }) => {
        const inner = Router();
        inner.post('/:bill', ash({ expectedBinding: 'POST /tenants/:tenant/bills/:bill' }), run('bill'));
        const outer = Router();
        outer.use('/bills', inner);
        app.use(TENANT, outer);
      },
      'POST /tenants/7/bills/9',
    ],
    [
      'at the path of its router itself',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router();
        router.post('/', ash({ expectedBinding: 'POST /carts' }), run('carts'));
        app.use('/carts', router);
      },
      'POST /carts',
    ],
    [
      'below an application within the application',
      ({ app, express: make, ash, run }) => {
        const inner = make();
        inner.post('/transfer', ash({ expectedBinding: 'POST /inner/transfer' }), run('transfer'));
        app.use('/inner', inner);
      },
      'POST /inner/transfer',
    ],
    [
      'that names its server too, below a router with a prefix',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router();
        router.post('/transfer', ash({ expectedBinding: 'POST /api/transfer' }), run('transfer'));
        app.use('/api', router);
      },
      'POST /api/transfer',
      { path: 'http://shop.example/api/transfer' },
    ],
    [
      'through the whole application',
      ({ app, ash, run }) => {
        app.use(ash());
        app.post('/transfer', run('transfer'));
      },
      'POST /transfer',
    ],
    [
      'through a router',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router();
        router.use(ash({ bindings: ['POST /api/transfer', 'POST /api/cheap'] }));
        router.post('/transfer', run('transfer'));
        app.use('/api', router);
      },
      'POST /api/transfer',
    ],
    [
      'through app.all',
      ({ app, ash, run }) => {
        app.all('/transfer', ash());
        app.post('/transfer', run('transfer'));
      },
      'POST /transfer',
    ],
    [
      'through app.route',
      ({ app, ash, run }) => app.route('/transfer').all(ash()).post(run('transfer')),
      'POST /transfer',
    ],
    [
      'behind a proxy that strips a prefix',
      ({ app, ash, run }) =>
        app.post('/transfer', ash({ publicPrefix: '/api', expectedBinding: 'POST /api/transfer' }), run('transfer')),
      'POST /api/transfer',
      { path: '/transfer' },
    ],
    [
      'behind a proxy that strips a prefix from all paths',
      ({ app, ash, run }) => {
        app.use(ash({ publicPrefix: '/api/' }));
        app.post('/transfer', run('transfer'));
      },
      'POST /api/transfer',
      { path: '/transfer' },
    ],
    [
      'behind a proxy that is trusted, whatever that says of the request',
      ({ app, ash, run }) => {
        app.set('trust proxy', true);
        app.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer'));
      },
      'POST /transfer',
      {
        headers: {
          'x-forwarded-host': 'shop.example',
          'x-forwarded-proto': 'https',
          'x-forwarded-prefix': '/api',
          'x-forwarded-uri': '/cheap',
          'x-original-url': '/cheap',
          'x-rewrite-url': '/cheap',
          'x-http-method-override': 'DELETE',
        },
      },
    ],
    [
      'where case and the slash at the end are minded',
      (parts) => {
        parts.app.set('case sensitive routing', true);
        parts.app.set('strict routing', true);
        parts.app.post('/Transfer/', parts.ash({ expectedBinding: 'POST /Transfer' }), parts.run('Transfer'));
      },
      'POST /Transfer',
      { path: '/Transfer/' },
    ],
    [
      'of the method that an override made it',
      ({ app, ash, run }) => {
        app.use(overrideMethod);
        app.delete('/accounts/:id', ash({ expectedBinding: 'DELETE /accounts/:id' }), run('deletion'));
      },
      'DELETE /accounts/7',
      { headers: { 'x-http-method-override': 'DELETE' } },
    ],
    ['of OPTIONS', ({ app, ash, run }) => app.options('/transfer', ash(), run('options')), 'OPTIONS /transfer'],
    ['of HEAD', ({ app, ash, run }) => app.head('/report', ash(), run('report')), 'HEAD /report', { body: undefined }],
    [
      'with the query that its proof covers',
      ({ app, ash, run }) => app.get('/report', ash({ expectedBinding: 'GET /report' }), run('report')),
      'GET /report',
      { path: '/report?from=1&to=2', body: undefined },
    ],
  ];
  it.each(rows)('%s', async (_title, build, binding, request = {}) => {
    const app = await ExpressApp.start(express, build);
    const answer = await app.pass(binding, request);
    expect({ status: answer.status, text: answer.text, runs: app.ran.length }).toMatchObject({ status: 200, runs: 1 });
  });
});

describe.each(EXPRESS_VERSIONS)('%s keeps a context from every route but its own', (name, express) => {
  const wildcard = name === 'Express 4' ? '/files/*' : '/files/*path';
  type Change = (draft: Draft) => void;
  type Row = [title: string, build: Build, binding: string, request: HonestRequest, change?: Change];
  const to =
    (path: string, method = 'POST'): Change =>
    (draft) => {
      draft.path = path;
      draft.method = method;
    };
  const both: Build = ({ app, ash, run }) => {
    app.post('/cheap', ash(), run('cheap'));
    app.post('/transfer', ash(), run('transfer'));
  };
  const declared: Build = ({ app, ash, run }) => {
    app.post('/cheap', ash({ expectedBinding: 'POST /cheap' }), run('cheap'));
    app.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer'));
  };
  const global: Build = ({ app, ash, run }) => {
    app.use(ash({ bindings: { 'POST /cheap': {}, 'POST /transfer': {}, 'POST /:name': {} } }));
    for (const path of ['/cheap', '/transfer', '/:name']) app.post(path, run(path));
  };
  const catchAll: Build = ({ app, ash, run }) => {
    app.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer'));
    app.post(/^.*$/, ash({ expectedBinding: 'POST /*rest' }), run('rest'));
  };
  const rows: Row[] = [
    ['by their own paths', both, 'POST /cheap', {}, to('/transfer')],
    ['by the bindings that they say', declared, 'POST /cheap', {}, to('/transfer')],
    ['that one middleware guards', global, 'POST /cheap', {}, to('/transfer')],
    [
      'by another method',
      ({ app, ash, run }) => {
        app.all('/transfer', ash());
        app.all('/transfer', run('transfer'));
      },
      'POST /transfer',
      {},
      to('/transfer', 'PUT'),
    ],
    [
      'of HEAD, which Express answers as it does GET',
      ({ app, ash, run }) => app.get('/report', ash({ expectedBinding: 'GET /report' }), run('report')),
      'GET /report',
      { body: undefined },
      to('/report', 'HEAD'),
    ],
    [
      'by another parameter',
      ({ app, ash, run }) => app.put('/accounts/:id', ash({ expectedBinding: 'PUT /accounts/:id' }), run('account')),
      'PUT /accounts/42',
      {},
      to('/accounts/43', 'PUT'),
    ],
    [
      'by a parameter in another case',
      ({ app, ash, run }) => app.put('/accounts/:id', ash({ expectedBinding: 'PUT /accounts/:id' }), run('account')),
      'PUT /accounts/ab',
      {},
      to('/accounts/AB', 'PUT'),
    ],
    [
      'by the parameter of a prefix',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router({ mergeParams: true });
        router.post('/pay', ash({ expectedBinding: 'POST /tenants/:tenant/pay' }), run('pay'));
        app.use('/tenants/:tenant', router);
      },
      'POST /tenants/7/pay',
      {},
      to('/tenants/8/pay'),
    ],
    [
      'by the parameter of a prefix that a parameter of the route hides',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router({ mergeParams: true });
        router.post('/bills/:id', ash({ expectedBinding: 'POST /tenants/:id/bills/:id' }), run('pay'));
        app.use('/tenants/:id', router);
      },
      'POST /tenants/7/bills/9',
      {},
      to('/tenants/8/bills/9'),
    ],
    [
      'below another prefix',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router();
        router.post('/transfer', ash(), run('transfer'));
        app.use(['/a', '/b'], router);
      },
      'POST /a/transfer',
      {},
      to('/b/transfer'),
    ],
    [
      'of a list of paths',
      ({ app, ash, run }) => app.post(['/a', '/b'], ash({ expectedBinding: ['POST /a', 'POST /b'] }), run('list')),
      'POST /a',
      {},
      to('/b'),
    ],
    [
      'of a regular expression',
      ({ app, ash, run }) => app.post(/^\/pay/, ash(), run('pay')),
      'POST /pay/7',
      {},
      to('/pay/8'),
    ],
    ['by slashes that make it another path to the router', catchAll, 'POST /transfer', {}, to('//transfer')],
    [
      'by slashes that make it another path to the router, at its end',
      catchAll,
      'POST /transfer',
      {},
      to('/transfer//'),
    ],
    [
      'by a slash at the end, which a wildcard takes in',
      ({ app, ash, run }) => app.get(/^\/files\/(.*)$/, ash({ expectedBinding: 'GET /files/*path' }), run('file')),
      'GET /files/a',
      { body: undefined },
      to('/files/a/', 'GET'),
    ],
    [
      'by a slash at the end, which a wildcard of the router takes in',
      ({ app, ash, run }) => app.get(wildcard, ash(), run('file')),
      'GET /files/a',
      { body: undefined },
      to('/files/a/', 'GET'),
    ],
    [
      'by a slash at the end, which a regular expression takes in',
      ({ app, ash, run }) => app.post(/^\/pay\/(.+)$/, ash(), run('pay')),
      'POST /pay/7',
      {},
      to('/pay/7/'),
    ],
    [
      'by a slash at the end, which a regular expression that says its binding takes in',
      ({ app, ash, run }) => app.post(/^\/pay\/(.+)$/, ash({ expectedBinding: 'POST /pay/:id' }), run('pay')),
      'POST /pay/7',
      {},
      to('/pay/7/'),
    ],
    ['by a dot segment', catchAll, 'POST /transfer', {}, to('/x/../transfer')],
    ['by an encoded letter', global, 'POST /transfer', {}, to('/%74ransfer')],
    [
      'where case is minded, by another case',
      (parts) => {
        parts.app.set('case sensitive routing', true);
        parts.app.post('/Transfer', parts.ash(), parts.run('Transfer'));
      },
      'POST /transfer',
      {},
      to('/Transfer'),
    ],
    [
      'whose binding has a slip of the pen',
      ({ app, ash, run }) => app.post('/transfer', ash({ expectedBinding: 'POST /transfre' }), run('transfer')),
      'POST /transfer',
      {},
    ],
    [
      'whose binding has a slip of the pen, by a context for that',
      ({ app, ash, run }) => app.post('/transfer', ash({ expectedBinding: 'POST /transfre' }), run('transfer')),
      'POST /transfre',
      { path: '/transfer' },
    ],
    [
      'whose binding lacks the prefix of its router',
      ({ app, express: { Router }, ash, run }) => {
        const router = Router();
        router.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer'));
        app.use('/api', router);
      },
      'POST /transfer',
      { path: '/api/transfer' },
    ],
    [
      'whose public prefix is another',
      ({ app, ash, run }) => app.post('/transfer', ash({ publicPrefix: '/api' }), run('transfer')),
      'POST /v2/transfer',
      { path: '/transfer' },
    ],
    [
      'that the application puts in its place',
      ({ app, ash, run }) => {
        app.use('/cheap', rewrite('/'));
        app.use((request, _response, next) => {
          if (request.url === '/cheap') request.url = '/transfer';
          next();
        });
        app.post('/transfer', ash(), run('transfer'));
      },
      'POST /cheap',
      {},
    ],
    [
      'that the application puts in its place, by a context for that',
      ({ app, ash, run }) => {
        app.use(rewrite('/transfer'));
        app.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer'));
      },
      'POST /transfer',
      { path: '/cheap' },
    ],
    [
      'with another query that the application puts in its place',
      ({ app, ash, run }) => {
        app.use(rewrite('/report?of=everybody'));
        app.get('/report', ash({ expectedBinding: 'GET /report' }), run('report'));
      },
      'GET /report',
      { path: '/report?of=me', body: undefined },
    ],
    [
      'by a header that names another path',
      ({ app, ash, run }) => {
        app.use(originalUrl);
        app.post('/cheap', ash(), run('cheap'));
        app.post('/transfer', ash(), run('transfer'));
      },
      'POST /cheap',
      {},
      ({ headers }) => {
        headers['x-original-url'] = '/transfer';
      },
    ],
    [
      'by a header that names another method',
      ({ app, ash, run }) => {
        app.use(overrideMethod);
        app.post('/accounts/7', ash(), run('account'));
        app.delete('/accounts/7', ash(), run('deletion'));
      },
      'POST /accounts/7',
      {},
      ({ headers }) => {
        headers['x-http-method-override'] = 'DELETE';
      },
    ],
    ['in another case, by what a parameter beside it is worth', global, 'POST /TRANSFER', {}],
    [
      'in another case, by what a parameter before it is worth',
      ({ app, ash, run }) => {
        app.post('/:name', (_request, _response, next) => {
          next();
        });
        app.use(ash({ bindings: { 'POST /transfer': {}, 'POST /:name': {} } }));
        app.post('/transfer', run('transfer'));
      },
      'POST /TRANSFER',
      {},
    ],
    [
      'that no binding names, by a context for it',
      ({ app, ash, run }) => {
        app.use(ash({ bindings: ['POST /cheap', 'POST /transfer'] }));
        app.post('/other', run('other'));
      },
      'POST /other',
      {},
    ],
    [
      'that the one binding does not name, by a context for it',
      ({ app, ash, run }) => {
        app.use(ash({ bindings: ['POST /cheap'] }));
        app.post('/other', run('other'));
      },
      'POST /other',
      {},
    ],
    ['that no binding names', global, 'POST /cheap', {}, to('/accounts/7/delete')],
    [
      'by a whole URL whose path the router begins within its host',
      ({ app, ash, run }) => {
        app.use(ash());
        app.post('/:account/transfer', run('transfer'));
      },
      'POST /transfer',
      {},
      to('http://:7/transfer'),
    ],
  ];
  it.each(rows)('%s', async (_title, build, binding, request, change = () => undefined) => {
    const app = await ExpressApp.start(express, build);
    const { draft, context } = await app.prove(binding, request);
    change(draft);
    const answer = await app.send(draft);
    expect({ ...refused(answer, app), spent: await app.isSpent(context) }).toMatchObject(
      draft.method === 'HEAD' ? { status: 403, ran: [], spent: false } : { ...MISMATCH, spent: false },
    );
  });
});
