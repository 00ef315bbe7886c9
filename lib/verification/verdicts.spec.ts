import { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { Verdicts } from './verdicts.js';

describe('the verdicts over requests', () => {
  const verdicts = new Verdicts<string>();
  const [route, other] = [{}, {}];

  it('are kept for each request and each route', () => {
    const [request, another] = [{}, {}];
    verdicts.set(request, route, 'a');
    verdicts.set(request, other, 'b');
    verdicts.set(another, route, 'c');
    expect(verdicts.get(request, route)).toBe('a');
    expect(verdicts.get(request, other)).toBe('b');
    expect(verdicts.get(another, route)).toBe('c');
    expect(verdicts.get(another, other)).toBeUndefined();
    expect(verdicts.get({}, route)).toBeUndefined();
  });

  it('give way to later ones', () => {
    const request = {};
    verdicts.set(request, route, 'a');
    verdicts.set(request, other, 'b');
    verdicts.set(request, route, 'c');
    expect([verdicts.get(request, route), verdicts.get(request, other)]).toStrictEqual(['c', 'b']);
  });

  it.each<[string, object, object]>([
    ['Express', IncomingMessage.prototype, Object.create(IncomingMessage.prototype) as object],
    ['Node', Object.create(ServerResponse.prototype) as object, ServerResponse.prototype],
  ])('stay with a request that is handed on to %s', (_title, prototype, later) => {
    const request = Object.create(prototype) as object;
    verdicts.set(request, route, 'a');
    Object.setPrototypeOf(request, later);
    expect(verdicts.get(request, route)).toBe('a');
    verdicts.set(request, route, 'b');
    verdicts.set(request, other, 'c');
    Object.setPrototypeOf(request, prototype);
    expect([verdicts.get(request, route), verdicts.get(request, other)]).toStrictEqual(['b', 'c']);
  });

  it('are nobody else’s', () => {
    const request = {};
    verdicts.set(request, route, 'a');
    expect(new Verdicts<string>().get(request, route)).toBeUndefined();
  });

  it('do not go over to what is made of a request', () => {
    const request = { url: '/' };
    verdicts.set(request, route, 'a');
    for (const made of [
      { ...request },
      Object.create(request) as object,
      new Proxy(request, {}),
      structuredClone(request),
    ]) {
      expect(verdicts.get(made, route)).toBeUndefined();
    }
  });

  it('are seen by nobody who looks at a request, and are kept with one that cannot be changed', () => {
    const request = Object.freeze({ url: '/' });
    verdicts.set(request, route, 'kept');
    expect(verdicts.get(request, route)).toBe('kept');
    expect(Reflect.ownKeys(request)).toStrictEqual(['url']);
    expect(inspect(request, { showHidden: true })).not.toContain('kept');
  });
});
