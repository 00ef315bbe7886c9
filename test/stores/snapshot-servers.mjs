import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./snapshot-process.cjs', import.meta.url));

/** Starts a server of snapshots as a process of its own. Until it is told the time, it goes by the platform's. */
export async function startSnapshotServer(env) {
  const server = fork(PROGRAM, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(server, 'exit');
  const early = exited.then(([code]) => Promise.reject(new Error(`The server ended before it was ready: ${code}`)));
  const [{ url }] = await Promise.race([once(server, 'message'), early]);
  early.catch(() => undefined);

  const waiting = new Map();
  server.on('message', ({ id, ...answer }) => waiting.get(id)?.(answer));
  let asked = 0;
  const ask = async (what, value) => {
    const id = (asked += 1);
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    server.send({ id, ask: what, value });
    const { answer, error } = await answered;
    waiting.delete(id);
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code });
    return answer;
  };

  return {
    url,
    /** The body of `GET /snapshot`. */
    snapshot: async () => {
      const answer = await fetch(`${url}/snapshot`);
      assert.equal(answer.status, 200);
      return answer.json();
    },
    /** Sets the clock to a moment, in milliseconds since the epoch; without one it goes by the platform's time again. */
    be: (moment = null) => ask('be', moment),
    seal: (text) => ask('seal', text),
    open: (message) => ask('open', message),
    kill: () => (server.kill('SIGKILL'), exited),
    end: () => (server.connected && server.disconnect(), exited),
  };
}
