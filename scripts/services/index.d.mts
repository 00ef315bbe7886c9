/** A server of one's own on a free port of the loopback, in a temporary folder. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** Of the process that runs at present: a restart changes it. */
  readonly pid: number;
  readonly folder: string;
  readonly logFile: string;
  /** Ends it in good order and removes its folder. */
  stop(): Promise<void>;
  /** Ends it, and all of its processes, by SIGKILL; its folder stays. */
  kill(): Promise<void>;
  /** Stops it, and all of its processes, by SIGSTOP: its connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same port and folder, after an end in good order where it still runs. */
  restart(): Promise<void>;
}

export interface RedisServer extends Server {
  readonly url: string;
  /** Sends a command over a connection of its own, and answers what Redis answers. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>;
}

/** Of redis.conf; a list is a directive that stands there more than once. */
export type RedisConfig = Readonly<Record<string, string | number | readonly (string | number)[]>>;

export function startRedis(options?: { config?: RedisConfig; port?: number }): Promise<RedisServer>;

/** The fields of INFO's answer. */
export function redisInfo(server: RedisServer, section: string): Promise<Record<string, string>>;

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisCluster {
  readonly nodes: readonly RedisAddress[];
  /** The masters, and then their replicas. */
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

export function startRedisCluster(options?: { masters?: number; replicasPerMaster?: number }): Promise<RedisCluster>;

export interface RedisSentinel {
  /** What the Sentinels call the master. */
  readonly name: string;
  readonly sentinels: readonly RedisAddress[];
  readonly master: RedisServer;
  /** The first of `replicas`; there is none where none was asked for. */
  readonly replica: RedisServer;
  readonly replicas: readonly RedisServer[];
  /** Master, replicas and Sentinels. */
  readonly servers: readonly RedisServer[];
  /** The port that the first Sentinel gives for the master at present. */
  masterPort(): Promise<number>;
  stop(): Promise<void>;
}

export function startRedisSentinel(options?: {
  replicas?: number;
  sentinels?: number;
  config?: RedisConfig;
}): Promise<RedisSentinel>;

export interface SqlServer extends Server {
  readonly url: string;
  /** Runs a statement over a connection of its own, and answers its rows. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

export type SqlConfig = Readonly<Record<string, string | number>>;

export function startPostgres(options?: { config?: SqlConfig; port?: number }): Promise<SqlServer>;

export function startMariadb(options?: { config?: SqlConfig; port?: number }): Promise<SqlServer>;

/** Waits until `look` answers something true; rejects and names `what` where it does not within `within` milliseconds. */
export function seen<T>(
  what: string,
  look: () => T | Promise<T>,
  options?: { within?: number; every?: number },
): Promise<T>;
