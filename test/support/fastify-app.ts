import { fastify, type FastifyInstance, type FastifyServerOptions, type RouteHandlerMethod } from 'fastify';
import {
  AshMemoryStore,
  ashFastifyContext,
  ashFastifyPlugin,
  type AshContextStore,
  type AshFastifyContextOptions,
  type AshFastifyOptions,
} from 'nestjs-ash/fastify';
import { TestApp, type ListeningApp, type Plan } from './test-app.js';

/** An application of Fastify for one test. */
export interface FastifyFixture {
  readonly ash?: Partial<AshFastifyOptions>;
  readonly server?: FastifyServerOptions;
  readonly context?: AshFastifyContextOptions;
  /** What stands in front of the plugin. */
  readonly before?: (app: FastifyInstance) => unknown;
  /** Declares the routes; what they run is counted by its kind. */
  readonly routes?: (app: FastifyInstance, ran: (kind: string) => void) => unknown;
}

/** An application that is made, and not ready yet. */
interface Made {
  readonly fastify: FastifyInstance;
  readonly store: AshContextStore;
  /** What ran so far. */
  readonly ledger: Readonly<Record<string, number>>;
  /** What was logged. */
  readonly lines: readonly LogLine[];
}

/** A line of Fastify's log. */
interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** Levels of Fastify's log. */
export const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 };

const made: FastifyInstance[] = [];

/** Makes the application of a fixture. */
export async function makeFastify({ ash, server, context, before, routes }: FastifyFixture): Promise<Made> {
  const { store = new AshMemoryStore() } = ash ?? {};
  const ledger: Record<string, number> = {};
  const lines: LogLine[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as LogLine);
  };
  const logger = { level: 'debug', stream: { write } };
  const app: FastifyInstance = closeLater(fastify({ logger, forceCloseConnections: true, ...server }));
  await before?.(app);
  await app.register(ashFastifyPlugin, { store, audit: 'off', ...ash });
  await app.register(ashFastifyContext, context ?? {});
  await routes?.(app, (kind) => {
    ledger[kind] = (ledger[kind] ?? 0) + 1;
  });
  return { fastify: app, store, ledger, lines };
}

/** Makes the application of a fixture, and makes it ready. */
export async function readyFastify(fixture: FastifyFixture): Promise<Made> {
  const app = await makeFastify(fixture);
  await app.fastify.ready();
  return app;
}

/** An application of Fastify that listens. */
export class FastifyApp extends TestApp {
  constructor(
    readonly fastify: FastifyInstance,
    readonly lines: readonly LogLine[],
    app: ListeningApp,
  ) {
    super(app);
  }

  /** What was logged at a level. */
  logged(level: keyof typeof LEVELS): string[] {
    return this.lines.filter((line) => line.level === LEVELS[level]).map(({ msg }) => msg);
  }
}

/** Lets the application of a fixture listen. */
export async function startFastify(fixture: FastifyFixture): Promise<FastifyApp> {
  const { fastify: app, store, ledger, lines } = await makeFastify(fixture);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { server } = app;
  return new FastifyApp(app, lines, { server, store, readLedger: () => ledger, close: () => app.close() });
}

/** Ends an application with those that a test has made. */
export function closeLater(app: FastifyInstance): FastifyInstance {
  made.push(app);
  return app;
}

/** Ends what a test has made. */
export async function closeFastify(): Promise<void> {
  await Promise.all(made.splice(0).map((app) => app.close()));
}

/** A handler that says what ran. */
export function handler(ran: (kind: string) => void, kind: string): RouteHandlerMethod {
  return () => {
    ran(kind);
    return { ran: kind };
  };
}

/** What happens in a handler while a test waits for it, and goes on when the test says so. */
export class Turnstile {
  readonly entered: Promise<void>;
  private enter: (() => void) | undefined;
  private open: (() => void) | undefined;
  private readonly opened: Promise<void>;

  constructor() {
    this.entered = new Promise((resolve) => {
      this.enter = resolve;
    });
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  /** Waits in a handler. */
  pass(): Promise<void> {
    this.enter?.();
    return this.opened;
  }

  /** Lets the handler go on. */
  release(): void {
    this.open?.();
  }
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

/** An honest request with JSON, whose handler counts by the binding. */
export function json(binding: string, body = '{"amount":100}'): Plan {
  return { binding, headers: JSON_TYPE, body, runs: binding };
}
