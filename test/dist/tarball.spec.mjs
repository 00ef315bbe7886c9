import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { build, transformSync } from 'esbuild';
import { npm, root } from '../../scripts/run.mjs';

const execute = promisify(execFile);
const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

const manifest = readJson('package.json');
const lock = readJson('package-lock.json');
const program = readFileSync(new URL('projects/program.ts', import.meta.url), 'utf8');
const messages = readFileSync(new URL('projects/messages.ts', import.meta.url), 'utf8');

/** Where the package is installed, and what else: the name of a package, or of one of two versions, in this repository. */
const INSTALLATIONS = {
  alone: [],
  'express-4': ['express-4', 'fastify'],
  'express-5': ['express', 'fastify', 'typescript', '@types/express', '@types/node'],
};

/** Who cannot be loaded where nothing else is installed, and what it asks for. */
const NEEDS = {
  '.': '@nestjs/common',
  './axios': 'axios',
  './redis': 'ioredis',
  './snapshot': '@nestjs/common',
  './typeorm': 'typeorm',
};
const entries = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json');
const entryName = (subpath) => subpath.replace('.', manifest.name);
/** Who stands alone, in what it runs and in its types. */
const alone = entries.filter((subpath) => !(subpath in NEEDS));

/** A compiler that lets nothing pass, in the package's types neither. */
const STRICT = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};

/** What each shop of the program answers: to a request, and to a second one with the same context. */
const ANSWERS = [200, { to: 'BO', covered: ['amount'] }, [409, 'ASH_CTX_ALREADY_USED']];

let folder;
const at = (...path) => join(folder, ...path);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nestjs-ash-tarball-'));
  assert.ok(await npm(['pack', '--pack-destination', folder], { quiet: true }));
  const [tarball] = readdirSync(folder);
  const installed = await Promise.all(
    Object.entries(INSTALLATIONS).map(([name, packages]) => install(name, `file:../${tarball}`, packages)),
  );
  assert.ok(installed.every(Boolean));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Installs the tarball into an empty folder, with what a user has beside it. What there is of a lock is this
 * repository's: npm has its versions at hand, and takes of them what is asked for.
 */
function install(name, tarball, packages) {
  const wanted = new Map(packages.map((alias) => [alias, namedAs(alias)]));
  const dependencies = Object.fromEntries([[manifest.name, tarball], ...[...wanted.values()]]);
  const reals = Object.keys(dependencies);
  const locked = Object.entries(lock.packages).flatMap(([path, entry]) => {
    const [, top, rest] = /^node_modules\/((?:@[^/]+\/)?[^/]+)(.*)$/.exec(path) ?? [];
    if (wanted.has(top)) return [[`node_modules/${wanted.get(top)[0]}${rest}`, entry]];
    return top === undefined || top in manifest.peerDependencies || reals.includes(top) ? [] : [[path, entry]];
  });
  const project = { private: true, dependencies };
  write([name, 'package.json'], project);
  write([name, 'package-lock.json'], { ...lock, packages: Object.fromEntries([['', project], ...locked]) });
  return npm(['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: at(name), quiet: true });
}

/** The name and the range of a package that this repository may have under another name. */
function namedAs(alias) {
  const range = manifest.devDependencies[alias];
  const [, real = alias, own = range] = /^npm:(.+)@(.+)$/.exec(range) ?? [];
  return [real, own];
}

function write(path, content) {
  mkdirSync(at(...path.slice(0, -1)), { recursive: true });
  writeFileSync(at(...path), typeof content === 'string' ? content : JSON.stringify(content));
}

/** Runs Node in a folder to a good end, and answers what it printed. */
async function run(cwd, ...args) {
  try {
    return (await execute(process.execPath, args, { cwd: at(cwd) })).stdout;
  } catch (error) {
    // A compiler says on stdout what is wrong.
    throw new Error(`${error.message}\n${error.stdout}`, { cause: error });
  }
}

const compile = (cwd, compilerOptions, typescript = at('express-5/node_modules/typescript')) => {
  write([cwd, 'tsconfig.json'], { compilerOptions: { ...STRICT, ...compilerOptions } });
  return run(cwd, join(typescript, 'bin/tsc'), '--project', '.');
};

/** A program as JavaScript of a format, which it says as Node has it. */
const javascript = (source, format) => transformSync(source, { loader: 'ts', format, target: 'node20' }).code;

async function serves(...path) {
  const shops = JSON.parse(await run(join(...path.slice(0, -1)), path.at(-1)));
  assert.deepEqual(shops, { express: ANSWERS, fastify: ANSWERS });
}

describe('the published tarball', () => {
  it('holds what was built, and nothing else', () => {
    const files = readdirSync(at('alone/node_modules', manifest.name), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(at('alone/node_modules', manifest.name).length + 1));
    const expected = /^(?:LICENSE|README\.md|package\.json|dist\/(?:cjs|esm|browser)\/(?!.*\.spec\.).+\.(?:m?js(?:\.map)?|d\.m?ts))$/;

    assert.ok(files.includes('LICENSE') && files.includes('README.md'));
    assert.deepEqual(
      files.filter((file) => !expected.test(file)),
      [],
    );
  });

  it('brings along what it depends on, and no peer', () => {
    const installed = Object.keys(JSON.parse(readFileSync(at('alone/node_modules/.package-lock.json'), 'utf8')).packages);
    const expected = [manifest.name, ...Object.keys(manifest.dependencies ?? {})].map((name) => `node_modules/${name}`);

    assert.deepEqual(installed.sort(), expected.sort());
  });

  for (const name of Object.keys(INSTALLATIONS)) {
    it(`is installed without Nest (${name})`, () => {
      const require = createRequire(at(name, 'program.cjs'));
      for (const nest of ['@nestjs/common', '@nestjs/core', 'rxjs', 'reflect-metadata']) {
        assert.throws(() => require.resolve(nest), { code: 'MODULE_NOT_FOUND' });
      }
    });
  }
});

describe('the entries, where nothing else is installed', () => {
  const loads = {
    CommonJS: ['require', '--input-type=commonjs'],
    ESM: ['import', '--input-type=module'],
  };
  for (const [format, [load, type]] of Object.entries(loads)) {
    it(`load from ${format}, or say which package they are for`, async () => {
      const script = `void (async () => {
        const outcomes = {};
        for (const subpath of ${JSON.stringify(entries)}) {
          try {
            outcomes[subpath] = Object.keys(await ${load}(subpath.replace('.', ${JSON.stringify(manifest.name)}))).length > 0;
          } catch (error) {
            outcomes[subpath] = error.code + ' ' + /Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1];
          }
        }
        console.log(JSON.stringify(outcomes));
      })();`;
      const code = format === 'ESM' ? 'ERR_MODULE_NOT_FOUND' : 'MODULE_NOT_FOUND';
      const expected = entries.map((subpath) => [subpath, subpath in NEEDS ? `${code} ${NEEDS[subpath]}` : true]);

      assert.deepEqual(JSON.parse(await run('alone', type, '--eval', script)), Object.fromEntries(expected));
    });
  }

  it('have types that need Node’s, and Fastify’s for its own', async () => {
    const names = alone.filter((subpath) => subpath !== './fastify').map(entryName);
    const source = names.map((name, index) => `export * as entry${index} from '${name}';`).join('\n');
    write(['alone', 'types.mts'], source);
    write(['alone', 'types.cts'], source);
    const ofNode = { lib: ['es2022'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] };
    await compile('alone', { module: 'node16', noEmit: true, ...ofNode }, join(root, 'node_modules/typescript'));
  });
});

describe('a project without Nest serves Express and Fastify, and refuses a replay', { concurrency: true }, () => {
  it('in CommonJS, on Express 4', async () => {
    write(['express-4', 'program.cjs'], javascript(program, 'cjs'));
    await serves('express-4', 'program.cjs');
  });

  it('in ESM', async () => {
    write(['express-5', 'program.mjs'], javascript(program, 'esm'));
    await serves('express-5', 'program.mjs');
  });

  it('in TypeScript with the modules of Node', async () => {
    write(['express-5/node16', 'program.cts'], program);
    write(['express-5/node16', 'program.mts'], program);
    const options = { module: 'node16', moduleResolution: 'node16', lib: ['es2022'], types: ['node'], outDir: 'dist' };
    await compile('express-5/node16', options);
    await serves('express-5/node16', 'dist/program.cjs');
    await serves('express-5/node16', 'dist/program.mjs');
  });

  it('in TypeScript with a bundler', async () => {
    write(['express-5/bundler', 'program.ts'], program);
    const options = { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022'], types: ['node'], noEmit: true };
    await compile('express-5/bundler', options);
    await build({
      absWorkingDir: at('express-5/bundler'),
      entryPoints: ['program.ts'],
      outfile: 'program.mjs',
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['express', 'fastify'],
    });
    assert.doesNotMatch(readFileSync(at('express-5/bundler/program.mjs'), 'utf8'), /from "nestjs-ash/);
    await serves('express-5/bundler', 'program.mjs');
  });
});

describe('a project with nothing else encrypts and decrypts, and closes its client', { concurrency: true }, () => {
  /** What each cipher's client tells: the text, and that it was closed at the end of its block. */
  const told = ['Your secret message', 'ASH_CRYPTO_CLIENT_CLOSED'];
  const talks = async (...path) => {
    const output = await run(join(...path.slice(0, -1)), '--no-warnings', path.at(-1));
    assert.deepEqual(JSON.parse(output), [told, told]);
  };
  const typescript = join(root, 'node_modules/typescript');
  const ofNode = { lib: ['es2022'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] };

  for (const [title, format, file] of [
    ['CommonJS', 'cjs', 'messages.cjs'],
    ['ESM', 'esm', 'messages.mjs'],
  ]) {
    it(`in ${title}`, async () => {
      write(['alone', file], javascript(messages, format));
      await talks('alone', file);
    });
  }

  it('in TypeScript with the modules of Node', async () => {
    write(['alone/node16', 'messages.cts'], messages);
    write(['alone/node16', 'messages.mts'], messages);
    const options = { module: 'node16', moduleResolution: 'node16', outDir: 'dist', ...ofNode };
    await compile('alone/node16', options, typescript);
    await talks('alone/node16', 'dist/messages.cjs');
    await talks('alone/node16', 'dist/messages.mjs');
  });

  it('in TypeScript for a page, which knows nothing of Node', async () => {
    write(
      ['alone/page', 'page.ts'],
      `import { CryptoClient, type CryptoConfig } from 'nestjs-ash/snapshot/client';
      export async function sealed(config: CryptoConfig): Promise<Uint8Array> {
        await using client = new CryptoClient(config);
        return await client.encryptMessage('text');
      }`,
    );
    const options = { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [], noEmit: true };
    await compile('alone/page', options, typescript);
  });
});
