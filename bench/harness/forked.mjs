import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a file of `workers` in a process of its own, with the options of this one. */
export function startWorker(name, parameters = []) {
  return fork(fileURLToPath(new URL(`../workers/${name}.mjs`, import.meta.url)), parameters);
}

/** What a worker sends next; that it ended instead is an error. */
export async function answerOf(worker) {
  const controller = new AbortController();
  const { signal } = controller;
  try {
    return await Promise.race([
      once(worker, 'message', { signal }).then(([message]) => message),
      once(worker, 'exit', { signal }).then(([code]) => {
        throw new Error(`A worker ended with ${code}.`);
      }),
    ]);
  } finally {
    controller.abort();
  }
}
