import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const running = new Set();

/** What is kept of the output of those that run at once. */
const keptOutput = new AsyncLocalStorage();

/** Keeps what is printed and run within until it has ended, so that it can run beside others. */
export function keepTogether(act) {
  const kept = [];
  return keptOutput.run(kept, async () => {
    try {
      return await act();
    } finally {
      for (const chunk of kept) process.stdout.write(chunk);
    }
  });
}

export function print(line) {
  const kept = keptOutput.getStore();
  if (kept === undefined) console.log(line);
  else kept.push(`${line}\n`);
}

// Whoever ends a script ends what it started.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(1);
  });
}

/** Runs a command to its end and answers whether it succeeded; `quiet` shows its output only when it did not. */
export function run(command, args, { cwd = root, env = {}, quiet = false } = {}) {
  const kept = keptOutput.getStore();
  const stdio = quiet || kept !== undefined ? 'pipe' : 'inherit';
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', stdio, stdio] });
    const output = [];
    const keep = (chunk) => (kept === undefined ? process.stderr.write(chunk) : kept.push(chunk));
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    running.add(child);
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      if (code !== 0 || !quiet) for (const chunk of output) keep(chunk);
      resolve(code === 0);
    });
  });
}

export const node = (args, options) => run(process.execPath, args, options);

const npmCli = process.env.npm_execpath;

export const npm = (args, options) => (npmCli ? node([npmCli, ...args], options) : run('npm', args, options));
