import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { running, signalAll, tree } from './processes.mjs';

export const HOST = '127.0.0.1';

const START_WITHIN = 30_000;
const STOP_WITHIN = 10_000;
const LOOK_EVERY = 20;
const LOG_LINES = 20;

/** Waits until `look` answers something true, and names what did not happen where it never does. */
export async function seen(what, look, { within = START_WITHIN, every = LOOK_EVERY } = {}) {
  const end = performance.now() + within;
  let last;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${within} ms`, { cause: last });
    await wait(every);
  }
}

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });

/**
 * A free port below those that systems hand out: a client that keeps trying one of those while its server is away can
 * connect to itself, and then holds the port.
 */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) return port;
  }
}

/** A temporary folder for a server, owned by the account that it runs as. */
export function makeFolder(name, account) {
  const folder = mkdtempSync(join(tmpdir(), `nestjs-ash-${name}-`));
  if (account) chownSync(folder, account.uid, account.gid);
  return folder;
}

// No process.
const NONE = 0;

let keeper;

/** Lets what runs in a folder be ended, and the folder be removed, also where this process ends without doing so. */
const keep = (folder, pid) => tellKeeper({ folder, pid });

const forget = (folder) => tellKeeper({ folder });

function tellKeeper(line) {
  if (keeper === undefined) {
    keeper = spawn(process.execPath, [fileURLToPath(new URL('keeper.mjs', import.meta.url))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    keeper.stdin.on('error', () => {});
    keeper.unref();
    keeper.stdin.unref();
  }
  keeper.stdin.write(`${JSON.stringify(line)}\n`);
}

/**
 * Starts a server and waits until it is seen to be ready.
 *
 * `isReady` asks the server itself; `account` is the user it runs as; `stopSignal` ends it in good order.
 */
export async function startServer({ name, command, args, folder, port, account, isReady, stopSignal = 'SIGTERM' }) {
  const logFile = join(folder, 'server.log');
  let child;
  let ended;

  const logTail = () => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');

  async function start() {
    const log = openSync(logFile, 'a');
    child = spawn(command, args, { cwd: folder, detached: true, stdio: ['ignore', log, log], ...account });
    closeSync(log);
    child.unref();
    ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
    });
    keep(folder, child.pid ?? NONE);
    let end;
    void ended.then((how) => {
      end = how;
      // Its number may be somebody else's from now on.
      keep(folder, NONE);
    });
    try {
      await seen('an answer', () => {
        if (end !== undefined) return true;
        return isReady();
      });
    } catch (error) {
      end = error.message;
    }
    if (end !== undefined) {
      await finish('SIGKILL');
      throw new Error(`${name} on port ${port} did not start: ${end}. Its log ends with\n${logTail()}`);
    }
  }

  /** Ends the process and all below it, and waits until they are gone. */
  async function finish(signal) {
    if (child.pid === undefined) return;
    const pids = tree(child.pid);
    // A process that is ended in good order tells those below it.
    signalAll(signal === 'SIGKILL' ? pids : [child.pid], signal);
    signalAll(pids, 'SIGCONT');
    const gone = () => running(pids).length === 0;
    try {
      await seen(`${name} ended`, gone, { within: STOP_WITHIN });
    } catch {
      signalAll(pids, 'SIGKILL');
      await seen(`${name} killed`, gone, { within: STOP_WITHIN });
    }
    child.ref();
    await ended;
  }

  const isAlive = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const alive = () => {
    if (!isAlive()) throw new Error(`${name} on port ${port} is not running`);
    return child.pid;
  };

  async function stop() {
    if (isAlive()) await finish(stopSignal);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    forget(folder);
  }

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    host: HOST,
    port,
    folder,
    logFile,
    get pid() {
      return child.pid;
    },
    stop,
    kill: () => finish('SIGKILL'),
    pause: () => signalAll(tree(alive()), 'SIGSTOP'),
    resume: () => signalAll(tree(alive()), 'SIGCONT'),
    async restart() {
      if (isAlive()) await finish(stopSignal);
      await start();
    },
  };
}

/** Runs a command to its end, and puts what it said into the error where it fails. */
export async function runOnce(command, args, { folder, account }) {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...account });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} failed with ${code}:\n${Buffer.concat(said)}`);
}
