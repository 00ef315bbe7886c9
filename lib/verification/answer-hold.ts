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

/** The head of an answer that waits, which is still open to who makes it wait. */
export interface OpenHead {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}

/** What the handler has said while its answer waits. */
interface Said {
  readonly method: Saying;
  readonly args: readonly unknown[];
}

type Settle = (status: number, head: OpenHead) => Promise<void>;

/**
 * Answers instead of the handler, or breaks the answer off where its head is out.
 *
 * @param end Ends the answer behind whatever the application has wrapped around it meanwhile, which may take it for ended.
 */
type Replace = (error: unknown, end: (text: string) => void) => void;

/**
 * Holds an answer back, from its first byte on, until `settle` is done: what the handler says of it waits in order.
 * Meanwhile the answer looks as begun, and as ended once the handler has ended it, so that nobody gives a second one.
 *
 * @param settle What has to be done before the answer goes out, by the status that it has. What it throws is an answer
 * that must not go out.
 * @param replace Answers instead of the handler then, and where Node refuses what the handler has said.
 */
export function holdAnswer(response: HeldAnswer, settle: Settle, replace: Replace): void {
  new Hold(response, settle, replace).begin();
}

class Hold {
  private readonly said: Said[] = [];
  private readonly own = new Map<Method, Call>();
  // Where a middleware has wrapped the answer, it may keep its listeners in another place than the answer does.
  private readonly waiting = new Set<() => void>();
  private state: 'silent' | 'settling' | 'released' | 'replaced' = 'silent';
  private hasEnded = false;

  constructor(
    private readonly response: HeldAnswer,
    private readonly settle: Settle,
    private readonly replace: Replace,
  ) {}

  /** The methods stay in place for good, since a middleware can wrap them that must not be thrown out with them. */
  begin(): void {
    for (const method of SAYINGS) this.wrap(method, (args) => this.say({ method, args }));
    for (const method of HEADERS) {
      this.wrap(method, (args, original) => {
        if (this.state === 'settling') throw headersSent();
        return original(...args);
      });
    }
    for (const method of LISTENING) {
      this.wrap(method, (args, original) => {
        const [event, listener] = args;
        if (this.state === 'settling' && event === 'drain') this.waiting.add(listener as () => void);
        return original(...args);
      });
    }
    // Asked for by wrappers that go by Node's own mark of a head that is out, and find none as long as it waits.
    this.wrap('_implicitHeader', (args, original) => (this.state === 'settling' ? undefined : original(...args)));
  }

  private wrap(method: Method, instead: (args: readonly unknown[], original: Call) => unknown): void {
    const methods = this.response as Partial<Record<Method, Call>>;
    const original = methods[method]?.bind(this.response);
    if (original === undefined) return;
    this.own.set(method, original);
    methods[method] = (...args) => instead(args, original);
  }

  private say(said: Said): unknown {
    const { method, args } = said;
    if (this.state === 'released') return this.own.get(method)?.(...args);
    if (this.state === 'replaced') return this.drop(said);
    if (this.state === 'settling' && method === 'writeHead') throw headersSent();
    if (!this.hasEnded) this.said.push(said);
    if (method === 'end') {
      this.hasEnded = true;
      this.shadow('writableEnded');
    }
    if (this.state === 'silent') void this.run(statusOf(said, this.response));
    return method === 'write' ? false : this.response;
  }

  /** Takes what comes after an answer that another has replaced: nothing but the head of that one goes out. */
  private drop({ method, args }: Said): unknown {
    if (method === 'writeHead' && !this.response.headersSent) return this.own.get(method)?.(...args);
    return method === 'write' ? true : this.response;
  }

  private async run(status: number): Promise<void> {
    this.state = 'settling';
    this.shadow('headersSent');
    try {
      await this.settle(status, {
        headersSent: false,
        setHeader: (name, value) => this.own.get('setHeader')?.(name, value),
      });
      this.release();
      this.response.statusCode = status;
      this.replay();
    } catch (error) {
      this.release();
      this.answerInstead(error);
    }
  }

  /** Lets the answer go out, and shows it as it is. */
  private release(): void {
    this.state = 'released';
    Reflect.deleteProperty(this.response, 'headersSent');
    Reflect.deleteProperty(this.response, 'writableEnded');
  }

  private replay(): void {
    let isFull = true;
    for (const { method, args } of this.said) {
      const result = this.own.get(method)?.(...args);
      if (method === 'write') isFull = result === false;
    }
    if (isFull) return;
    // Whoever was told that the stream is full waits to hear that it is not.
    this.response.emit('drain');
    for (const listener of this.waiting) listener.call(this.response);
  }

  private answerInstead(error: unknown): void {
    this.replace(error, (text) => this.own.get('end')?.(text));
    this.state = 'replaced';
    // What is still to come is let through to nowhere, so that its source comes to its end.
    for (const listener of this.waiting) listener.call(this.response);
  }

  private shadow(property: 'headersSent' | 'writableEnded'): void {
    Object.defineProperty(this.response, property, { value: true, configurable: true });
  }
}

function statusOf({ method, args: [status] }: Said, { statusCode }: HeldAnswer): number {
  return method === 'writeHead' && status !== undefined ? Number(status) : statusCode;
}

/** What Node says where a head is changed that is out. */
function headersSent(): Error {
  return Object.assign(new Error('The head of the answer is out: it cannot be changed any more.'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}
