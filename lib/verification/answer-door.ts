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
}

const SAYINGS = ['writeHead', 'write', 'end', 'flushHeaders'] as const;
const HEADERS = ['setHeader', 'appendHeader', 'removeHeader'] as const;
const LISTENING = ['on', 'addListener'] as const;

type Saying = (typeof SAYINGS)[number];
type Method = Saying | (typeof HEADERS)[number] | (typeof LISTENING)[number] | '_implicitHeader';
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
        if (this.isTaken && event === 'drain') this.waiting.add(listener as () => void);
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

  /** Tells whoever waits for it that the stream is not full, and where a wrapper keeps them. */
  callWaiting(): void {
    for (const listener of this.waiting) listener.call(this.response);
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

/** What Node says where a head is changed that is out. */
export function headersSent(): Error {
  return Object.assign(new Error('The head of the answer is out: it cannot be changed any more.'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}
