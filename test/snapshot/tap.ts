import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and its server, and reads every byte that goes through it, as the end point of TLS does. */
export class Tap {
  readonly #read: Buffer[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(origin: string) {
    const port = Number(new URL(origin).port);
    this.#server = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (bytes: Buffer) => this.#read.push(bytes));
        from.on('error', () => to.destroy());
        from.pipe(to);
      }
    });
  }

  /** @param origin Where the server listens. */
  static async before(origin: string): Promise<Tap> {
    const tap = new Tap(origin);
    tap.#server.listen(0, '127.0.0.1');
    await once(tap.#server, 'listening');
    return tap;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** All that went through so far, either way. */
  get text(): string {
    return Buffer.concat(this.#read).toString('latin1');
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
