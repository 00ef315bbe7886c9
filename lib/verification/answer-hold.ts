/** Node's own response, of HTTP/1 or HTTP/2, as far as its head and its body go out. */
export interface HeldAnswer {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  writeHead(...args: unknown[]): unknown;
  write(...args: unknown[]): unknown;
  end(...args: unknown[]): unknown;
  flushHeaders?(): unknown;
  emit(event: 'drain'): unknown;
}

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders';

/** The head of an answer that waits, which is still open to who makes it wait. */
export interface OpenHead {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}

/** A call of the handler that waits. */
interface Call {
  readonly method: Method;
  readonly args: readonly unknown[];
}

type Settle = (status: number, head: OpenHead) => Promise<void>;

/**
 * Holds an answer back, from its first byte on, until `settle` is done: what the handler says of it waits in order.
 * Meanwhile the answer looks as begun, and as ended once the handler has ended it, so that nobody gives a second one.
 *
 * @param settle What has to be done before the answer goes out, by the status that it has. What it throws is an answer
 * that must not go out.
 * @param replace Answers instead of the handler then.
 */
export function holdAnswer(response: HeldAnswer, settle: Settle, replace: (error: unknown) => void): void {
  new Hold(response, settle, replace).begin();
}

class Hold {
  private readonly calls: Call[] = [];
  private readonly own = new Map<Method, (...args: unknown[]) => unknown>();
  private isSettling = false;

  constructor(
    private readonly response: HeldAnswer,
    private readonly settle: Settle,
    private readonly replace: (error: unknown) => void,
  ) {}

  begin(): void {
    for (const method of ['writeHead', 'write', 'end', 'flushHeaders'] as const) {
      const original = this.response[method]?.bind(this.response);
      if (original === undefined) continue;
      this.own.set(method, original);
      this.response[method] = (...args: unknown[]) => this.wait({ method, args });
    }
  }

  /** What the handler gets for a call that waits: a stream that is full, or the response itself. */
  private wait(call: Call): unknown {
    this.calls.push(call);
    if (!this.isSettling) void this.run(statusOf(call, this.response));
    if (call.method === 'end') this.shadow('writableEnded');
    return call.method === 'write' ? false : this.response;
  }

  private async run(status: number): Promise<void> {
    this.isSettling = true;
    this.shadow('headersSent');
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.settle(status, {
        headersSent: false,
        setHeader: (name, value) => this.response.setHeader(name, value),
      });
    } catch (error) {
      failure = { error };
    }
    this.release();
    if (failure !== undefined) {
      this.replace(failure.error);
      return;
    }
    // What the handler set after its answer had begun comes too late, as it would have without the wait.
    this.response.statusCode = status;
    this.replay();
  }

  /** The response as it was, but for what the handler has said meanwhile. */
  private release(): void {
    for (const [method, original] of this.own) this.response[method] = original;
    Reflect.deleteProperty(this.response, 'headersSent');
    Reflect.deleteProperty(this.response, 'writableEnded');
  }

  private replay(): void {
    let isFull = true;
    for (const { method, args } of this.calls) {
      const result = this.own.get(method)?.(...args);
      if (method === 'write') isFull = result === false;
    }
    // Whoever was told that the stream is full waits to hear that it is not.
    if (!isFull) this.response.emit('drain');
  }

  private shadow(property: 'headersSent' | 'writableEnded'): void {
    Object.defineProperty(this.response, property, { value: true, configurable: true });
  }
}

function statusOf({ method, args: [status] }: Call, { statusCode }: HeldAnswer): number {
  return method === 'writeHead' && typeof status === 'number' ? status : statusCode;
}
