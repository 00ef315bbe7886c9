import { EventEmitter } from 'node:events';
import { jest } from '@jest/globals';
import type { HeldAnswer } from './answer-door.js';
import { holdAnswer, type OpenHead } from './answer-hold.js';

/** Node's response, as far as a hold sees it: it notes what goes out. */
class Answer extends EventEmitter implements HeldAnswer {
  statusCode = 200;
  statusMessage?: string;
  readonly destroy = jest.fn();
  readonly out: unknown[] = [];
  readonly headers: Record<string, string> = {};
  isFull = false;
  isOut = false;

  get headersSent(): boolean {
    return this.isOut;
  }

  setHeader(name: string, value: string): this {
    this.headers[name] = value;
    return this;
  }

  removeHeader(name: string): void {
    Reflect.deleteProperty(this.headers, name);
  }

  writeHead(...args: unknown[]): this {
    this.out.push(['writeHead', ...args]);
    return this;
  }

  write(...args: unknown[]): boolean {
    if (typeof args[0] === 'number') throw new TypeError('a number');
    this.out.push(['write', ...args]);
    return !this.isFull;
  }

  end(...args: unknown[]): this {
    this.out.push(['end', ...args]);
    return this;
  }

  addTrailers(trailers: object): void {
    this.out.push(['addTrailers', trailers]);
  }

  createPushResponse(headers: object): void {
    this.out.push(['push', headers]);
  }
}

/** A hold that is settled when a test says so. */
class Scene {
  readonly answer = new Answer();
  readonly settle = jest.fn<(status: number, head: OpenHead) => Promise<void>>();
  readonly replace = jest.fn<(error: unknown, end: (text: string) => void) => void>((_error, end) => {
    end('instead');
  });
  private resolve: () => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.settle.mockImplementation(
      () =>
        new Promise((resolve, reject) => {
          this.resolve = resolve;
          this.reject = reject;
        }),
    );
    holdAnswer(this.answer, this.settle, this.replace);
  }

  async pass(): Promise<void> {
    this.resolve();
    await new Promise(setImmediate);
  }

  async fail(error: unknown): Promise<void> {
    this.reject(error);
    await new Promise(setImmediate);
  }
}

const failure = new Error('unspent');

describe('holdAnswer', () => {
  it('lets nothing out before it is settled, and then all of it in order', async () => {
    const scene = new Scene();
    const { answer } = scene;
    answer.writeHead(202, { a: '1' });
    answer.write('a', 'utf8');
    answer.end('b');
    expect(answer.out).toStrictEqual([]);
    await scene.pass();
    expect(answer.out).toStrictEqual([
      ['writeHead', 202, { a: '1' }],
      ['write', 'a', 'utf8'],
      ['end', 'b'],
    ]);
    expect(scene.replace).not.toHaveBeenCalled();
  });

  it('asks for nothing before the handler answers', () => {
    const { answer, settle } = new Scene();
    answer.setHeader('a', '1');
    answer.on('drain', () => undefined);
    expect(settle).not.toHaveBeenCalled();
  });

  type Row = [title: string, say: (answer: Answer) => unknown, status: number];
  const rows: Row[] = [
    ['the status that is set', (answer) => answer.end(), 200],
    ['the status of the head', (answer) => answer.writeHead(404), 404],
    ['the status of the head that is a text', (answer) => answer.writeHead('404'), 404],
    ['the status that is set, for a head without one', (answer) => answer.writeHead(), 200],
  ];
  it.each(rows)('is settled once, by %s', async (_title, say, status) => {
    const { answer, settle } = new Scene();
    say(answer);
    answer.write('a');
    answer.end();
    await Promise.resolve();
    expect(settle.mock.calls).toStrictEqual([[status, { headersSent: false, setHeader: expect.any(Function) }]]);
  });

  it('looks as begun and as ended meanwhile, and as it is afterwards', async () => {
    const scene = new Scene();
    const { answer } = scene;
    const looks = (): unknown => [answer.headersSent, Reflect.get(answer, 'writableEnded')];
    expect(looks()).toStrictEqual([false, undefined]);
    expect(answer.write('a')).toBe(false);
    expect(looks()).toStrictEqual([true, undefined]);
    expect(answer.end()).toBe(answer);
    expect(looks()).toStrictEqual([true, true]);
    await scene.pass();
    expect(looks()).toStrictEqual([false, undefined]);
  });

  it('has a head that only who settles it can change', async () => {
    const scene = new Scene();
    const { answer, settle } = scene;
    answer.setHeader('early', '1');
    answer.end();
    for (const change of [
      () => answer.setHeader('late', '1'),
      () => {
        answer.removeHeader('early');
      },
      () => answer.writeHead(500),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }) as Error);
    }
    settle.mock.calls[0]?.[1].setHeader('proof', 'p');
    answer.statusCode = 500;
    await scene.pass();
    expect(answer.headers).toStrictEqual({ early: '1', proof: 'p' });
    expect(answer.statusCode).toBe(200);
    answer.setHeader('later', '1');
    expect(answer.headers).toHaveProperty('later');
  });

  it('drops what comes after the end', async () => {
    const scene = new Scene();
    scene.answer.end('a');
    scene.answer.write('b');
    scene.answer.end('c');
    await scene.pass();
    expect(scene.answer.out).toStrictEqual([['end', 'a']]);
  });

  it('lets through what comes when it is settled', async () => {
    const scene = new Scene();
    scene.answer.write('a');
    await scene.pass();
    expect(scene.answer.write('b')).toBe(true);
    expect(scene.answer.end('c')).toBe(scene.answer);
    expect(scene.answer.out).toStrictEqual([
      ['write', 'a'],
      ['write', 'b'],
      ['end', 'c'],
    ]);
  });

  it.each([
    ['tells whoever waits that the stream is not full', false, 1],
    ['leaves that to Node where it is full', true, 0],
  ])('%s', async (_title, isFull, times) => {
    const scene = new Scene();
    const [early, late] = [jest.fn(), jest.fn()];
    scene.answer.isFull = isFull;
    scene.answer.once('drain', early);
    scene.answer.write('a');
    scene.answer.once('drain', late);
    scene.answer.on('finish', () => undefined);
    await scene.pass();
    expect(early).toHaveBeenCalledTimes(times);
    expect(late).toHaveBeenCalledTimes(times);
  });

  it('tells also a listener that a wrapper keeps elsewhere', async () => {
    const answer = new Answer();
    const elsewhere: (() => void)[] = [];
    answer.on = (_event: string, listener: () => void) => {
      elsewhere.push(listener);
      return answer;
    };
    holdAnswer(
      answer,
      () => Promise.resolve(),
      () => undefined,
    );
    const kept = jest.fn();
    answer.write('a');
    answer.on('drain', kept);
    await new Promise(setImmediate);
    expect(elsewhere).toStrictEqual([kept]);
    expect(kept).toHaveBeenCalledTimes(1);
  });

  it('is replaced where it cannot be settled, and drops whatever comes after', async () => {
    const scene = new Scene();
    const { answer, replace } = scene;
    const drained = jest.fn();
    answer.write('a');
    answer.on('drain', drained);
    await scene.fail(failure);
    expect(replace.mock.calls).toStrictEqual([[failure, expect.any(Function)]]);
    await new Promise(setImmediate);
    expect(drained).toHaveBeenCalledTimes(1);
    expect(answer.write('b')).toBe(false);
    expect(answer.write('b')).toBe(false);
    expect(answer.end('c')).toBe(answer);
    expect(drained).toHaveBeenCalledTimes(1);
    await new Promise(setImmediate);
    expect(drained).toHaveBeenCalledTimes(2);
    expect(answer.out).toStrictEqual([['end', 'instead']]);
    expect(answer.destroy).not.toHaveBeenCalled();
  });

  it('lets trailers out behind what they belong to, and begins no answer with them', async () => {
    const scene = new Scene();
    const { answer } = scene;
    answer.addTrailers({ a: '1' });
    expect(scene.settle).not.toHaveBeenCalled();
    answer.write('a');
    answer.addTrailers({ b: '2' });
    expect(answer.out).toStrictEqual([]);
    await scene.pass();
    answer.addTrailers({ c: '3' });
    expect(answer.out).toStrictEqual([
      ['addTrailers', { a: '1' }],
      ['write', 'a'],
      ['addTrailers', { b: '2' }],
      ['addTrailers', { c: '3' }],
    ]);
  });

  it('lets no trailer out where it is replaced', async () => {
    const scene = new Scene();
    const { answer } = scene;
    answer.addTrailers({ a: '1' });
    answer.write('a');
    answer.addTrailers({ b: '2' });
    await scene.fail(failure);
    answer.addTrailers({ c: '3' });
    expect(answer.out).toStrictEqual([['end', 'instead']]);
  });

  it('lets nothing be pushed before it is settled, nor where it is replaced', async () => {
    const refused = expect.objectContaining({ code: 'ERR_HTTP2_PUSH_DISABLED' });
    const [scene, other] = [new Scene(), new Scene()];
    for (const { answer } of [scene, other]) {
      expect(() => {
        answer.createPushResponse({ ':path': '/a' });
      }).toThrow(refused);
      answer.write('a');
    }
    await scene.pass();
    scene.answer.createPushResponse({ ':path': '/a' });
    expect(scene.answer.out).toStrictEqual([
      ['write', 'a'],
      ['push', { ':path': '/a' }],
    ]);
    await other.fail(failure);
    expect(() => {
      other.answer.createPushResponse({ ':path': '/a' });
    }).toThrow(refused);
  });

  it('breaks the answer off where it cannot even be replaced', async () => {
    const scene = new Scene();
    const { answer, replace } = scene;
    const [drained, called] = [jest.fn(), jest.fn()];
    replace.mockImplementation(() => {
      throw failure;
    });
    answer.write('a');
    answer.on('drain', drained);
    await scene.fail(failure);
    await new Promise(setImmediate);
    expect(answer.destroy).toHaveBeenCalledTimes(1);
    expect(drained).toHaveBeenCalledTimes(1);
    answer.end('b', called);
    await new Promise(setImmediate);
    expect(called).toHaveBeenCalledTimes(1);
    expect(answer.out).toStrictEqual([]);
  });

  it('tells nothing to a listener that has gone, also where a wrapper keeps it elsewhere', async () => {
    const scene = new Scene();
    const { answer } = scene;
    const [kept, gone, once] = [jest.fn(), jest.fn(), jest.fn()];
    for (const listener of [kept, gone]) answer.on('drain', listener);
    answer.once('drain', once);
    answer.off('drain', gone);
    // As a wrapper does that moves a listener to a stream of its own.
    EventEmitter.prototype.removeListener.call(answer, 'drain', kept);
    answer.write('a');
    await scene.fail(failure);
    await new Promise(setImmediate);
    answer.write('b');
    await new Promise(setImmediate);
    expect([kept, gone, once].map(({ mock }) => mock.calls.length)).toStrictEqual([2, 0, 1]);
  });

  it('lets out the head of what replaces it, and no other', async () => {
    const scene = new Scene();
    const { answer } = scene;
    answer.end('a');
    await scene.fail(failure);
    answer.statusMessage = 'the handler’s';
    answer.writeHead(500);
    expect(Object.hasOwn(answer, 'statusMessage')).toBe(false);
    answer.isOut = true;
    answer.writeHead(200);
    expect(answer.out).toStrictEqual([
      ['end', 'instead'],
      ['writeHead', 500],
    ]);
  });

  it('is replaced where Node refuses what the handler has said', async () => {
    const scene = new Scene();
    scene.answer.write(5);
    scene.answer.end();
    await scene.pass();
    expect(scene.replace.mock.calls).toStrictEqual([[new TypeError('a number'), expect.any(Function)]]);
    expect(scene.answer.out).toStrictEqual([['end', 'instead']]);
  });

  it('writes no head twice for wrappers that go by a mark of Node’s own', async () => {
    const answer = Object.assign(new Answer(), {
      _implicitHeader() {
        answer.writeHead(answer.statusCode);
      },
    });
    holdAnswer(
      answer,
      () => Promise.resolve(),
      () => undefined,
    );
    answer._implicitHeader();
    answer._implicitHeader();
    answer.end('a');
    await new Promise(setImmediate);
    expect(answer.out).toStrictEqual([
      ['writeHead', 200],
      ['end', 'a'],
    ]);
  });
});
