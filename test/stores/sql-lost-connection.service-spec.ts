import { jest } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectTo, createServer, type AddressInfo, type Server } from 'node:net';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { connect, dropTables, openStore, POSTGRES, prefixOf } from './sql-fixture.js';

const prefix = prefixOf('lost');
const UNKNOWN = `ash_${'0'.repeat(32)}`;

/** PostgreSQL's "ready for query", in no transaction, and an error that ends the session. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const ENDED = message('E', 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');

function message(type: string, text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length + 4);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(text)]);
}

/** Stands before a server, and ends new sessions in the packet in which they become ready, when it is told to. */
class Ending {
  isArmed = false;

  private constructor(private readonly server: Server) {}

  static async before(url: URL): Promise<Ending> {
    const server = createServer((client) => {
      const target = connectTo(Number(url.port), url.hostname);
      const isEnded = ending.isArmed;
      client.on('error', () => target.destroy());
      target.on('error', () => client.destroy());
      client.pipe(target);
      target.on('data', (chunk: Buffer) => {
        if (isEnded && chunk.subarray(-READY.length).equals(READY)) client.end(Buffer.concat([chunk, ENDED]));
        else client.write(chunk);
      });
      client.on('close', () => target.destroy());
      target.on('close', () => client.end());
    });
    const ending = new Ending(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return ending;
  }

  /** The URL of the server behind, through here. */
  through(url: URL): string {
    const here = new URL(url);
    here.port = String((this.server.address() as AddressInfo).port);
    return here.href;
  }

  close(): void {
    this.server.close();
  }
}

describe('AshSqlStore on PostgreSQL whose server ends a session in the moment in which it becomes ready', () => {
  it.each(['its own DataSource', 'a DataSource of the application'])(
    'refuses what was asked, goes on afterwards and ends no process, with %s',
    async (owner) => {
      const uncaught = jest.fn();
      process.on('uncaughtException', uncaught);
      const { url } = POSTGRES.options() as { url: string };
      const ending = await Ending.before(new URL(url));
      const options: DataSourceOptions = { type: 'postgres', url: ending.through(new URL(url)) };
      const source = owner === 'its own DataSource' ? undefined : await new DataSource(options).initialize();
      const store = await openStore(source ?? options, { tablePrefix: prefix });
      ending.isArmed = true;
      // Each asks by itself, on a connection of its own.
      const answers = await Promise.allSettled(Array.from({ length: 5 }, () => store.findSeed(1)));
      expect(answers.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(4);
      ending.isArmed = false;
      await expect(store.get(UNKNOWN)).resolves.toBeNull();
      expect(uncaught).not.toHaveBeenCalled();
      process.off('uncaughtException', uncaught);
      await store.close();
      await source?.destroy();
      ending.close();
      const admin = await connect(POSTGRES);
      await dropTables(admin, prefix);
      await admin.destroy();
    },
  );
});
