import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  UnauthorizedException,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AshGuard, type AshRequest } from 'nestjs-ash';
import {
  AshSnapshotModule,
  AshSnapshots,
  ashVerifySnapshot,
  type AshSnapshot,
  type AshSnapshotModuleOptions,
  type AshSnapshotOptionsFactory,
} from 'nestjs-ash/snapshot';
import { ADAPTERS, applications, type Setup } from '../module/application.js';
import { KEY, snapshots, START } from './stopped-server.js';

const HASH = '0123456789abcdef0123456789abcdef';

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<AshRequest>();
    if (headers['x-key'] !== 'let-me-in') throw new UnauthorizedException();
    return true;
  }
}

describe.each(ADAPTERS)('On %s the controller of snapshots', (adapter) => {
  const start = applications(adapter);

  it('is where it is told to be, below the prefix, under every version, and without a slash too many', async () => {
    const application = await start({
      ...snapshots({ controller: { path: 'crypto/v1' } }),
      prefix: 'api',
      configure: (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' }),
    });
    await expect(application.send('GET', '/api/crypto/v1/snapshot')).resolves.toMatchObject({ status: 200 });
    await expect(application.send('GET', '/api/crypto/v1/health')).resolves.toMatchObject({ status: 200 });
    await expect(application.send('POST', '/api/crypto/v1/handshake', { hash: HASH })).resolves.toMatchObject({
      status: 200,
    });
    for (const path of ['/snapshot', '/api/snapshot', '/crypto/v1/snapshot']) {
      await expect(application.send('GET', path)).resolves.toMatchObject({ status: 404 });
    }
  });

  it('asks the application’s own guards before a handshake and a snapshot, and nobody about its health', async () => {
    const application = await start(snapshots({ controller: { guards: [KeyGuard] } }));
    const key = { 'x-key': 'let-me-in' };
    await expect(application.send('GET', '/snapshot')).resolves.toMatchObject({ status: 401 });
    await expect(application.send('POST', '/handshake', { hash: HASH })).resolves.toMatchObject({ status: 401 });
    expect(application.get(AshSnapshots).handshakes).toBe(0);
    await expect(application.send('GET', '/snapshot', undefined, key)).resolves.toMatchObject({ status: 200 });
    await expect(application.send('POST', '/handshake', { hash: HASH }, key)).resolves.toMatchObject({ status: 200 });
    await expect(application.send('GET', '/health')).resolves.toMatchObject({ status: 200 });
  });

  it('needs no proof, under a global guard and in a strict audit', async () => {
    const application = await start({
      ...snapshots(),
      ash: { audit: 'error' },
      providers: [{ provide: APP_GUARD, useExisting: AshGuard }],
    });
    await expect(application.send('GET', '/snapshot')).resolves.toMatchObject({ status: 200 });
    await expect(application.send('GET', '/health')).resolves.toMatchObject({ status: 200 });
    await expect(application.send('POST', '/handshake', { hash: HASH })).resolves.toMatchObject({ status: 200 });
  });

  it('has no endpoints where they are switched off, and gives snapshots to endpoints of one’s own', async () => {
    @Controller()
    class Own {
      constructor(@Inject(AshSnapshots) private readonly snapshots: AshSnapshots) {}

      @Get('own')
      own(): Promise<AshSnapshot> {
        return this.snapshots.current();
      }
    }
    const application = await start({ ...snapshots({ controller: false }), controllers: [Own] });
    for (const path of ['/snapshot', '/health']) {
      await expect(application.send('GET', path)).resolves.toMatchObject({ status: 404 });
    }
    await expect(application.send('GET', '/own')).resolves.toMatchObject({ body: { tick: 1_740_904_491 } });
  });

  @Module({ providers: [{ provide: 'KEY', useValue: KEY }], exports: ['KEY'] })
  class Keys {}

  @Injectable()
  class Factory implements AshSnapshotOptionsFactory {
    createAshSnapshotOptions(): AshSnapshotModuleOptions {
      return { secretKey: KEY, clock: () => START };
    }
  }

  const asynchronous: [title: string, setup: Setup['imports']][] = [
    [
      'a function that waits for what it needs',
      [
        AshSnapshotModule.forRootAsync({
          imports: [Keys],
          inject: ['KEY'],
          useFactory: (secretKey: Uint8Array) => Promise.resolve({ secretKey, clock: () => START }),
          controller: { path: 'crypto' },
        }),
      ],
    ],
    ['a class', [AshSnapshotModule.forRootAsync({ useClass: Factory, controller: { path: 'crypto' } })]],
  ];
  it.each(asynchronous)('takes its options from %s', async (_title, imports) => {
    const application = await start({ imports: imports ?? [] });
    const { body } = await application.send('GET', '/crypto/snapshot');
    expect(ashVerifySnapshot(KEY, body as AshSnapshot)).toBe(true);
    expect(body).toMatchObject({ tick: 1_740_904_491 });
  });
});
