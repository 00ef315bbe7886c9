/** What every client of ioredis can do that the store needs. */
interface AshRedisCommands {
  readonly status: string;
  call(command: string, ...parameters: (string | number)[]): Promise<unknown>;
  connect(): Promise<void>;
  disconnect(reconnect?: boolean): void;
  quit(): Promise<unknown>;
  on(event: string, listener: (...parameters: unknown[]) => void): unknown;
  off(event: string, listener: (...parameters: unknown[]) => void): unknown;
}

/** A connection to one server, or to the master that Sentinels name: an ioredis `Redis` of any version or copy. */
export interface AshRedisSingle extends AshRedisCommands {
  readonly options: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly path?: string | undefined;
    readonly name?: string | null | undefined;
    readonly sentinels?: readonly object[] | null | undefined;
    readonly keyPrefix?: string | undefined;
  };
  duplicate(override?: object): AshRedisSingle;
}

/** Connections to the nodes of a Redis Cluster: an ioredis `Cluster` of any version or copy. */
export interface AshRedisCluster extends AshRedisCommands {
  readonly options: {
    readonly keyPrefix?: string | undefined;
    readonly redisOptions?: object | undefined;
    readonly scaleReads?: unknown;
  };
  /** For each slot its nodes as `host:port`, the master first. */
  readonly slots: readonly (readonly string[])[];
  nodes(role?: 'all' | 'master' | 'slave'): AshRedisSingle[];
  duplicate(startupNodes?: never[], options?: object): AshRedisCluster;
  refreshSlotsCache(): void;
}

/** A client that the application made: it stays the application's, open and unchanged. */
export type AshRedisClient = AshRedisSingle | AshRedisCluster;

/** Whether a value is a client; looks at what it can do, since two copies of ioredis can meet in one process. */
export function isClient(value: object): value is AshRedisClient {
  return 'call' in value && typeof value.call === 'function' && 'status' in value;
}

/** Whether a client is one of a Cluster. */
export function isCluster(client: AshRedisClient): client is AshRedisCluster {
  return 'nodes' in client && typeof client.nodes === 'function';
}

/** Where a client connects to, for a message: never with a password. */
export function describeTarget(client: AshRedisClient): string {
  if (isCluster(client)) {
    const nodes = client.nodes().map((node) => describeTarget(node));
    return nodes.length === 0 ? 'the Cluster' : `the Cluster of ${nodes.join(', ')}`;
  }
  const { host = 'localhost', port = 6379, path, name, sentinels } = client.options;
  if (sentinels !== null && sentinels !== undefined) {
    const addresses = sentinels.map((sentinel) => {
      const { host: at = 'localhost', port: on = 26_379 } = sentinel as { host?: string; port?: number };
      return `${at}:${String(on)}`;
    });
    return `'${name ?? ''}' behind the Sentinels ${addresses.join(', ')}`;
  }
  return path ?? `${host}:${String(port)}`;
}
