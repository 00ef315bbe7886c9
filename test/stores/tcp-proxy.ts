import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and its server: counts, delays, and breaks what goes through it. */
export class TcpProxy {
  /** How often a client sent something while it waited for nothing. */
  trips = 0;
  private cutsAtAnswer = false;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private readonly server: Server;

  private constructor(
    private readonly target: { host: string; port: number },
    private readonly delay: number,
  ) {
    this.server = createServer((client) => {
      this.join(client);
    });
  }

  /** @param delay How long each answer is held back, in milliseconds. */
  static async start(target: { host: string; port: number }, delay = 0): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, delay);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on nothing passes on the connections that are open, as with a cut cable; new ones work. */
  silence(): void {
    for (const [client, server] of this.pairs) {
      client.removeAllListeners('data').resume();
      server.removeAllListeners('data').resume();
    }
  }

  /** Breaks every connection. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Breaks every connection as soon as the server has answered, and keeps that answer to itself. */
  cutAtAnswer(): void {
    this.cutsAtAnswer = true;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    const server = connect(this.target);
    const pair = [client, server] as const;
    this.pairs.add(pair);
    let isWaiting = false;
    client.on('data', (chunk) => {
      if (!isWaiting) this.trips += 1;
      isWaiting = true;
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (this.cutsAtAnswer) {
        this.cutsAtAnswer = false;
        this.cut();
        return;
      }
      setTimeout(() => {
        isWaiting = false;
        client.write(chunk);
      }, this.delay);
    });
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  }
}
