import { configurationError } from '../../test/verification/configuration-error.js';
import { RouteBinding } from './route-binding.js';
import { RouteTable, type TableRoute } from './route-table.js';

function tableOf(...routes: [name: string, ...bindings: string[]][]): RouteTable<TableRoute> {
  const table = new RouteTable<TableRoute>();
  for (const [name, ...bindings] of routes) {
    table.add({ name, bindings: bindings.map((text) => RouteBinding.parse(text)) });
  }
  return table;
}

describe('RouteTable.find', () => {
  const table = tableOf(
    ['anything', 'GET /*'],
    ['byOwner', 'GET /:owner/list'],
    ['account', 'GET /accounts/:id', 'GET /v2/accounts/:id'],
    ['closed', 'GET /accounts/closed'],
    ['root', 'GET /'],
    ['open', 'POST /accounts'],
  );
  it.each([
    ['GET /accounts/closed', 'closed'],
    ['GET /accounts/42', 'account'],
    ['GET /v2/accounts/42', 'account'],
    ['GET /accounts/list', 'account'],
    ['GET /users/list', 'byOwner'],
    ['GET /a/b/c/d', 'anything'],
    ['GET /', 'root'],
    ['POST /accounts', 'open'],
    ['POST /accounts/42', undefined],
    ['DELETE /', undefined],
    ['GET', undefined],
  ])('finds for %s: %s', (binding, name) => {
    expect(table.find(binding)?.name).toBe(name);
  });

  it('finds the most specific one, in whatever order they came', () => {
    const turned = tableOf(['account', 'GET /accounts/:id'], ['anything', 'GET /*'], ['two', 'GET /:a/:b']);
    expect(turned.find('GET /accounts/1')?.name).toBe('account');
    expect(turned.find('GET /users/1')?.name).toBe('two');
    expect(turned.find('GET /users')?.name).toBe('anything');
  });
});

describe('RouteTable.add', () => {
  it('keeps the routes in their order', () => {
    expect(tableOf(['b', 'GET /b'], ['a', 'GET /a']).routes.map(({ name }) => name)).toStrictEqual(['b', 'a']);
  });

  it.each([
    ['GET /a', 'GET /a'],
    ['GET /:id', 'GET /:name'],
    ['GET /f/*path', 'GET /f/*'],
  ])('refuses two routes with %s and %s', (first, second) => {
    expect(() => tableOf(['A.one', first], ['B.two', 'GET /other', second])).toThrow(
      configurationError(
        `B.two and A.one have one binding, '${second}': a context for one would open the other. ` +
          'Give each route a path of its own (header and media type versions share one; use URI versions).',
      ),
    );
  });

  it('takes one path by two methods', () => {
    expect(() => tableOf(['a', 'GET /a'], ['b', 'POST /a'])).not.toThrow();
  });
});

describe('RouteTable with a route for whatever comes', () => {
  const table = tableOf(['all others'], ['account', 'GET /accounts/:id'], ['closed', 'GET /accounts/closed']);
  it.each([
    ['GET /accounts/closed', 'closed'],
    ['GET /accounts/7', 'account'],
    ['GET /other', 'all others'],
    ['POST /accounts/7', 'all others'],
  ])('finds for %s: %s', (binding, name) => {
    expect(table.find(binding)?.name).toBe(name);
    expect(table.findAlike(binding)?.name).toBe(name);
  });
});

describe('RouteTable.findAlike', () => {
  const table = tableOf(
    ['anything', 'GET /*'],
    ['account', 'GET /accounts/:id'],
    ['closed', 'GET /accounts/closed'],
    ['Closed', 'GET /Accounts/Closed'],
  );
  it.each([
    ['GET /accounts/closed', 'closed'],
    ['GET /Accounts/Closed', 'Closed'],
    ['GET /ACCOUNTS/CLOSED', 'closed'],
    ['GET /accounts/%63losed', 'closed'],
    ['GET /ACCOUNTS/7', 'account'],
    ['GET /accounts/7', 'account'],
    ['GET /x', 'anything'],
    ['POST /accounts/closed', undefined],
    ['get /accounts/closed', undefined],
  ])('finds for %s, which a router may take for another spelling of: %s', (binding, name) => {
    expect(table.findAlike(binding)?.name).toBe(name);
  });
});
