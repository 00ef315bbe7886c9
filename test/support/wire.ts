import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';

/** A request as it arrived at the server. */
export interface Arrival {
  /** `POST /transfer` */
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
}

/** What arrives at a server. */
export class Wire {
  readonly #arrivals: Arrival[] = [];

  /** Listens at the server of an application. */
  static at({ server }: { readonly server: Server }): Wire {
    const wire = new Wire();
    server.on('request', ({ method = '', url = '', headers }: IncomingMessage) => {
      wire.#arrivals.push({ what: `${method} ${url.split('?')[0] ?? ''}`, headers });
    });
    return wire;
  }

  /**
   * What arrived since this was asked last.
   *
   * @param client What the `x-client` of its requests says; what others sent is dropped.
   */
  take(client?: string): Arrival[] {
    const arrivals = this.#arrivals.splice(0);
    return client === undefined ? arrivals : arrivals.filter(({ headers }) => headers['x-client'] === client);
  }
}

/** How many requests of each kind there are. */
export function countsOf(arrivals: readonly Arrival[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { what } of arrivals) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}

/** The identifiers of the contexts that requests came with. */
export function contextIdsOf(arrivals: readonly Arrival[]): string[] {
  return arrivals.flatMap(({ headers }) => headers['x-ash-context-id'] ?? []);
}
