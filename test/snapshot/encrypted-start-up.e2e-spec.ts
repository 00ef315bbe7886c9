import { Controller, Post, Sse, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AshGuard, AshProtected, SkipAsh } from 'nestjs-ash';
import { AshEncrypted, AshSnapshotModule, type AshSnapshotModuleOptions } from 'nestjs-ash/snapshot';
import { EMPTY, type Observable } from 'rxjs';
import { applications, startUpError, type Application, type Setup } from '../module/application.js';
import { SECRET_KEY } from './vault.js';

const withSnapshots = (options: AshSnapshotModuleOptions = {}): Pick<Setup, 'imports'> => ({
  imports: [AshSnapshotModule.forRoot({ secretKey: SECRET_KEY, ...options })],
});

@Controller()
class Encrypted {
  @Post('transfer')
  @AshProtected()
  @AshEncrypted()
  transfer(): void {
    // Never called.
  }
}

@Controller()
class Unprotected {
  @Post('transfer')
  @AshEncrypted()
  transfer(): void {
    // Never called.
  }
}

@Controller()
@AshEncrypted()
class PartlyUnprotected {
  @Post('transfer')
  @AshProtected()
  transfer(): void {
    // Never called.
  }

  @Post('ping')
  ping(): void {
    // Never called.
  }
}

@Controller()
@AshEncrypted()
class PartlySkipped {
  @Post('transfer')
  @AshProtected()
  transfer(): void {
    // Never called.
  }

  @Post('ping')
  @SkipAsh()
  ping(): string {
    return 'pong';
  }
}

@Controller()
class Skipped {
  @Post('transfer')
  @SkipAsh()
  @AshEncrypted()
  transfer(): void {
    // Never called.
  }
}

@Controller()
@UseGuards(AshGuard)
class Guarded {
  @Post('transfer')
  @AshEncrypted()
  transfer(): void {
    // Never called.
  }
}

@Controller()
class Form {
  @Post('transfer')
  @AshProtected('POST /transfer', { payload: ['json', 'form'] })
  @AshEncrypted()
  transfer(): void {
    // Never called.
  }
}

@Controller()
class Raw {
  @Post('transfer')
  @AshProtected('POST /transfer', { payload: 'raw' })
  @AshEncrypted()
  transfer(): void {
    // Never called.
  }
}

@Controller()
class Events {
  @Sse('events')
  @AshProtected()
  @AshEncrypted()
  events(): Observable<never> {
    return EMPTY;
  }
}

function Timed(): MethodDecorator {
  return (_target, _key, descriptor: PropertyDescriptor) => {
    const original = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]): unknown {
      return original.apply(this, args);
    };
  };
}

@Controller()
class Hidden {
  @Post('transfer')
  @AshProtected()
  @Timed()
  @AshEncrypted()
  transfer(): void {
    // Never called.
  }
}

const SEALED_ONLY = [
  415,
  {
    statusCode: 415,
    error: 'Unsupported Media Type',
    code: 'ASH_UNSUPPORTED_CONTENT_TYPE',
    message: 'This route takes sealed bodies: {"sealed":"…"} as JSON, which ashEncryptedFetch sends.',
  },
];

describe('An application with @AshEncrypted()', () => {
  const start = applications('express');
  const UNPROTECTED = '@AshEncrypted() needs @AshProtected: the payloads of protected routes can be encrypted';

  type Row = [title: string, setup: Setup, message: string];
  const rows: Row[] = [
    [
      'without AshSnapshotModule',
      { controllers: [Encrypted] },
      'Encrypted.transfer: @AshEncrypted() needs AshSnapshotModule: import AshSnapshotModule.forRoot(…)',
    ],
    [
      'whose cipher is array-crypto',
      { controllers: [Encrypted], ...withSnapshots({ cipher: 'array-crypto' }) },
      "Encrypted.transfer: @AshEncrypted() cannot encrypt: the cipher 'array-crypto' of AshSnapshotModule hides nothing; " +
        "leave 'cipher' out, or set it to 'aes-256-gcm'",
    ],
    [
      'on a route that is not protected',
      { controllers: [Unprotected], ...withSnapshots() },
      `Unprotected.transfer: ${UNPROTECTED}`,
    ],
    [
      'on a controller with a route that is not protected',
      { controllers: [PartlyUnprotected], ...withSnapshots() },
      `PartlyUnprotected.ping: ${UNPROTECTED}`,
    ],
    [
      'on a route that is left open',
      { controllers: [Skipped], ...withSnapshots() },
      `Skipped.transfer: ${UNPROTECTED}`,
    ],
    [
      'on a route that takes forms',
      { controllers: [Form], ...withSnapshots() },
      "Form.transfer: @AshEncrypted() seals JSON alone, and payload names 'json', 'form': leave 'payload' out",
    ],
    [
      'on a route that takes bytes',
      { controllers: [Raw], ...withSnapshots() },
      "Raw.transfer: @AshEncrypted() seals JSON alone, and payload names 'raw': leave 'payload' out",
    ],
    [
      'on a route of events',
      { controllers: [Events], ...withSnapshots() },
      'Events.events: has @AshEncrypted() and @Sse(): a stream of events cannot be encrypted, since it has no end',
    ],
    [
      'below a decorator that hides it',
      { controllers: [Hidden], ...withSnapshots() },
      'Hidden.transfer: has @AshEncrypted below a decorator that wraps the method and hides it: put @AshEncrypted on top',
    ],
  ];
  it.each(rows)('does not start %s', async (_title, setup, message) => {
    const error = await startUpError(setup);
    expect([error.name, error.message]).toStrictEqual(['AshConfigurationError', `${message}.`]);
  });

  it.each<[title: string, setup: Setup]>([
    ['with @AshProtected', { controllers: [Encrypted], ...withSnapshots() }],
    ['with the guard on the controller', { controllers: [Guarded], ...withSnapshots() }],
    [
      'with the guard on every route',
      { controllers: [Unprotected], providers: [{ provide: APP_GUARD, useExisting: AshGuard }], ...withSnapshots() },
    ],
    ['in a module that takes forms', { controllers: [Encrypted], ash: { payload: 'form' }, ...withSnapshots() }],
    ['whose snapshots no other module sees', { controllers: [Encrypted], imports: [privateSnapshots()] }],
  ])('starts %s, and takes sealed bodies only', async (_title, setup) => {
    expect(await answerToPlainText(await start(setup))).toStrictEqual(SEALED_ONLY);
  });

  it('leaves a route open that says so by itself', async () => {
    const app = await start({ controllers: [PartlySkipped], ...withSnapshots() });
    expect((await app.send('POST', '/ping')).body).toBe('pong');
    expect(await answerToPlainText(app)).toStrictEqual(SEALED_ONLY);
  });
});

function privateSnapshots() {
  return AshSnapshotModule.forRoot({ secretKey: SECRET_KEY, isGlobal: false });
}

/** What an honest request is answered whose body is not sealed. */
async function answerToPlainText(app: Application): Promise<unknown> {
  const context = await app.client().context('POST', '/transfer');
  const { status, body } = await app.use(context, { path: '/transfer', body: { a: 1 } });
  return [status, body];
}
