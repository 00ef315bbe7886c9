/** Node's own response, of HTTP/1 or HTTP/2, as far as its head and its body go out. */
export interface HeldAnswer {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  appendHeader?(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
  writeHead(...args: unknown[]): unknown;
  write(...args: unknown[]): unknown;
  end(...args: unknown[]): unknown;
  flushHeaders?(): unknown;
  on(event: string, listener: () => void): unknown;
  addListener(event: string, listener: () => void): unknown;
  emit(event: 'drain'): unknown;
  rawListeners(event: 'drain'): readonly unknown[];
  destroy(): unknown;
}

/** What puts more behind the body. HTTP/1 has one of them, HTTP/2 both. */
export const OF_TRAILERS = ['addTrailers', 'setTrailer'] as const;
const SAYINGS = ['writeHead', 'write', 'end', 'flushHeaders', ...OF_TRAILERS] as const;
const HEADERS = ['setHeader', 'appendHeader', 'removeHeader'] as const;
const LISTENING = ['on', 'addListener'] as const;
const LEAVING = ['off', 'removeListener'] as const;

type Saying = (typeof SAYINGS)[number];
type Listening = (typeof LISTENING)[number] | (typeof LEAVING)[number];
type Method = Saying | (typeof HEADERS)[number] | Listening | '_implicitHeader';
type Call = (...args: unknown[]) => unknown;

/** What a handler says of its answer. */
export interface Said {
  readonly method: Saying;
  readonly args: readonly unknown[];
}

/**
 * Stands between Node's response and all who answer through it: what they say comes to `listen`, and goes out where that
 * lets it pass. A head that is taken looks as if it were out, and an answer that is ended as ended, so that nobody gives
 * a second one.
 */
export class AnswerDoor {
  private readonly own = new Map<Method, Call>();
  // Where a middleware has wrapped the answer, it may keep its listeners in another place than the answer does.
  private readonly waiting = new Set<() => void>();
  private isTaken = false;
  private isDraining = false;

  /** The methods stay in place for good, since a middleware can wrap them that must not be thrown out with them. */
  constructor(
    private readonly response: HeldAnswer,
    listen: (said: Said) => unknown,
  ) {
    for (const method of SAYINGS) this.wrap(method, (args) => listen({ method, args }));
    for (const method of HEADERS) {
      this.wrap(method, (args, original) => {
        if (this.isTaken) throw headersSent();
        return original(...args);
      });
    }
    for (const method of LISTENING) {
      this.wrap(method, (args, original) => {
        const [event, listener] = args;
        if (event === 'drain') this.waiting.add(listener as () => void);
        return original(...args);
      });
    }
    for (const method of LEAVING) {
      this.wrap(method, (args, original) => {
        if (args[0] === 'drain') this.waiting.delete(args[1] as () => void);
        return original(...args);
      });
    }
    // Asked for by wrappers that go by Node's own mark of a head that is out, and find none as long as it waits.
    this.wrap('_implicitHeader', (args, original) => (this.isTaken ? undefined : original(...args)));
  }

  /** Lets through to Node what was said. */
  pass({ method, args }: Said): unknown {
    return this.own.get(method)?.(...args);
  }

  /** Sets a header of the answer, also of one whose head is taken. */
  setHeader(name: string, value: string): void {
    this.own.get('setHeader')?.(name, value);
  }

  /** From now on the head looks as if it were out. */
  takeHead(): void {
    this.isTaken = true;
    this.shadow('headersSent');
  }

  /** From now on the answer looks as ended too. */
  takeEnd(): void {
    this.shadow('writableEnded');
  }

  /** From now on the answer looks as it is. */
  open(): void {
    this.isTaken = false;
    Reflect.deleteProperty(this.response, 'headersSent');
    Reflect.deleteProperty(this.response, 'writableEnded');
  }

  /** Lets through the head of what goes out instead of what the handler said, without the phrase that it may have set. */
  passHead(said: Said): unknown {
    forgetPhrase(this.response);
    return this.pass(said);
  }

  /** Takes what goes nowhere. Its source is called back, and reads on when others have had their turn. */
  drop({ method, args }: Said): unknown {
    const callback = callbackOf(args);
    if (callback !== undefined) process.nextTick(callback);
    if (method !== 'write') return this.response;
    this.drainSoon();
    return false;
  }

  /** Tells whoever waits for it that the stream is not full, also where a wrapper keeps them. */
  drain(): void {
    const told = this.response.rawListeners('drain');
    const elsewhere = [...this.waiting].filter((listener) => !told.includes(listener));
    this.response.emit('drain');
    for (const listener of elsewhere) listener.call(this.response);
  }

  /** As `drain`, once all else that is ready has had its turn: a source that never ends lets others run too. */
  drainSoon(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    setImmediate(() => {
      this.isDraining = false;
      this.drain();
    });
  }

  private wrap(method: Method, instead: (args: readonly unknown[], original: Call) => unknown): void {
    const methods = this.response as Partial<Record<Method, Call>>;
    const original = methods[method]?.bind(this.response);
    if (original === undefined) return;
    this.own.set(method, original);
    methods[method] = (...args) => instead(args, original);
  }

  private shadow(property: 'headersSent' | 'writableEnded'): void {
    Object.defineProperty(this.response, property, { value: true, configurable: true });
  }
}

/** Clears the text of the status line, which is the handler's own. The response of HTTP/2 has none. */
export function forgetPhrase(response: object): void {
  Reflect.deleteProperty(response, 'statusMessage');
}

/** The callback among what `write` and `end` take. */
export function callbackOf(args: readonly unknown[]): (() => void) | undefined {
  return args.find((each) => typeof each === 'function') as (() => void) | undefined;
}

/** What Node says where a head is changed that is out. */
export function headersSent(): Error {
  return Object.assign(new Error('The head of the answer is out: it cannot be changed any more.'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}
