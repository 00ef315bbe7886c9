import { Controller, Post, type Type } from '@nestjs/common';
import { AshProtected } from 'nestjs-ash';
import { createFixture } from '../support/fixture.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS } from '../support/test-app.js';
import { describeHeaders } from './headers.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeHeaders);

describe.each(ADAPTERS)('14: a separator that is smuggled into a policy on %s', (adapter) => {
  const controllerOf = (scope: readonly string[]): Type<unknown> => {
    @Controller()
    class TransferController {
      @Post('transfer')
      @AshProtected('POST /transfer', { scope })
      transfer() {
        return undefined;
      }
    }
    return TransferController;
  };

  // A path with a comma would be joined as two: the same text, and the same hash, for two scopes.
  const UNSAFE = ['amount,to', 'amount|to', 'a\nb', 'a..b', '', 'é', ' amount'];
  it.each(UNSAFE)("the scope path '%s' is an error at start-up that names the route", async (unsafe) => {
    await expect(
      createFixture(adapter, { controllers: [controllerOf([unsafe])] }).then((app) => app.init()),
    ).rejects.toThrow(/TransferController\.transfer/);
  });
});
