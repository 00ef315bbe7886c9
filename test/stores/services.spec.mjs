import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { startMariadb, startPostgres, startRedis, seen } from '../../scripts/services/index.mjs';
import { running } from '../../scripts/services/processes.mjs';
import { provideServices } from '../../scripts/services/provide.mjs';

const KINDS = [
  ['Redis', () => startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } })],
  ['PostgreSQL', () => startPostgres()],
  ['MariaDB', () => startMariadb()],
];

/** Writes or reads one value, whatever kind of server it is. */
const note = {
  Redis: {
    write: (server) => server.command('SET', 'noted', '1'),
    read: (server) => server.command('GET', 'noted'),
  },
  sql: {
    write: async (server) => {
      await server.query('CREATE TABLE noted (value VARCHAR(9))');
      await server.query("INSERT INTO noted VALUES ('1')");
    },
    read: async (server) => (await server.query('SELECT value FROM noted'))[0].value,
  },
};

for (const [kind, start] of KINDS) {
  describe(`a ${kind} of one's own`, () => {
    let server;
    const { read, write } = note[kind] ?? note.sql;
    before(async () => (server = await start()));
    after(() => server?.stop());

    it('answers as soon as it is handed over', async () => {
      await write(server);
      assert.equal(await read(server), '1');
    });

    it('does not answer while it is paused, and does afterwards', async () => {
      server.pause();
      await assert.rejects(read(server));
      server.resume();
      assert.equal(await seen('an answer', () => read(server)), '1');
    });

    it('comes back on its port and its folder after it was killed', async () => {
      const { pid, port } = server;
      await server.kill();
      assert.deepEqual(running([pid]), []);
      await assert.rejects(read(server));
      await server.restart();
      assert.equal(server.port, port);
      assert.notEqual(server.pid, pid);
      assert.equal(await read(server), '1');
    });

    it('is gone with its folder once it is stopped, even while paused', async () => {
      server.pause();
      await server.stop();
      assert.deepEqual(running([server.pid]), []);
      assert.equal(existsSync(server.folder), false);
    });
  });
}

it('a server that does not start is an error that ends with its log', async () => {
  await assert.rejects(startRedis({ config: { maxmemory: 'plenty' } }), (error) => {
    assert.match(error.message, /^Redis on port \d+ did not start: it ended with 1\. Its log ends with\n/);
    assert.match(error.message, /argument must be a memory value/);
    return true;
  });
});

describe('whoever starts servers', () => {
  const program = `
    import { startRedis } from './scripts/services/index.mjs';
    const { folder, pid } = await startRedis();
    console.log(JSON.stringify({ folder, pid }));
    setInterval(() => {}, 1_000);
  `;

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL']) {
    it(`leaves none behind when ${signal} ends it`, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      const { folder, pid } = JSON.parse(line);
      assert.deepEqual(running([pid]), [pid]);
      child.kill(signal);
      await seen('the end of the server', () => running([pid]).length === 0 && !existsSync(folder));
    });
  }
});

describe('the services of the tests', () => {
  const NAMED = {
    REDIS_CLUSTER: '127.0.0.1:1,127.0.0.1:2',
    REDIS_SENTINELS: '127.0.0.1:3',
    REDIS_SENTINEL_NAME: 'shop',
    POSTGRES_URL: 'postgres://127.0.0.1:4/shop',
    MARIADB_URL: 'mysql://127.0.0.1:5/shop',
  };
  const nowhere = () => [];
  const refuse = () => assert.fail('nothing is to be installed');

  it('are those that the environment names, which are left running', async () => {
    const own = await startRedis();
    try {
      const env = { ...NAMED, REDIS_URL: own.url };
      const services = await provideServices({ env, folders: nowhere, install: refuse });
      assert.deepEqual(services.env, env);
      await services.stop();
      assert.equal(await own.command('PING'), 'PONG');
    } finally {
      await own.stop();
    }
  });

  it('are started where the environment names none, and ended', async () => {
    const services = await provideServices({ env: NAMED });
    const redis = new Redis(services.env.REDIS_URL, { lazyConnect: true, retryStrategy: null });
    redis.on('error', () => {});
    try {
      assert.equal(await redis.ping(), 'PONG');
      const ended = once(redis, 'end');
      await services.stop();
      await ended;
    } finally {
      redis.disconnect();
    }
  });

  it('that are nowhere to be found are named, with what to install or to set', async () => {
    await assert.rejects(provideServices({ env: {}, folders: () => ['/empty'], mayInstall: () => false }), {
      message: [
        'The store tests need servers.',
        'Redis is needed, and there is no redis-server in /empty. Install it (on Debian: apt-get install redis-server), or name a running server in REDIS_URL.',
        'PostgreSQL is needed, and there is no postgres and initdb in /empty. Install it (on Debian: apt-get install postgresql), or name a running server in POSTGRES_URL.',
        'MariaDB is needed, and there is no mariadbd and mariadb-install-db in /empty. Install it (on Debian: apt-get install mariadb-server), or name a running server in MARIADB_URL.',
      ].join('\n'),
    });
  });

  it('that are missing are installed where that is possible, and only those', async () => {
    const asked = [];
    const env = { ...NAMED, REDIS_URL: 'redis://127.0.0.1:6', POSTGRES_URL: '' };
    const install = (packages) => asked.push(...packages);
    await assert.rejects(
      provideServices({ env, folders: nowhere, mayInstall: () => true, install }),
      /`apt-get install postgresql` did not mend it\.$/,
    );
    assert.deepEqual(asked, ['postgresql']);
  });

  it('refuse Sentinels without the name of their master', async () => {
    await assert.rejects(
      provideServices({ env: { ...NAMED, REDIS_URL: 'redis://127.0.0.1:6', REDIS_SENTINEL_NAME: '' } }),
      { message: 'REDIS_SENTINELS is set without REDIS_SENTINEL_NAME: set both, or neither' },
    );
  });
});
