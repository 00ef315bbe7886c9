import {
  All,
  Controller,
  Get,
  Module,
  Post,
  Put,
  UseGuards,
  Version,
  VersioningType,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, RouterModule } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AshChain,
  AshConfigurationError,
  AshGuard,
  AshMemoryStore,
  AshModule,
  AshProtected,
  SkipAsh,
  type AshRouteOptions,
} from 'nestjs-ash';
import { startUpError, type Setup } from './application.js';

const MEND =
  "declare that, or leave the binding out (a prefix that a proxy strips is named once, as 'publicPrefix' of the module).";

const LAXER =
  "Payments.transfer: mode 'minimal' is laxer than 'balanced', which is demanded around it: a route can be " +
  'stricter; loosen single settings by their names.';

/** A controller with one route, for an error to name: `Payments.transfer`. */
function transferOf(
  binding: string | readonly string[] | undefined,
  options?: AshRouteOptions,
  path = '',
): Type<unknown> {
  @Controller(path)
  class Payments {
    @Post('transfer')
    @AshProtected(binding, options)
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return Payments;
}

function routed(options: object): Setup {
  return { controllers: [transferOf('POST /transfer', options)] };
}

function chained(options: object, binding = 'POST /cart'): Setup {
  @Controller()
  class Shop {
    @Post('cart')
    @AshProtected(binding)
    @AshChain('checkout', options)
    cart(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Shop] };
}

function moduled(ash: object): Setup {
  return { ash: ash, controllers: [transferOf('POST /transfer')] };
}

const withUriVersions = (app: INestApplication): unknown => app.enableVersioning({ type: VersioningType.URI });
const withHeaderVersions = (app: INestApplication): unknown =>
  app.enableVersioning({ type: VersioningType.HEADER, header: 'v' });

describe('An application does not start with', () => {
  type Row = [title: string, setup: () => Setup, sentence: string];
  const rows: Row[] = [
    // A binding that is not the mapped route
    [
      'a binding that is another path',
      () => ({ controllers: [transferOf('POST /transfers')] }),
      `Payments.transfer: @AshProtected('POST /transfers') is mapped as 'POST /transfer': ${MEND}`,
    ],
    [
      'a binding that is another method',
      () => ({ controllers: [transferOf('PUT /transfer')] }),
      `Payments.transfer: @AshProtected('PUT /transfer') is mapped as 'POST /transfer': ${MEND}`,
    ],
    [
      'a binding without the global prefix',
      () => ({ controllers: [transferOf('POST /transfer')], prefix: 'api' }),
      `Payments.transfer: @AshProtected('POST /transfer') is mapped as 'POST /api/transfer': ${MEND}`,
    ],
    [
      'a binding without the prefix of its controller',
      () => ({ controllers: [transferOf('POST /transfer', {}, 'payments')] }),
      `Payments.transfer: @AshProtected('POST /transfer') is mapped as 'POST /payments/transfer': ${MEND}`,
    ],
    [
      'a binding without its version',
      versioned,
      `Payments.transfer: @AshProtected('POST /transfer') is mapped as 'POST /v2/transfer': ${MEND}`,
    ],
    [
      'a binding without the path of its module',
      underAdmin,
      `Payments.transfer: @AshProtected('POST /transfer') is mapped as 'POST /admin/transfer': ${MEND}`,
    ],
    [
      'a binding without the public prefix',
      () => ({ ash: { publicPrefix: '/public' }, controllers: [transferOf('POST /transfer')] }),
      `Payments.transfer: @AshProtected('POST /transfer') is mapped as 'POST /public/transfer': ${MEND}`,
    ],
    [
      'a binding for one path of two',
      twoPaths,
      "Payments.transfer: is mapped as 'POST /pay' too: declare every path in a list, or none.",
    ],
    [
      'a binding that has a query',
      () => ({ controllers: [transferOf('POST /transfer?a')] }),
      "Payments.transfer: @AshProtected('POST /transfer?a'): The binding 'POST /transfer?a' has a query or a fragment: leave it out.",
    ],
    [
      'a binding without a method',
      () => ({ controllers: [transferOf('/transfer')] }),
      "Payments.transfer: @AshProtected('/transfer'): The binding is malformed: '/transfer' is not of the form 'METHOD /path'.",
    ],
    [
      'a route of every method without bindings',
      everyMethod,
      'Payments.any: takes every method: give @AshProtected its bindings, METHOD /path.',
    ],
    [
      'a path that no binding can hold',
      patterned,
      "Payments.list: @AshProtected('GET /:id.json'): The segment ':id.json' is more than a binding can hold: use static text, " +
        "a parameter of a whole segment (':id'), or a wildcard at the end ('*path').",
    ],
    // Two handlers with one binding
    ['two handlers with one path by header versions', byHeaderVersion, oneBinding('Second', 'First', 'POST /transfer')],
    [
      'two handlers with parameters of two names',
      byParameterName,
      oneBinding('Second', 'First', 'GET /accounts/:name'),
    ],
    ['a handler of every method beside another', besideEveryMethod, oneBinding('Second', 'First', 'POST /transfer')],
    // Decorators that contradict each other
    [
      '@AshProtected with @SkipAsh',
      protectedAndSkipped,
      'Payments.transfer: has both @AshProtected and @SkipAsh; keep one.',
    ],
    [
      '@AshProtected with @SkipAsh on a controller',
      controllerSkipped,
      'Payments: has both @AshProtected and @SkipAsh; keep one.',
    ],
    [
      'a binding on a controller',
      controllerBound,
      'Payments: @AshProtected on a controller takes no binding: each route has its own.',
    ],
    [
      '@AshChain without @AshProtected',
      unprotectedStep,
      "Payments.transfer: @AshChain('checkout') needs @AshProtected: a step of a chain is a protected route.",
    ],
    [
      '@AshChain with @SkipAsh',
      skippedStep,
      "Payments.transfer: @AshChain('checkout') needs @AshProtected: a step of a chain is a protected route.",
    ],
    // Chains
    [
      'a chain without a start',
      () => chained({ after: 'POST /cart' }),
      "AshChain 'checkout': step 'POST /cart' (Shop.cart) is in a chain without a start: give one of its steps { start: true }.",
    ],
    [
      'a chain with an unknown step',
      () => chained({ start: true, after: 'POST /chart' }),
      "AshChain 'checkout': step 'POST /cart' (Shop.cart) follows 'POST /chart', which is no step of this chain: its steps are 'POST /cart'.",
    ],
    [
      'a chain with a step that nothing reaches',
      lostStep,
      "AshChain 'checkout': step 'POST /payment' (Shop.payment) is reached by nothing: no start of the chain leads to it.",
    ],
    [
      'a chain with an unknown option',
      () => chained({ begin: true }),
      "AshChain 'checkout': step 'POST /cart' (Shop.cart) has an unknown option 'begin'; the options are start, after, timeout.",
    ],
    [
      'a chain with a time-out of nothing',
      () => chained({ start: true, timeout: 0 }),
      "AshChain 'checkout': step 'POST /cart' (Shop.cart) has a 'timeout' of 0; it is a positive number of milliseconds.",
    ],
    // Policies
    [
      'an unsafe scope',
      () => routed({ scope: ['a.__proto__.b'] }),
      "Payments.transfer: The scope is unsafe: the path 'a.__proto__.b' names '__proto__'.",
    ],
    [
      'v1 with a scope',
      () => routed({ protocol: 'v1', scope: ['a'] }),
      "Payments.transfer: 'v1' covers no scope; use 'v2.3' or leave 'scope' out.",
    ],
    [
      'v2.2 on a step of a chain',
      () => ({ ash: { protocol: 'v2.2' }, ...chained({ start: true }) }),
      "Shop.cart: 'v2.2' covers no chain; use 'v2.3' on a route with @AshChain.",
    ],
    [
      'a life that is longer than the mode allows',
      () => routed({ ttl: 900_001 }),
      "Payments.transfer: 'ttl' is 900001 ms, and mode 'balanced' allows 900000 ms at most.",
    ],
    [
      'a life of the module that is longer than a strict route allows',
      () => ({ ash: { ttl: 60_001 }, ...routed({ mode: 'strict' }) }),
      "Payments.transfer: 'ttl' is 60001 ms, and mode 'strict' allows 60000 ms at most.",
    ],
    [
      'an unknown mode',
      () => routed({ mode: 'lax' }),
      "Payments.transfer: 'mode' is one of minimal, balanced, strict, not 'lax'.",
    ],
    [
      'a route that is laxer than the module',
      () => ({ ash: { mode: 'strict' }, ...routed({ mode: 'balanced' }) }),
      "Payments.transfer: mode 'balanced' is laxer than 'strict', which is demanded around it: a route can be " +
        'stricter; loosen single settings by their names.',
    ],
    ['a route that is laxer than its controller', laxRoute, LAXER],
    [
      '@AshProtected below a decorator that wraps the method',
      wrapped,
      'Payments.transfer: has @AshProtected below a decorator that wraps the method and hides it: put @AshProtected on top.',
    ],
    [
      '@AshProtected below such a decorator of a class that it inherits from',
      wrappedInBase,
      'Payments.transfer: has @AshProtected below a decorator that wraps the method and hides it: put @AshProtected on top.',
    ],
    [
      'a method that the instance of its controller replaces',
      replaced,
      'Payments.transfer: is replaced on the instance of its controller, where no guard is bound: leave the method as it is.',
    ],
    // Unknown options
    [
      'an unknown option of the module',
      () => moduled({ modes: 'strict' }),
      "AshModule: there is no option 'modes'; the options are mode, protocol, scope, unscoped, query, payload, " +
        'canonicalization, maxPayloadBytes, timestampTolerance, ttl, subject, statuses, explain, renewal, onVerified, onRefused, storeTimeout, ' +
        'publicPrefix, clock, store, audit, defaultBinding.',
    ],
    [
      'an unknown option of a route',
      () => routed({ store: new AshMemoryStore() }),
      "Payments.transfer: there is no option 'store'; the options are mode, protocol, scope, unscoped, query, payload, " +
        'canonicalization, maxPayloadBytes, timestampTolerance, ttl, subject, statuses, explain, renewal, onVerified, onRefused, spend.',
    ],
    [
      'a module whose handlers are all to spend',
      () => moduled({ spend: 'handler' }),
      "AshModule: there is no option 'spend'; the options are mode, protocol, scope, unscoped, query, payload, " +
        'canonicalization, maxPayloadBytes, timestampTolerance, ttl, subject, statuses, explain, renewal, onVerified, onRefused, storeTimeout, ' +
        'publicPrefix, clock, store, audit, defaultBinding.',
    ],
    [
      'somebody else who spends',
      () => routed({ spend: 'client' as 'handler' }),
      "Payments.transfer: 'spend' is one of guard, handler, not 'client'.",
    ],
    [
      'an unknown option of the context controller',
      () => moduled({ controller: { route: 'x' } }),
      "AshModule: controller: there is no option 'route'; the options are path, guards, batch.",
    ],
    [
      'an unknown option beside useFactory',
      () => ({ ash: () => AshModule.forRootAsync({ useFactory: () => ({}), mode: 'strict' } as object) }),
      "AshModule.forRootAsync: there is no option 'mode'; the options are useFactory, useClass, useExisting, inject, imports, " +
        'provideInjectionTokensFrom, isGlobal, controller, imports, providers.',
    ],
    [
      'an unknown option that a factory gives',
      () => ({
        ash: () => AshModule.forRootAsync({ useFactory: () => Promise.resolve({ isGlobal: true } as object) }),
      }),
      "AshModule: there is no option 'isGlobal'; the options are mode, protocol, scope, unscoped, query, payload, " +
        'canonicalization, maxPayloadBytes, timestampTolerance, ttl, subject, statuses, explain, renewal, onVerified, onRefused, storeTimeout, ' +
        'publicPrefix, clock, store, audit, defaultBinding.',
    ],
    // Options of the module
    [
      'a batch of the controller that is no number',
      () => moduled({ controller: { batch: '8' as unknown as number } }),
      "AshModule: controller: 'batch' is a whole number from 1, not 8.",
    ],
    [
      'a batch of the controller of nothing',
      () => moduled({ controller: { batch: 0 } }),
      "AshModule: controller: 'batch' is a whole number from 1, not 0.",
    ],
    [
      'a batch of the controller without end',
      () => moduled({ controller: { batch: Number.POSITIVE_INFINITY } }),
      "AshModule: controller: 'batch' is a whole number from 1, not Infinity.",
    ],
    [
      'a renewal of the module that is neither on nor off',
      () => moduled({ renewal: 'off' as unknown as boolean }),
      "AshModule: 'renewal' is true or false.",
    ],
    [
      'a renewal of a route that is neither on nor off',
      () => routed({ renewal: null as unknown as boolean }),
      "Payments.transfer: 'renewal' is true or false.",
    ],
    [
      'a path of the controller that is empty',
      () => moduled({ controller: { path: ' ' } }),
      "AshModule: controller: 'path' is empty.",
    ],
    [
      'a ttl that is no number',
      () => moduled({ ttl: '30s' }),
      "AshModule: 'ttl' is a number of milliseconds, or a function that gives one.",
    ],
    [
      'a subject that is no function',
      () => moduled({ subject: 'user' }),
      "AshModule: 'subject' is a function of the request, or false.",
    ],
    ['a listener that is no function', () => moduled({ onRefused: {} }), "AshModule: 'onRefused' is a function."],
    [
      'another listener that is no function',
      () => moduled({ onVerified: 1 }),
      "AshModule: 'onVerified' is a function.",
    ],
    ['a clock that is no function', () => moduled({ clock: 5 }), "AshModule: 'clock' is a function."],
    [
      'an audit that is none',
      () => moduled({ audit: 'loud' }),
      "AshModule: 'audit' is one of off, warn, error, not 'loud'.",
    ],
    [
      'a time for the store of nothing',
      () => moduled({ storeTimeout: 0 }),
      "AshModule: 'storeTimeout' is a number of milliseconds from 1 to 2147483647.",
    ],
    [
      'a time for the store that no timer can hold',
      () => moduled({ storeTimeout: 2_147_483_648 }),
      "AshModule: 'storeTimeout' is a number of milliseconds from 1 to 2147483647.",
    ],
    [
      'a status for what is no code',
      () => moduled({ statuses: { ASH_X: 400 } }),
      "AshModule: 'statuses' names 'ASH_X', which is no code.",
    ],
    [
      'a status that is no refusal',
      () => moduled({ statuses: { ASH_CTX_EXPIRED: 399 } }),
      "AshModule: 'statuses' gives ASH_CTX_EXPIRED 399; a refusal is 400 to 599.",
    ],
    [
      'a status beyond all',
      () => routed({ statuses: { ASH_CTX_EXPIRED: 600 } }),
      "Payments.transfer: 'statuses' gives ASH_CTX_EXPIRED 600; a refusal is 400 to 599.",
    ],
    [
      'half a status',
      () => moduled({ statuses: { ASH_CTX_EXPIRED: 400.5 } }),
      "AshModule: 'statuses' gives ASH_CTX_EXPIRED 400.5; a refusal is 400 to 599.",
    ],
    [
      'a public prefix without a slash',
      () => moduled({ publicPrefix: 'api' }),
      "AshModule: 'publicPrefix' is a path that begins with '/', not 'api'.",
    ],
    [
      'a public prefix with a query',
      () => moduled({ publicPrefix: '/api?x' }),
      "AshModule: 'publicPrefix' is a path that begins with '/', not '/api?x'.",
    ],
    [
      'a default binding that no route declares',
      () => moduled({ defaultBinding: 'POST /transfers' }),
      "AshModule: 'defaultBinding' is 'POST /transfers', which no protected route declares.",
    ],
    [
      'a default binding that is none',
      () => moduled({ defaultBinding: '/transfer' }),
      "AshModule: 'defaultBinding': The binding is malformed: '/transfer' is not of the form 'METHOD /path'.",
    ],
    [
      'a default binding that is a pattern',
      () => ({
        ...moduled({ defaultBinding: 'POST /:id' }),
        controllers: [transferOf('POST /transfer'), everything()],
      }),
      "AshModule: 'defaultBinding' is 'POST /:id', which is a pattern: name one concrete path.",
    ],
    // The audit
    [
      'a route that changes state and has no decorator, where the audit is an error',
      () => ({ ash: { audit: 'error' }, controllers: [unprotected()] }),
      'AshModule: these routes change state and are not protected: POST /open (Open.create); ALL /any, /all (Open.any). ' +
        'Give each @AshProtected() or @SkipAsh().',
    ],
  ];

  it.each(rows)('%s', async (_title, setup, sentence) => {
    const error = await startUpError(setup);
    expect(error.message).toBe(sentence);
    expect(error).toBeInstanceOf(AshConfigurationError);
  });
});

function oneBinding(second: string, first: string, binding: string): string {
  return (
    `${second}.handle and ${first}.handle have one binding, '${binding}': a context for one would open the other. ` +
    'Give each route a path of its own (header and media type versions share one; use URI versions).'
  );
}

function versioned(): Setup {
  @Controller({ version: '2' })
  class Payments {
    @Post('transfer')
    @AshProtected('POST /transfer')
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments], configure: withUriVersions };
}

function underAdmin(): Setup {
  @Module({ controllers: [transferOf('POST /transfer')] })
  class AdminModule {}
  return { imports: [AdminModule, RouterModule.register([{ path: 'admin', module: AdminModule }])] };
}

function twoPaths(): Setup {
  @Controller()
  class Payments {
    @Post(['transfer', 'pay'])
    @AshProtected('POST /transfer')
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function everyMethod(): Setup {
  @Controller()
  class Payments {
    @All('any')
    @AshProtected()
    any(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function patterned(): Setup {
  @Controller()
  class Payments {
    @Get(':id.json')
    @AshProtected()
    list(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function byHeaderVersion(): Setup {
  @Controller()
  class First {
    @Post('transfer')
    @Version('1')
    @AshProtected()
    handle(): void {
      // It is the declaration that is wrong.
    }
  }
  @Controller()
  class Second {
    @Post('transfer')
    @Version('2')
    @AshProtected()
    handle(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [First, Second], configure: withHeaderVersions };
}

function byParameterName(): Setup {
  @Controller('accounts')
  class First {
    @Get(':id')
    @AshProtected('GET /accounts/:id')
    handle(): void {
      // It is the declaration that is wrong.
    }
  }
  @Controller('accounts')
  class Second {
    @Get(':name')
    @AshProtected('GET /accounts/:name')
    handle(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [First, Second] };
}

function besideEveryMethod(): Setup {
  @Controller()
  class First {
    @All('transfer')
    @AshProtected(['GET /transfer', 'POST /transfer'])
    handle(): void {
      // It is the declaration that is wrong.
    }
  }
  @Controller()
  class Second {
    @Post('transfer')
    @AshProtected('POST /transfer')
    handle(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [First, Second] };
}

function protectedAndSkipped(): Setup {
  @Controller()
  class Payments {
    @Post('transfer')
    @AshProtected('POST /transfer')
    @SkipAsh()
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function controllerSkipped(): Setup {
  @Controller()
  @AshProtected()
  @SkipAsh()
  class Payments {
    @Post('transfer')
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function controllerBound(): Setup {
  @Controller()
  @AshProtected('POST /transfer')
  class Payments {
    @Post('transfer')
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function unprotectedStep(): Setup {
  @Controller()
  class Payments {
    @Post('transfer')
    @AshChain('checkout', { start: true })
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function skippedStep(): Setup {
  @Controller()
  class Payments {
    @Post('transfer')
    @AshChain('checkout', { start: true })
    @SkipAsh()
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments], providers: [{ provide: APP_GUARD, useExisting: AshGuard }] };
}

function lostStep(): Setup {
  @Controller()
  class Shop {
    @Post('cart')
    @AshProtected()
    @AshChain('checkout', { start: true })
    cart(): void {
      // It is the declaration that is wrong.
    }

    @Post('payment')
    @AshProtected()
    @AshChain('checkout', { after: 'POST /payment' })
    payment(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Shop] };
}

function laxRoute(): Setup {
  @Controller()
  @AshProtected(undefined, { mode: 'balanced' })
  class Payments {
    @Post('transfer')
    @AshProtected('POST /transfer', { mode: 'minimal' })
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

/** A decorator that puts another method in the place of its own, as a cache or a tracer does. */
function Wrapping(): MethodDecorator {
  return (_target, _method, descriptor: PropertyDescriptor) => {
    const inner = descriptor.value as () => unknown;
    descriptor.value = function transfer(this: unknown): unknown {
      return inner.call(this);
    };
  };
}

function wrapped(): Setup {
  @Controller()
  class Payments {
    @Post('transfer')
    @Wrapping()
    @AshProtected('POST /transfer')
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function wrappedInBase(): Setup {
  const [Base] = wrapped().controllers ?? [];
  @Controller('inherited')
  class Payments extends (Base as Type<object>) {}
  return { controllers: [Payments] };
}

function replaced(): Setup {
  @Controller()
  class Payments {
    constructor() {
      this.transfer = () => undefined;
    }

    @Post('transfer')
    @AshProtected('POST /transfer')
    transfer(): void {
      // It is the declaration that is wrong.
    }
  }
  return { controllers: [Payments] };
}

function everything(): Type<unknown> {
  @Controller()
  class Everything {
    @Post(':id')
    @AshProtected()
    handle(): void {
      // It is the default binding that is wrong.
    }
  }
  return Everything;
}

function unprotected(): Type<unknown> {
  @Controller()
  class Open {
    @Post('open')
    create(): void {
      // Nothing protects it.
    }

    @All(['any', 'all'])
    any(): void {
      // Nothing protects it.
    }

    @Get('read')
    read(): void {
      // It changes nothing.
    }

    @Put('skipped')
    @SkipAsh()
    skip(): void {
      // It is open on purpose.
    }

    @Post('guarded')
    @UseGuards(AshGuard)
    guarded(): void {
      // The guard is there without the decorator.
    }
  }
  return Open;
}

type FastifyServerOptions = Extract<ConstructorParameters<typeof FastifyAdapter>[0], { routerOptions?: unknown }>;

describe('An application on Fastify does not start with', () => {
  const sentence =
    "AshModule: Fastify's 'useSemicolonDelimiter' begins the query at a ';', which no proof covers: turn it off.";

  it.each([
    ['a router that begins a query at a semicolon', { routerOptions: { useSemicolonDelimiter: true } }, sentence],
    ['a router that is told so in the old place', { useSemicolonDelimiter: true }, sentence],
    ['nothing wrong at all', {}, 'The application started.'],
  ] as [string, FastifyServerOptions, string][])('%s', async (_title, options, message) => {
    const error = await startUpError(
      { controllers: [transferOf('POST /transfer')] },
      new FastifyAdapter(options),
    ).catch((started: unknown) => started);
    expect(error).toMatchObject({ message });
  });
});

describe('explain does not start where NODE_ENV is', () => {
  const { NODE_ENV } = process.env;
  afterEach(() => {
    process.env['NODE_ENV'] = NODE_ENV;
  });

  it.each(['production', 'staging', ''])('%j', async (environment) => {
    process.env['NODE_ENV'] = environment;
    const what =
      `'explain' shows what a client should have signed, and NODE_ENV is '${environment}': ` +
      `set NODE_ENV to 'development', or leave 'explain' out.`;
    expect((await startUpError(moduled({ explain: true }))).message).toBe(`AshModule: ${what}`);
    expect((await startUpError(routed({ explain: true }))).message).toBe(`Payments.transfer: ${what}`);
    await expect(startUpError(moduled({ explain: false }))).rejects.toThrow('The application started.');
  });

  it('unset', async () => {
    delete process.env['NODE_ENV'];
    expect((await startUpError(moduled({ explain: true }))).message).toMatch(
      /^AshModule: 'explain' .* NODE_ENV is '':/,
    );
  });

  it.each(['development', 'test'])('though it does where NODE_ENV is %j', async (environment) => {
    process.env['NODE_ENV'] = environment;
    await expect(startUpError(moduled({ explain: true }))).rejects.toThrow('The application started.');
  });
});
