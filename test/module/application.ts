import 'reflect-metadata';
import type { DynamicModule, INestApplication, LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { AshModule, type AshIssuedContext, type AshModuleExtras, type AshModuleOptions } from 'nestjs-ash';
import { AshClient, type AshClientHeaders } from 'nestjs-ash/client';
import type { Adapter } from '../support/test-app.js';

export { ADAPTERS, type Adapter } from '../support/test-app.js';

/** An application that a test puts together. */
export interface Setup extends ModuleMetadata {
  /** Options of `forRoot`, or the module itself. Default the module without options. */
  readonly ash?: (AshModuleOptions & AshModuleExtras) | (() => DynamicModule);
  readonly configure?: (app: INestApplication) => unknown;
  readonly override?: (builder: TestingModuleBuilder) => unknown;
  readonly prefix?: string;
}

/** Keeps what an application logs, a line for each message: `warn [AshModule] …`. */
export class CapturedLog implements LoggerService {
  readonly lines: string[] = [];

  log(message: unknown, ...more: unknown[]): void {
    this.write('log', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.write('error', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.write('warn', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.write('debug', message, more);
  }

  /** The lines of the library itself. */
  get ofAsh(): string[] {
    return this.lines.filter((line) => /^\w+ \[Ash/.test(line));
  }

  private write(level: string, message: unknown, more: readonly unknown[]): void {
    this.lines.push(`${level} [${String(more.at(-1))}] ${String(message)}`);
  }
}

/** The answer to a request, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An application under test that listens. */
export class Application {
  private constructor(
    readonly nest: INestApplication,
    readonly log: CapturedLog,
    readonly origin: string,
  ) {}

  /** Makes an application that does not listen yet. */
  static async create(http: AbstractHttpAdapter, setup: Setup): Promise<{ nest: INestApplication; log: CapturedLog }> {
    const { ash = {}, configure, override, prefix, imports = [], ...module } = setup;
    const log = new CapturedLog();
    const builder = Test.createTestingModule({
      imports: [typeof ash === 'function' ? ash() : AshModule.forRoot(ash), ...imports],
      ...module,
    }).setLogger(log);
    override?.(builder);
    const compiled = await builder.compile();
    const nest: INestApplication = compiled.createNestApplication(http, { rawBody: true, logger: log });
    if (prefix !== undefined) nest.setGlobalPrefix(prefix);
    configure?.(nest);
    return { nest, log };
  }

  static async start(adapter: Adapter, setup: Setup): Promise<Application> {
    const { nest, log } = await Application.create(
      adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
      setup,
    );
    await nest.listen(0, '127.0.0.1');
    return new Application(nest, log, await nest.getUrl());
  }

  /** An honest client. */
  client(headers: AshClientHeaders = {}, contextPath = '/ash/context'): AshClient {
    return new AshClient({ baseUrl: this.origin, headers, contextPath });
  }

  /** Sends an honest request, and reads its answer; a refusal rejects. */
  async pass(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<unknown> {
    const init =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return read(await this.client(headers).fetch(path, { method, ...init }));
  }

  /** Sends a request as it is. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.origin + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: await read(response) };
  }

  /** Sends a request that is proven with a context, by a timestamp of one's own where there is one. */
  async use(
    context: AshIssuedContext,
    {
      path,
      body,
      headers = {},
      ...signing
    }: {
      path: string;
      body?: unknown;
      headers?: Record<string, string>;
      queryString?: string;
      timestamp?: number;
      previousProof?: string;
    },
  ): Promise<Answer> {
    const [method = ''] = context.binding.split(' ');
    const proven = AshClient.buildHeaders({ ...context, payload: body, ...signing });
    const lowered = Object.entries(proven).map(([name, value]) => [name.toLowerCase(), value] as const);
    return this.send(method, path, body, { ...Object.fromEntries(lowered), ...headers });
  }

  get<T>(token: Type<T> | symbol | (abstract new (...args: never[]) => T)): T {
    return this.nest.get<T>(token);
  }

  close(): Promise<void> {
    return this.nest.close();
  }
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A text or an event stream is no JSON.
    return text;
  }
}

/** Starts applications, and ends them all when the suite is over. */
export function applications(adapter: Adapter): (setup: Setup) => Promise<Application> {
  const open: Application[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((application) => application.close()));
  });
  return async (setup) => {
    const application = await Application.start(adapter, setup);
    open.push(application);
    return application;
  };
}

/** The error that keeps an application from starting. */
export async function startUpError(
  setup: Setup | (() => Setup),
  http: AbstractHttpAdapter = new ExpressAdapter(),
): Promise<Error> {
  try {
    const { nest } = await Application.create(http, typeof setup === 'function' ? setup() : setup);
    try {
      await nest.init();
    } finally {
      await nest.close();
    }
  } catch (error) {
    return error as Error;
  }
  throw new Error('The application started.');
}
