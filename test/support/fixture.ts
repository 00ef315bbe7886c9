import type { Server } from 'node:http';
import { Module, type INestApplication, type ModuleMetadata, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AshContextStore, AshModule, type AshModuleExtras, type AshModuleOptions } from 'nestjs-ash';
import { TestApp, type Adapter, type Ledger } from './test-app.js';

/** Counts how often each kind of handler ran. */
export class Runs {
  private readonly counts: Record<string, number> = {};

  /** Notes that a handler ran. */
  count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  get ledger(): Ledger {
    return this.counts;
  }
}

/** An application for one suite. */
export interface Fixture extends ModuleMetadata {
  readonly ash?: AshModuleOptions & AshModuleExtras;
  readonly runs: Runs;
  readonly nest?: NestApplicationOptions;
  /** The largest JSON that the parsers take, in bytes. */
  readonly bodyLimit?: number;
  /** The global prefix, such as `/api`. */
  readonly prefix?: string;
  /** What else is set on the application before it listens. */
  readonly configure?: (app: INestApplication) => void;
}

@Module({})
class FixtureModule {}

/** Makes the application of a fixture, which does not listen yet. */
export async function createFixture(adapter: Adapter, fixture: Omit<Fixture, 'runs'>): Promise<INestApplication> {
  const { ash, nest, bodyLimit, prefix, configure, imports = [], ...module } = fixture;
  const app = await NestFactory.create(
    { module: FixtureModule, imports: [AshModule.forRoot(ash), ...imports], ...module },
    adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(bodyLimit === undefined ? {} : { bodyLimit }),
    { logger: false, abortOnError: false, ...nest },
  );
  if (isExpress(adapter, app) && bodyLimit !== undefined) app.useBodyParser('json', { limit: bodyLimit });
  if (prefix !== undefined) app.setGlobalPrefix(prefix);
  configure?.(app);
  return app;
}

function isExpress(adapter: Adapter, _app: INestApplication): _app is NestExpressApplication {
  return adapter === 'express';
}

/** The application of a fixture, which is one of Nest. */
export class FixtureApp extends TestApp {
  constructor(
    readonly nest: INestApplication,
    runs: Runs,
    prefix: string | undefined,
  ) {
    super({
      server: nest.getHttpServer() as Server,
      store: nest.get(AshContextStore),
      readLedger: () => runs.ledger,
      prefix,
      close: () => nest.close(),
    });
  }
}

/** Starts the application of a fixture, whose `runs` say what ran. */
export async function startFixture(adapter: Adapter, { runs, ...fixture }: Fixture): Promise<FixtureApp> {
  const nest = await createFixture(adapter, fixture);
  await nest.listen(0, '127.0.0.1');
  return new FixtureApp(nest, runs, fixture.prefix);
}
