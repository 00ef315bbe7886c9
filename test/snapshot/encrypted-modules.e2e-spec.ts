import { randomBytes } from 'node:crypto';
import { Controller, Module, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AshGuard, AshProtected, AshRoutes } from 'nestjs-ash';
import { AshEncrypted, AshSnapshotModule } from 'nestjs-ash/snapshot';
import { applications, startUpError } from '../module/application.js';
import { SECRET_KEY } from './vault.js';

@Controller()
class Encrypted {
  @Post('transfer')
  @AshProtected()
  @AshEncrypted()
  transfer(): string {
    return 'secret';
  }
}

@Controller()
class Alone {
  @Post('transfer')
  @AshEncrypted()
  transfer(): string {
    return 'secret';
  }
}

const snapshots = () => AshSnapshotModule.forRoot({ secretKey: SECRET_KEY, controller: false });

@Module({ imports: [AshSnapshotModule.forRoot({ secretKey: randomBytes(32), controller: false })] })
class Inner {}

describe('An application with @AshEncrypted()', () => {
  const start = applications('express');

  it('does not start with two AshSnapshotModules, wherever they are', async () => {
    const error = await startUpError({ controllers: [Encrypted], imports: [snapshots(), Inner] });
    expect([error.name, error.message]).toStrictEqual([
      'AshConfigurationError',
      'Encrypted.transfer: @AshEncrypted() found several AshSnapshotModules, each with a key of its own: import one.',
    ]);
  });

  it.each([
    ['with AshSnapshotModule alone', [snapshots()]],
    ['with no module at all', []],
  ])('does not start without AshModule, %s', async (_title, imports) => {
    const starting = Test.createTestingModule({ imports, controllers: [Alone] }).compile();
    await expect(starting).rejects.toThrow(/resolve dependencies of the AshEncryptedGuard/);
  });

  it('keeps a handler closed that was not there at start-up', async () => {
    const application = await start({
      controllers: [Encrypted],
      imports: [snapshots()],
      override: (builder) => builder.overrideGuard(AshGuard).useValue({ canActivate: () => true }),
    });
    application.get(AshRoutes).find = () => undefined;
    const { status, body } = await application.send('POST', '/transfer');
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});
