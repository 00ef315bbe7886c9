import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What becomes of a request:
 *
 * - `lost`: the connection breaks before the server has seen it.
 * - `unanswered`: the connection breaks when the server answers.
 * - `held`: the server's answer goes no further, and the connection stays.
 * - `headed`: so does its body, and the head comes through.
 * - `torn`: the connection breaks after the head of the answer.
 * - a text: the answer of the proxy itself, which the server never hears of.
 */
export type Fault = 'lost' | 'unanswered' | 'held' | 'headed' | 'torn' | { readonly answer: string };

interface Armed {
  readonly what: string;
  readonly fault: Fault;
  left: number;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

const END_OF_HEAD = '\r\n\r\n';

/** Stands between an HTTP client and its server, and does to single requests what a bad network does. */
export class FaultyProxy {
  readonly #armed: Armed[] = [];
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #struckOnce: (() => void) | undefined;
  #port: number;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => {
      this.#join(client);
    });
  }

  /** @param origin Where the server listens. */
  static async before(origin: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(portOf(origin));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Leads new connections to another server. */
  leadTo(origin: string): void {
    this.#port = portOf(origin);
  }

  /** Breaks every connection. */
  cut(): void {
    for (const pair of this.#pairs) breakOff(pair);
  }

  /**
   * Does something to the next requests of one kind.
   *
   * @param what How their head begins, `POST /transfer`.
   * @returns when the first of them was struck: where there is an answer to hold or to lose, once it is there.
   */
  arm(what: string, fault: Fault, count = 1): Promise<void> {
    this.#armed.push({ what: `${what} HTTP/1.1\r\n`, fault, left: count });
    return new Promise((resolve) => {
      this.#struckOnce = resolve;
    });
  }

  /** Forgets what was not done. */
  disarm(): void {
    this.#armed.length = 0;
  }

  /** Waits until both ends of every connection know that the server has ended it. */
  async settled(): Promise<void> {
    await Promise.all([...this.#pairs].map(({ client }) => once(client, 'close')));
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const server = connect(this.#port, '127.0.0.1');
    const pair = { client, server };
    this.#pairs.add(pair);
    let fault: Fault | undefined;
    client.on('data', (chunk) => {
      fault ??= this.#faultOf(chunk);
      this.#handOn(pair, chunk, fault);
    });
    server.on('data', (chunk) => {
      this.#handBack(pair, chunk, fault);
    });
    client.on('error', () => undefined);
    server.on('error', () => undefined);
    server.on('close', () => client.end());
    client.on('close', () => {
      this.#pairs.delete(pair);
      server.destroy();
    });
  }

  #handOn(pair: Pair, chunk: Buffer, fault: Fault | undefined): void {
    const { client, server } = pair;
    if (fault === 'lost') breakOff(pair);
    else if (typeof fault !== 'object') server.write(chunk);
    else if (!client.writableEnded) client.end(fault.answer);
    if (fault === 'lost' || typeof fault === 'object') this.#struckOnce?.();
  }

  #handBack(pair: Pair, chunk: Buffer, fault: Fault | undefined): void {
    const { client } = pair;
    const head = chunk.subarray(0, chunk.indexOf(END_OF_HEAD) + END_OF_HEAD.length);
    if (fault === undefined) client.write(chunk);
    else if (fault === 'unanswered') breakOff(pair);
    else if (fault === 'headed') client.write(head);
    else if (fault === 'torn') client.end(head);
    if (fault !== undefined) this.#struckOnce?.();
  }

  #faultOf(chunk: Buffer): Fault | undefined {
    const head = chunk.toString('latin1');
    const armed = this.#armed.find(({ what, left }) => left > 0 && head.startsWith(what));
    if (armed !== undefined) armed.left -= 1;
    return armed?.fault;
  }
}

function breakOff({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}

function portOf(origin: string): number {
  return Number(new URL(origin).port);
}
