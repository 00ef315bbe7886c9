import { Controller, Inject, Injectable, Module, Post, type DynamicModule, type Type } from '@nestjs/common';
import {
  ASH_OPTIONS,
  AshContextStore,
  AshGuard,
  AshMemoryStore,
  AshModule,
  AshProtected,
  AshService,
  SkipAsh,
  type AshModuleExtras,
  type AshModuleOptions,
  type AshOptionsFactory,
} from 'nestjs-ash';
import { ADAPTERS, Application, applications, startUpError, type Setup } from './application.js';

@Controller()
class Payments {
  @Post('transfer')
  @AshProtected('POST /transfer')
  transfer(): unknown {
    return { done: true };
  }
}

const DONE = { done: true };

/** Where the options come from, in an application that has a module for it. */
@Injectable()
class Settings implements AshOptionsFactory {
  createAshOptions(): AshModuleOptions {
    return { ttl: 4_321 };
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

/** Something that a store of the application needs. */
@Injectable()
class Connection {
  readonly name = 'a connection';
  isOpen = true;
}

@Module({ providers: [Connection], exports: [Connection] })
class ConnectionModule {}

@Injectable()
class ConnectedStore extends AshMemoryStore {
  isClosed = false;

  constructor(@Inject(Connection) readonly connection: Connection) {
    super();
  }

  override close(): Promise<void> {
    this.isClosed = true;
    return super.close();
  }
}

class ClosingStore extends AshMemoryStore {
  isClosed = false;

  override close(): Promise<void> {
    this.isClosed = true;
    return super.close();
  }
}

/** Has to be made ready, and may fail at it. */
class OpeningStore extends AshMemoryStore {
  opened = 0;
  fault: Error | undefined;

  override async open(): Promise<void> {
    // A while later, as a connection is.
    await new Promise(setImmediate);
    if (this.fault !== undefined) throw this.fault;
    this.opened++;
  }
}

async function lifeOf(application: Application): Promise<number> {
  const { issuedAt, expiresAt } = await application.get(AshService).issue({ binding: 'POST /transfer' });
  return expiresAt - issuedAt;
}

describe.each(ADAPTERS)('On %s the module', (adapter) => {
  const start = applications(adapter);

  it.each([
    ['without options', () => AshModule.forRoot()],
    ['with options', () => AshModule.forRoot({ mode: 'strict' })],
    ['with a factory', () => AshModule.forRootAsync({ useFactory: () => ({}) })],
    ['with a factory that takes its time', () => AshModule.forRootAsync({ useFactory: () => Promise.resolve({}) })],
  ] as [string, () => DynamicModule][])('is set up %s', async (_title, ash) => {
    const application = await start({ ash, controllers: [Payments] });
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual(DONE);
  });
});

describe('The module takes its options', () => {
  const start = applications('express');
  const factory = {
    imports: [SettingsModule],
    inject: [Settings],
    useFactory: (settings: Settings): AshModuleOptions => settings.createAshOptions(),
  };
  it.each([
    ['from forRoot', () => AshModule.forRoot({ ttl: 4_321 })],
    ['from a factory with its imports', () => AshModule.forRootAsync(factory)],
    ['from a class', () => AshModule.forRootAsync({ useClass: Settings })],
    ['from what there is already', () => AshModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings })],
  ] as [string, () => DynamicModule][])('%s', async (_title, ash) => {
    const application = await start({ ash, controllers: [Payments] });
    await expect(lifeOf(application)).resolves.toBe(4_321);
  });

  it('and hands them out, checked', async () => {
    const application = await start({ ash: { ttl: 4_321 } });
    expect(application.get<AshModuleOptions>(ASH_OPTIONS)).toStrictEqual({ ttl: 4_321, renewal: true });
  });

  it('and gives a context 30 seconds where nothing is said', async () => {
    await expect(lifeOf(await start({ controllers: [Payments] }))).resolves.toBe(30_000);
  });
});

describe('The module takes its store', () => {
  const start = applications('express');

  it('as an instance, which stays open when the application ends', async () => {
    const store = new ClosingStore();
    const application = await start({ ash: { store, renewal: false }, controllers: [Payments] });
    expect(application.get(AshContextStore)).toBe(store);
    await application.pass('POST', '/transfer', {});
    expect(store.size).toBe(1);
    await application.close();
    expect(store.isClosed).toBe(false);
  });

  it('as a class that Nest constructs with what it needs, and ends with the application', async () => {
    const application = await start({
      ash: { store: ConnectedStore, imports: [ConnectionModule] },
      controllers: [Payments],
    });
    const store = application.get(AshContextStore) as ConnectedStore;
    expect(store.connection.name).toBe('a connection');
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual(DONE);
    await application.close();
    expect(store.isClosed).toBe(true);
  });

  it('as a class that a factory gives', async () => {
    const ash = (): DynamicModule =>
      AshModule.forRootAsync({ useFactory: () => ({ store: ConnectedStore }), imports: [ConnectionModule] });
    expect((await start({ ash })).get(AshContextStore)).toBeInstanceOf(ConnectedStore);
  });

  it('as a provider of the application, which replaces its own and is not the module’s to end', async () => {
    const providers = [{ provide: AshContextStore, useClass: ConnectedStore }];
    const ash = { providers, imports: [ConnectionModule], renewal: false };
    const application = await start({ ash, controllers: [Payments] });
    const store = application.get(AshContextStore) as ConnectedStore;
    expect(store).toBeInstanceOf(ConnectedStore);
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual(DONE);
    expect(store.size).toBe(1);
    await application.close();
    expect(store.isClosed).toBe(false);
  });

  it('as a provider beside a factory too', async () => {
    const providers = [{ provide: AshContextStore, useClass: ConnectedStore }];
    const ash = (): DynamicModule =>
      AshModule.forRootAsync({ useFactory: () => ({}), providers, imports: [ConnectionModule] });
    expect((await start({ ash })).get(AshContextStore)).toBeInstanceOf(ConnectedStore);
  });

  it('as a new one in memory where nothing is said, and ends that one', async () => {
    const application = await start({ controllers: [Payments] });
    const store = application.get(AshContextStore);
    expect(store).toBeInstanceOf(AshMemoryStore);
    const cleared = new Promise<void>((resolve) => {
      store.close = () => {
        resolve();
        return Promise.resolve();
      };
    });
    await application.close();
    await expect(cleared).resolves.toBeUndefined();
  });

  it.each<[string, (store: OpeningStore) => AshModuleOptions & AshModuleExtras]>([
    ['the application made', (store) => ({ store })],
    ['a provider gives', (store) => ({ providers: [{ provide: AshContextStore, useValue: store }] })],
  ])('and has one that %s ready before the first request, or does not start', async (_title, ash) => {
    const store = new OpeningStore();
    await start({ ash: ash(store), controllers: [Payments] });
    expect(store.opened).toBe(1);
    store.fault = new Error('MyStore: the server at 127.0.0.1:1 does not answer. Start it.');
    await expect(startUpError({ ash: ash(store) })).resolves.toBe(store.fault);
  });

  it('and waits for it as long as it is told', async () => {
    class HungStore extends AshMemoryStore {
      override readonly inProcess = false as unknown as true;
      override get = (): Promise<never> => new Promise(() => undefined);
    }
    const causes: unknown[] = [];
    const onRefused: AshModuleOptions['onRefused'] = ({ cause }) => void causes.push(cause);
    const application = await start({
      ash: { store: new HungStore(), storeTimeout: 5, onRefused },
      controllers: [Payments],
    });
    const context = await application.client().context('POST', '/transfer');
    await expect(application.use(context, { path: '/transfer', body: {} })).resolves.toMatchObject({
      status: 503,
      body: { code: 'ASH_STORE_UNAVAILABLE' },
    });
    expect(application.log.ofAsh.at(-1)).toMatch(/ASH_STORE_UNAVAILABLE: The context store did not answer\.$/);
    expect(causes).toStrictEqual([new Error('The store did not answer within 5 ms.')]);
  });

  it('and shares it with whoever injects it, with the service and the guard', async () => {
    @Injectable()
    class Elsewhere {
      constructor(
        @Inject(AshContextStore) readonly store: AshContextStore,
        @Inject(AshService) readonly service: AshService,
        @Inject(AshGuard) readonly guard: AshGuard,
      ) {}
    }
    @Module({ providers: [Elsewhere] })
    class ElsewhereModule {}
    const application = await start({ imports: [ElsewhereModule], controllers: [Payments] });
    const { store, service, guard } = application.nest.get(Elsewhere, { strict: false });
    expect(guard).toBeInstanceOf(AshGuard);
    const { contextId } = await service.issue({ binding: 'POST /transfer' });
    await expect(store.get(contextId)).resolves.toMatchObject({ binding: 'POST /transfer' });
  });
});

describe('The module with isGlobal: false', () => {
  const start = applications('express');

  it('is there for the modules that import it', async () => {
    const ash = AshModule.forRoot({ isGlobal: false });
    @Module({ imports: [ash], controllers: [Payments] })
    class PaymentsModule {}
    const application = await start({ ash: () => ash, imports: [PaymentsModule] });
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual(DONE);
  });

  it('is not there for the others', async () => {
    @Module({ controllers: [Payments] })
    class PaymentsModule {}
    const setup: Setup = { ash: { isGlobal: false }, imports: [PaymentsModule] };
    await expect(start(setup)).rejects.toThrow(/AshGuard/);
  });

  it('is there for all where nothing is said', async () => {
    @Module({ controllers: [Payments] })
    class PaymentsModule {}
    const application = await start({ imports: [PaymentsModule] });
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual(DONE);
  });
});

describe('The module logs', () => {
  const start = applications('express');
  const { NODE_ENV } = process.env;
  afterEach(() => {
    process.env['NODE_ENV'] = NODE_ENV;
  });

  const MEMORY =
    'warn [AshModule] Contexts are kept in the memory of this process: a second process or a restart refuses them.';

  function mapped(): Type<unknown> {
    @Controller('shop')
    class Shop {
      @Post(['cart', 'basket'])
      @AshProtected(undefined, { mode: 'strict' })
      cart(): void {
        // It is the declaration that is logged.
      }

      @Post('old')
      @AshProtected('POST /shop/old', { protocol: 'v1' })
      old(): void {
        // It is the declaration that is logged.
      }
    }
    return Shop;
  }

  it('in one line what is protected, and a warning for v1', async () => {
    const { log } = await start({ controllers: [Payments, mapped()] });
    expect(log.ofAsh).toStrictEqual([
      "warn [AshModule] Shop.old is 'v1': its proofs have no secret, so they detect accidents and replays only.",
      'log [AshModule] Protected: POST /transfer (v2.3, balanced); POST /shop/cart, POST /shop/basket (v2.3, strict); ' +
        'POST /shop/old (v1, balanced)',
    ]);
  });

  it('that nothing is', async () => {
    expect((await start({})).log.ofAsh).toStrictEqual(['log [AshModule] No route is protected']);
  });

  it('a warning for a store in memory, in production alone', async () => {
    process.env['NODE_ENV'] = 'production';
    expect((await start({})).log.ofAsh).toContain(MEMORY);
    class SharedStore extends AshMemoryStore {
      override readonly inProcess = false as unknown as true;
    }
    expect((await start({ ash: { store: new SharedStore() } })).log.ofAsh).not.toContain(MEMORY);
    process.env['NODE_ENV'] = 'development';
    expect((await start({})).log.ofAsh).not.toContain(MEMORY);
  });

  @Controller()
  class Open {
    @Post('open')
    create(): void {
      // Nothing protects it.
    }

    @Post('health')
    @SkipAsh()
    health(): void {
      // It is open on purpose.
    }
  }

  const AUDIT =
    'warn [AshModule] these routes change state and are not protected: POST /open (Open.create). Give each @AshProtected() or @SkipAsh().';
  it.each([
    ['a warning unless something is said', {}, [AUDIT]],
    ['a warning', { audit: 'warn' }, [AUDIT]],
    ['nothing', { audit: 'off' }, []],
  ] as [string, AshModuleOptions, string[]][])('of a route without a decorator %s', async (_title, ash, lines) => {
    const { log } = await start({ ash, controllers: [Open] });
    expect(log.ofAsh.filter((line) => line.includes('not protected'))).toStrictEqual(lines);
  });

  it('of no such route where there is none', async () => {
    const { log } = await start({ ash: { audit: 'error' }, controllers: [Payments] });
    expect(log.ofAsh.filter((line) => line.includes('not protected'))).toStrictEqual([]);
  });
});
