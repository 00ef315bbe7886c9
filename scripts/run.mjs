import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const running = new Set();

// Whoever ends a script ends what it started.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(1);
  });
}

/** Runs a command to its end and answers whether it succeeded; `quiet` shows its output only when it did not. */
export function run(command, args, { cwd = root, env = {}, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    running.add(child);
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      if (code !== 0) for (const chunk of output) process.stderr.write(chunk);
      resolve(code === 0);
    });
  });
}

export const node = (args, options) => run(process.execPath, args, options);

const npmCli = process.env.npm_execpath;

export const npm = (args, options) => (npmCli ? node([npmCli, ...args], options) : run('npm', args, options));
