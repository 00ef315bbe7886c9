import { EventEmitter } from 'node:events';
import { jest } from '@jest/globals';
import { sealAnswer, type SealableAnswer, type Sealing } from './answer-seal.js';
import type { PlainAnswer } from './envelope.js';

/** A phrase of a status line that Node refuses. */
const UNSAYABLE = 'order of Łódź';

/** Node's response, as far as a seal sees it: it notes what goes out. */
class Answer extends EventEmitter implements SealableAnswer {
  statusCode = 200;
  statusMessage?: string;
  readonly destroy = jest.fn();
  readonly out: unknown[] = [];
  readonly headers: Record<string, string | string[]> = {};
  isOut = false;
  /** What `end` does as Node does it, through the methods that stand on the answer. */
  writesItsHead = false;

  get headersSent(): boolean {
    return this.isOut;
  }

  getHeader(name: string): string | string[] | undefined {
    return this.headers[name.toLowerCase()];
  }

  setHeader(name: string, value: string | string[]): this {
    this.headers[name.toLowerCase()] = value;
    return this;
  }

  removeHeader(name: string): void {
    Reflect.deleteProperty(this.headers, name.toLowerCase());
  }

  writeHead(...args: unknown[]): this {
    this.out.push(['writeHead', ...args]);
    return this;
  }

  write(...args: unknown[]): boolean {
    this.out.push(['write', ...args]);
    return false;
  }

  flushHeaders(): void {
    this.out.push(['flushHeaders']);
  }

  end(...args: unknown[]): this {
    if (this.statusMessage === UNSAYABLE) throw new TypeError('an invalid character');
    if (this.statusMessage !== undefined) this.out.push(['phrase', this.statusMessage]);
    if (this.writesItsHead) this.writeHead(this.statusCode);
    if (this.writesItsHead && args.length > 0) this.write(args[0]);
    this.out.push(['end', ...args]);
    this.isOut = true;
    this.emit('finish');
    return this;
  }
}

/** A seal that notes what it is given, and is done or fails when a test says so. */
class Scene {
  readonly answer = new Answer();
  readonly replace = jest.fn<Sealing['replace']>((_error, end) => {
    this.answer.statusCode = 500;
    end('instead');
  });
  readonly plain: PlainAnswer[] = [];
  failure: Error | undefined;

  constructor(sealing: Partial<Sealing> = {}) {
    sealAnswer(this.answer, {
      seal: (answer) => {
        this.plain.push(answer);
        if (this.failure !== undefined) return Promise.reject(this.failure);
        return Promise.resolve({ contentType: 'sealed/type', body: 'sealé' });
      },
      replace: this.replace,
      ...sealing,
    });
  }

  /** What was sealed: its status, content type and text. */
  get sealed(): unknown[] {
    return this.plain.map(({ status, contentType, body }) => [status, contentType, Buffer.from(body).toString()]);
  }
}

const settled = (): Promise<void> => new Promise(setImmediate);

describe('sealAnswer', () => {
  type Row = [title: string, say: (answer: Answer) => unknown, sealed: [number, string, string]];
  const rows: Row[] = [
    ['a text', (answer) => answer.end('text'), [200, '', 'text']],
    ['a text in another encoding', (answer) => answer.end('C3A9', 'hex'), [200, '', 'é']],
    ['a text in no known encoding', (answer) => answer.end('é', 'none'), [200, '', 'é']],
    ['bytes', (answer) => answer.end(Uint8Array.of(65, 66)), [200, '', 'AB']],
    ['nothing', (answer) => answer.end(), [200, '', '']],
    ['nothing, as Fastify says it', (answer) => answer.end(null, null, null), [200, '', '']],
    [
      'pieces',
      (answer) => {
        answer.write('a');
        answer.write(Buffer.from('b'));
        answer.end('c');
      },
      [200, '', 'abc'],
    ],
    [
      'a head with its body',
      (answer) => answer.writeHead(201, { 'Content-Type': 'text/x' }).end('a'),
      [201, 'text/x', 'a'],
    ],
    [
      'a head with a phrase and names and values in turn',
      (answer) => answer.writeHead('404', 'Gone', ['content-type', 'text/x', 'x-two', '1', 'x-two', '2']).end('a'),
      [404, 'text/x', 'a'],
    ],
    [
      'a head that says nothing new',
      (answer) => {
        answer.statusCode = 203;
        answer.setHeader('Content-Type', 'text/y');
        answer.writeHead().end('a');
      },
      [203, 'text/y', 'a'],
    ],
    [
      'a head that is flushed',
      (answer) => {
        answer.flushHeaders();
        answer.statusCode = 500;
        answer.end('a');
      },
      [200, '', 'a'],
    ],
    ['as long as it says', (answer) => answer.writeHead(200, { 'Content-Length': 2 }).end('ab'), [200, '', 'ab']],
    [
      'encoded as itself',
      (answer) => answer.writeHead(200, { 'Content-Encoding': 'identity' }).end('a'),
      [200, '', 'a'],
    ],
  ];
  it.each(rows)('gathers %s, and sends it sealed in one piece', async (_title, say, sealed) => {
    const scene = new Scene();
    say(scene.answer);
    expect(scene.answer.out).toStrictEqual([]);
    await settled();
    expect(scene.sealed).toStrictEqual([sealed]);
    expect(scene.answer.out).toStrictEqual([['end', 'sealé']]);
    expect(scene.answer.statusCode).toBe(sealed[0]);
    expect(scene.answer.headers).toMatchObject({ 'content-type': 'sealed/type', 'content-length': '6' });
    expect(scene.answer.headers).not.toHaveProperty('content-encoding');
    expect(scene.replace).not.toHaveBeenCalled();
  });

  it('keeps a copy of bytes that the handler uses again', async () => {
    const scene = new Scene();
    const buffer = Buffer.from('a');
    scene.answer.write(buffer);
    buffer.write('b');
    scene.answer.end(buffer);
    await settled();
    expect(scene.sealed).toStrictEqual([[200, '', 'ab']]);
  });

  it('drops what the head says of the plaintext, and nothing else', async () => {
    const { answer } = new Scene();
    const ofTheBody = ['etag', 'last-modified', 'accept-ranges', 'content-range', 'content-md5', 'digest'];
    for (const name of [...ofTheBody, 'content-digest', 'repr-digest', 'trailer']) answer.setHeader(name, 'x');
    answer.setHeader('x-own', ['1', '2']);
    answer.end('a');
    await settled();
    expect(answer.headers).toStrictEqual({
      'x-own': ['1', '2'],
      'content-type': 'sealed/type',
      'content-length': '6',
    });
  });

  it.each([
    [204, false],
    [205, false],
    [304, false],
    [200, true],
    [404, true],
  ])('sends an answer that has no body as none: %i, to a HEAD: %s', async (status, isHead) => {
    const scene = new Scene({ isHead });
    scene.answer.setHeader('ETag', 'x');
    scene.answer.writeHead(status, { 'Content-Type': 'text/x', 'Content-Length': '4711' }).end('text');
    await settled();
    expect(scene.plain).toStrictEqual([]);
    expect(scene.answer.out).toStrictEqual([['end']]);
    expect(scene.answer.headers).toStrictEqual({});
    expect(scene.answer.statusCode).toBe(status);
  });

  it('lets Node write head and body through the methods of the answer', async () => {
    const { answer } = new Scene();
    answer.writesItsHead = true;
    answer.end('a');
    await settled();
    expect(answer.out).toStrictEqual([
      ['writeHead', 200],
      ['write', 'sealé'],
      ['end', 'sealé'],
    ]);
  });

  type PhraseRow = [title: string, phrase: string, say: (answer: Answer) => unknown, out: unknown[]];
  const phrases: PhraseRow[] = ['balance 4711', UNSAYABLE].flatMap((phrase): PhraseRow[] => [
    ['sealed', phrase, (answer) => answer.end('a'), ['end', 'sealé']],
    ['without a body', phrase, (answer) => answer.writeHead(204).end(), ['end']],
    ['withheld', phrase, (answer) => answer.writeHead(200, { 'Content-Encoding': 'br' }).end(), ['end', 'instead']],
  ]);
  it.each(phrases)('sends an answer that is %s without its phrase: %s', async (_title, phrase, say, out) => {
    const { answer } = new Scene();
    answer.statusMessage = phrase;
    say(answer);
    // Also one that is set while the answer is sealed.
    answer.statusMessage = phrase;
    await settled();
    expect(answer.out).toStrictEqual([out]);
    expect(answer.destroy).not.toHaveBeenCalled();
  });

  it('is not full as it gathers, and looks as begun and as ended meanwhile', async () => {
    const { answer } = new Scene();
    const looks = (): unknown => [answer.headersSent, Reflect.get(answer, 'writableEnded')];
    expect(looks()).toStrictEqual([false, undefined]);
    expect(answer.write('a')).toBe(true);
    expect(looks()).toStrictEqual([true, undefined]);
    for (const change of [() => answer.setHeader('late', '1'), () => answer.writeHead(500)]) {
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }) as Error);
    }
    expect(answer.end('b')).toBe(answer);
    expect(looks()).toStrictEqual([true, true]);
    await settled();
    expect(looks()).toStrictEqual([true, undefined]);
  });

  it('calls back whoever waits for a part, and for the end', async () => {
    const scene = new Scene();
    const [part, end, late] = [jest.fn(), jest.fn(), jest.fn()];
    scene.answer.write('a', 'utf8', part);
    scene.answer.end(end);
    expect([part.mock.calls.length, end.mock.calls.length]).toStrictEqual([0, 0]);
    await settled();
    scene.answer.write('b', late);
    await settled();
    expect([part, end, late].map(({ mock }) => mock.calls.length)).toStrictEqual([1, 1, 1]);
  });

  it('drops what is said behind the end, before it is sealed and afterwards', async () => {
    const scene = new Scene();
    const { answer } = scene;
    answer.end('a');
    expect(answer.write('b')).toBe(false);
    expect(answer.end('c')).toBe(answer);
    await settled();
    expect(answer.write('d')).toBe(false);
    expect(answer.end('e')).toBe(answer);
    answer.flushHeaders();
    answer.writeHead(500);
    expect(scene.sealed).toStrictEqual([[200, '', 'a']]);
    expect(answer.out).toStrictEqual([['end', 'sealé']]);
  });

  it('lets out head and body where a wrapper writes them later on', async () => {
    const { answer } = new Scene();
    answer.end('a');
    await settled();
    answer.isOut = false;
    answer.statusMessage = 'the handler’s';
    answer.writeHead(200);
    expect(Object.hasOwn(answer, 'statusMessage')).toBe(false);
    answer.write('sealé');
    answer.write('a');
    answer.end();
    expect(answer.out).toStrictEqual([
      ['end', 'sealé'],
      ['writeHead', 200],
      ['write', 'sealé'],
    ]);
  });

  type FaultRow = [title: string, say: (answer: Answer) => unknown, message: string];
  const faults: FaultRow[] = [
    [
      'is a stream of events',
      (answer) => answer.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).write('data'),
      'a stream of events has no end',
    ],
    [
      'is encoded already',
      (answer) => answer.writeHead(200, { 'Content-Encoding': 'br' }).end('a'),
      "it is encoded as 'br' already",
    ],
    [
      'is shorter than it says',
      (answer) => answer.writeHead(200, { 'Content-Length': '2' }).end('a'),
      'it ended before its declared length',
    ],
    ['is too large in one piece', (answer) => answer.end('12345678'), 'it is larger than 7 bytes'],
    [
      'is too large in pieces',
      (answer) => {
        answer.write('1234');
        answer.write('5678');
        answer.write('9');
        answer.end();
      },
      'it is larger than 7 bytes',
    ],
  ];
  it.each(faults)('is replaced where the answer %s', async (_title, say, message) => {
    const scene = new Scene({ maxBytes: 7 });
    say(scene.answer);
    await settled();
    expect(scene.replace).toHaveBeenCalledTimes(1);
    expect(scene.replace.mock.calls[0]?.[0]).toMatchObject({ message: `The answer cannot be sealed: ${message}.` });
    expect(scene.answer.out).toStrictEqual([['end', 'instead']]);
    expect(scene.plain).toStrictEqual([]);
  });

  it('is replaced where it cannot be sealed, and calls back whoever waits for its end', async () => {
    const scene = new Scene();
    const end = jest.fn();
    scene.failure = new Error('no snapshot');
    scene.answer.end('a', end);
    await settled();
    expect(scene.replace.mock.calls).toStrictEqual([[scene.failure, expect.any(Function)]]);
    expect(scene.answer.out).toStrictEqual([['end', 'instead']]);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('drops whatever comes after an answer that was replaced, even where nothing was sent', async () => {
    const scene = new Scene({ replace: () => undefined });
    scene.answer.writeHead(200, { 'content-type': 'text/event-stream' });
    expect(scene.answer.write('data')).toBe(false);
    scene.answer.end('data');
    await settled();
    expect(scene.answer.out).toStrictEqual([]);
  });

  type DropRow = [title: string, say: (answer: Answer) => unknown];
  const drops: DropRow[] = [
    ['was too large', (answer) => answer.write('12345678')],
    ['has ended', (answer) => answer.end('a')],
  ];
  it.each(drops)('lets others run between what is written to an answer that %s', async (_title, say) => {
    const { answer } = new Scene({ maxBytes: 7 });
    const written = { count: 0 };
    // As a source does that has all it gives at hand. The end of it is there for a test that fails.
    const write = (): void => {
      while (written.count < 1000) {
        written.count += 1;
        if (answer.write('b')) continue;
        answer.once('drain', write);
        return;
      }
    };
    say(answer);
    write();
    expect(written.count).toBe(1);
    await settled();
    expect(written.count).toBe(2);
    await settled();
    expect(written.count).toBe(3);
  });

  it('tells whoever wrote the part that was too much that it can go on', async () => {
    const { answer } = new Scene({ maxBytes: 7 });
    const drained = jest.fn();
    answer.on('drain', drained);
    expect(answer.write('1234')).toBe(true);
    expect(answer.write('5678')).toBe(false);
    await settled();
    expect(drained).toHaveBeenCalledTimes(1);
  });

  it.each(drops)('breaks an answer off that %s, and cannot even be replaced', async (_title, say) => {
    const scene = new Scene({
      maxBytes: 7,
      replace: () => {
        throw new Error('no log');
      },
    });
    scene.failure = new Error('no snapshot');
    say(scene.answer);
    await settled();
    expect(scene.answer.destroy).toHaveBeenCalledTimes(1);
    scene.answer.end('secret');
    expect(scene.answer.out).toStrictEqual([]);
  });

  it('refuses what is no part of an answer, as Node does, and goes on', async () => {
    const scene = new Scene();
    for (const chunk of [5, {}, true]) {
      expect(() => scene.answer.write(chunk)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }) as Error,
      );
    }
    scene.answer.end('a');
    await settled();
    expect(scene.sealed).toStrictEqual([[200, '', 'a']]);
  });
});
