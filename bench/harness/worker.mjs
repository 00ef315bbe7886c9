import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pin } from './cores.mjs';

const END_WITHIN = 10_000;

// Cases take turns: what is compiled for one stays while the others run.
const NODE_OPTIONS = ['--expose-gc', '--no-flush-bytecode'];

/**
 * Starts `workers/NAME.mjs` as a process of its own, which does what it is asked to.
 *
 * @param core Where it has to run; anywhere without it.
 * @returns `ask(act, given)`, which answers what the worker's function of that name does; and `stop()`.
 */
export async function startWorker(name, { core } = {}) {
  const file = fileURLToPath(new URL(`../workers/${name}.mjs`, import.meta.url));
  const child = fork(file, { execArgv: NODE_OPTIONS });
  const waiting = new Map();
  let asked = 0;
  child.on('message', ({ question, answer, fault }) => {
    const { resolve, reject } = waiting.get(question);
    waiting.delete(question);
    if (fault === undefined) resolve(answer);
    else reject(new Error(`${name}: ${fault}`));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended with ${signal ?? code}.`));
  });
  const ask = (act, given) =>
    new Promise((resolve, reject) => {
      const question = asked++;
      waiting.set(question, { resolve, reject });
      child.send({ question, act, given }, (error) => error && reject(error));
    });
  pin(child.pid, core);
  await once(child, 'spawn');
  return { ask, stop: () => end(child) };
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN);
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
  clearTimeout(timer);
}

/** The worker's side: answers with its functions, and ends with the process that asks. */
export function serve(acts) {
  process.on('message', async ({ question, act, given }) => {
    try {
      process.send({ question, answer: await acts[act](given) });
    } catch (error) {
      process.send({ question, fault: error.stack });
    }
  });
  process.on('disconnect', () => process.exit());
}

/**
 * Clears away what came before, so that it costs nothing of what is measured next. A whole collection on request would
 * also throw away much of what the engine has learnt: requests were six times as dear after it.
 */
export function settle() {
  globalThis.gc({ type: 'minor' });
}
