import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AshMemoryStore } from 'nestjs-ash';
import {
  AshSnapshotModule,
  AshSnapshots,
  ashSnapshotServerConfig,
  ashVerifySnapshot,
  type AshSeedSet,
  type AshSnapshot,
} from 'nestjs-ash/snapshot';
import { Application, applications, startUpError, type Setup } from '../module/application.js';

const KEY = new Uint8Array(32).fill(7);
const ARRAY_WARNING =
  "warn [AshSnapshotModule] AshSnapshotModule: the cipher 'array-crypto' hides nothing and protects nothing: everybody can read and change its messages. Use 'aes-256-gcm' wherever the other end can.";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ash-start-'));
  path = join(directory, 'server_config.json');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function withOptions(options: object): Setup {
  return { imports: [AshSnapshotModule.forRoot({ secretKey: KEY, ...options })] };
}

describe('A server of snapshots does not start with', () => {
  const options =
    'config, secretKey, tickInterval, maxDrift, hashSize, cipher, store, storeTimeout, clock, maxHandshakes, handshakeTtl';
  const store = "'store' is an AshRedisStore or an AshSqlStore, where processes agree on the seeds of the ticks.";
  const config = "'config' is the path of the file with the secret key.";
  const ticks = "'tickInterval' is a number of seconds, in whole milliseconds, from 0.01 to 3600";
  const origin = "is no origin: write 'https://shop.example', without a path.";
  type Row = [title: string, options: object, fault: string];
  const rows: Row[] = [
    ['an unknown option', { color: 1 }, `there is no option 'color'; the options are ${options}.`],
    ['the name of the file', { tick_interval: 1 }, `there is no option 'tick_interval'; the options are ${options}.`],
    [
      'a key in code and in a file',
      { config: 'server_config.json' },
      "'config' and 'secretKey' are both given: the key stands in the file or in code, so give one of them.",
    ],
    ['a key of a variable that is not set', { secretKey: undefined }, "'secretKey' or 'config' is named and undefined"],
    ['a path of endpoints that is no text', { controller: { path: 5 } }, "controller: 'path' is a text."],
    ['guards that are no list', { controller: { guards: { length: 1 } } }, "controller: 'guards' is a list of guards."],
    ['a path that is none', { secretKey: undefined, config: '' }, config],
    ['a path that is no text', { secretKey: undefined, config: 7 }, config],
    ['a key that is no base64', { secretKey: 'let me in!' }, "'secretKey' is the key's bytes, or their base64; "],
    ['a key that is too short', { secretKey: KEY.subarray(17) }, "'secretKey' is too short: 15 bytes instead of at "],
    ['ticks without length', { tickInterval: 0 }, `${ticks}, not 0.`],
    ['ticks that run back', { tickInterval: -1 }, `${ticks}, not -1.`],
    ['ticks that are too short', { tickInterval: 0.009 }, `${ticks}, not 0.009.`],
    ['ticks that are too long', { tickInterval: 3_601 }, `${ticks}, not 3601.`],
    ['ticks of parts of a millisecond', { tickInterval: 0.0105 }, `${ticks}, not 0.0105.`],
    ['ticks that are no number', { tickInterval: Number.NaN }, `${ticks}, not NaN.`],
    ['ticks in words', { tickInterval: '1s' }, `${ticks}.`],
    ['a drift below nothing', { maxDrift: -1 }, "'maxDrift' is a number of seconds from 0 to 86400, not -1."],
    ['a drift without end', { maxDrift: Infinity }, "'maxDrift' is a number of seconds from 0 to 86400, not Infinity."],
    ['a hash of 33 bytes', { hashSize: 33 }, "'hashSize' is a whole number of bytes from 1 to 32, not 33."],
    ['a hash of half a byte', { hashSize: 1.5 }, "'hashSize' is a whole number of bytes from 1 to 32, not 1.5."],
    ['no handshakes', { maxHandshakes: 0 }, "'maxHandshakes' is a whole number from 1 to 100000, not 0."],
    [
      'handshakes for ever',
      { handshakeTtl: 1e9 },
      "'handshakeTtl' is a number of seconds from 1 to 86400, not 1000000000.",
    ],
    ['another cipher', { cipher: 'rot13' }, "'cipher' is aes-256-gcm or array-crypto, not 'rot13'."],
    ['the name of a prototype for a cipher', { cipher: 'toString' }, "'cipher' is aes-256-gcm or array-crypto, not "],
    [
      'a cipher that names seconds, and ticks of parts of one',
      { cipher: 'array-crypto', tickInterval: 1.5 },
      "'tickInterval' is in whole seconds with the cipher 'array-crypto', whose messages name their snapshot by a second.",
    ],
    ['a store of one process', { store: new AshMemoryStore() }, store],
    ['a store that is none', { store: {} }, store],
    ['a wait that never ends', { storeTimeout: Infinity }, "'storeTimeout' is a number of milliseconds from 1 to "],
    ['a clock that stands', { clock: 7 }, "'clock' is a function."],
    [
      'an unknown option of the endpoints',
      { controller: { prefix: 'crypto' } },
      "controller: there is no option 'prefix'; the options are path, guards, cors.",
    ],
    [
      'every origin by a word',
      { controller: { cors: true } },
      "controller: 'cors' is false, '*', or a list of origins: ['https://shop.example'].",
    ],
    [
      'an origin with a path',
      { controller: { cors: ['https://a.example/'] } },
      `controller: 'cors': 'https://a.example/' ${origin}`,
    ],
    ['a host for an origin', { controller: { cors: ['a.example'] } }, `controller: 'cors': 'a.example' ${origin}`],
    ['every origin in a list', { controller: { cors: ['*'] } }, `controller: 'cors': '*' ${origin}`],
  ];
  it.each(rows)('%s', async (_title, unchecked, fault) => {
    const error = await startUpError(() => withOptions(unchecked));
    expect(error.name).toBe('AshConfigurationError');
    expect(error.message.startsWith(`AshSnapshotModule: ${fault}`)).toBe(true);
  });

  it('an unknown key beside its factory', async () => {
    const options = { useFactory: () => ({ secretKey: KEY }), secretKey: KEY };
    const error = await startUpError(() => ({ imports: [AshSnapshotModule.forRootAsync(options)] }));
    expect(error.message).toMatch(/^AshSnapshotModule\.forRootAsync: there is no option 'secretKey'; /);
  });

  it('an option that its factory gives, and it names it', async () => {
    const imports = [AshSnapshotModule.forRootAsync({ useFactory: () => ({ secretKey: KEY, hashSize: 0 }) })];
    const error = await startUpError({ imports });
    expect(error.message).toBe("AshSnapshotModule: 'hashSize' is a whole number of bytes from 1 to 32, not 0.");
  });

  it('a malformed file, whose content is in no message', async () => {
    writeFileSync(path, '{"secret_key":"bm8gd29yZCBvZiB0aGlz', { mode: 0o600 });
    const error = await startUpError({ imports: [AshSnapshotModule.forRoot({ config: path })] });
    expect(error.message).toBe(`${path}: it is not strict JSON: the string at position 14 is malformed.`);
    expect(JSON.stringify([error.stack, error.cause])).not.toContain('bm8gd29y');
  });

  it('an option that cannot be, and makes no file for it', async () => {
    const error = await startUpError({ imports: [AshSnapshotModule.forRoot({ config: path, hashSize: 0 })] });
    expect(error.message).toContain("'hashSize'");
    expect(existsSync(path)).toBe(false);
  });

  it('a store that cannot be made ready', async () => {
    const store = { ...seeds(), open: () => Promise.reject(new Error('The store cannot keep its promises.')) };
    const error = await startUpError(withOptions({ store }));
    expect(error.message).toBe('The store cannot keep its promises.');
  });
});

describe('A server of snapshots', () => {
  const start = applications('express');

  it('makes its file, says so, and starts with the same key again', async () => {
    const imports = [AshSnapshotModule.forRoot({ config: path })];
    const first = await start({ imports });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { secretKey } = ashSnapshotServerConfig(path);
    const { body } = await first.send('GET', '/snapshot');
    expect(ashVerifySnapshot(secretKey, body as AshSnapshot)).toBe(true);
    const second = await start({ imports: [AshSnapshotModule.forRoot({ config: path })] });
    const again = await second.send('GET', '/snapshot');
    expect(ashVerifySnapshot(secretKey, again.body as AshSnapshot)).toBe(true);
    const made = `log [AshSnapshotModule] ${path}: made with a random secret key, for its owner alone; the clients need the same key.`;
    expect(first.log.ofAsh).toContain(made);
    expect(second.log.ofAsh).not.toContain(made);
    const text = readFileSync(path, 'utf8');
    for (const { lines } of [first.log, second.log]) {
      expect(lines.join('\n')).not.toContain((JSON.parse(text) as { secret_key: string }).secret_key);
    }
  });

  it('looks for its file in the working directory, where it is not told another', async () => {
    const before = process.cwd();
    process.chdir(directory);
    try {
      await start({ imports: [AshSnapshotModule.forRoot()] });
      expect(existsSync(path)).toBe(true);
    } finally {
      process.chdir(before);
    }
  });

  it('does as its file says, but for what is said in code', async () => {
    const file = { secret_key: Buffer.from(KEY).toString('base64'), tick_interval: 5, hash_size: 8, max_drift: 10 };
    writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
    let now = 1_740_904_491_000;
    const application = await start({
      imports: [AshSnapshotModule.forRoot({ config: path, hashSize: 4, clock: () => now })],
    });
    const { headers, body } = await application.send('GET', '/snapshot');
    expect(body).toMatchObject({ tick: 348_180_898 });
    expect(headers.get('x-ash-snapshot-life')).toBe('4000');
    await expect(application.send('POST', '/handshake', { hash: '00'.repeat(4) })).resolves.toMatchObject({
      status: 200,
    });
    now += 14_000;
    await expect(application.send('GET', '/snapshot?tick=348180898')).resolves.toMatchObject({ status: 200 });
    now += 1;
    await expect(application.send('GET', '/snapshot?tick=348180898')).resolves.toMatchObject({ status: 404 });
  });

  it('warns of a file that others can read', async () => {
    writeFileSync(path, JSON.stringify({ secret_key: Buffer.from(KEY).toString('base64') }), { mode: 0o644 });
    const { log } = await start({ imports: [AshSnapshotModule.forRoot({ config: path })] });
    expect(log.ofAsh).toContain(
      `warn [AshSnapshotModule] ${path}: others than its owner have access to the secret key: chmod 600 ${path}`,
    );
  });

  it('touches no file where the key is given in code', async () => {
    const before = process.cwd();
    process.chdir(directory);
    try {
      await start(withOptions({}));
      expect(existsSync(path)).toBe(false);
    } finally {
      process.chdir(before);
    }
  });

  it('takes a key as base64 as its bytes', async () => {
    const clock = (): number => 1_740_904_491_000;
    const text = await start(withOptions({ secretKey: Buffer.from(KEY).toString('base64'), clock }));
    const bytes = await start(withOptions({ clock }));
    expect((await text.send('GET', '/snapshot')).body).toStrictEqual((await bytes.send('GET', '/snapshot')).body);
  });

  it('warns of the cipher that hides nothing, and of no other', async () => {
    const { log } = await start(withOptions({ cipher: 'array-crypto' }));
    expect(log.ofAsh).toContain(ARRAY_WARNING);
    const { log: other } = await start(withOptions({ cipher: 'aes-256-gcm' }));
    expect(other.ofAsh.filter((line) => line.includes('Snapshot'))).toStrictEqual([]);
  });

  it('makes a store ready before it answers, and leaves it to the application to end', async () => {
    const calls: string[] = [];
    const store = {
      ...seeds(),
      open: () => {
        calls.push('open');
        return Promise.resolve();
      },
      close: () => calls.push('close'),
    };
    const { nest } = await Application.create(new ExpressAdapter(), withOptions({ store }));
    expect(calls).toStrictEqual([]);
    await nest.init();
    await nest.close();
    expect(calls).toStrictEqual(['open']);
  });

  it('asks a store that needs no making ready', async () => {
    const application = await start(withOptions({ store: seeds() }));
    await expect(application.get(AshSnapshots).current()).resolves.toMatchObject({ seed: 7 });
  });

  it('shows its key to nobody who looks at it', async () => {
    const application = await start(withOptions({}));
    for (const shown of [AshSnapshots, AshSnapshotModule]) {
      const text = inspect(application.get<object>(shown), { depth: 9, showHidden: true });
      expect(text).toContain(shown.name);
      expect(text).not.toMatch(/7,\s+7,\s+7|07 07 07/);
    }
  });
});

/** A store that agrees on one seed for all. */
function seeds(): AshSeedSet {
  return { agreeOnSeed: () => Promise.resolve(7), findSeed: () => Promise.resolve(7) };
}
