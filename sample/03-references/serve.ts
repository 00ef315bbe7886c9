import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AshContextStore } from 'nestjs-ash/server';

/** A server that is up. */
export interface Served {
  /** Where it is found: `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Ends the server and its store. */
  close(): Promise<void>;
}

/** Serves to this machine alone, at a port that is free unless one is named. */
export async function serve(handler: RequestListener, store: AshContextStore, port = 0): Promise<Served> {
  const server = createServer(handler);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      // Clients keep their connections open for requests that no longer come.
      server.closeAllConnections();
      await closed;
      await store.close();
    },
  };
}
