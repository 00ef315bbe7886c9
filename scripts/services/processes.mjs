import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Each process with its parent and its state, of Linux from /proc (slim images have no `ps`), else from `ps`. */
function processes() {
  if (existsSync('/proc/self/stat')) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          // The command's name stands in brackets, and may hold spaces and brackets itself.
          const [state, parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ');
          return [{ pid: Number(name), parent: Number(parent), state }];
        } catch {
          return []; // It ended meanwhile.
        }
      });
  }
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/);
    return pid ? [{ pid: Number(pid), parent: Number(parent), state: state[0] }] : [];
  });
}

/** A process and all below it: PostgreSQL's backends stand in process groups of their own, so a signal to a group misses them. */
export function tree(pid) {
  const all = processes();
  const found = [pid];
  for (const each of found) found.push(...all.filter(({ parent }) => parent === each).map((child) => child.pid));
  return found;
}

/** Which of the processes still run; a zombie, which waits for its parent only, does not. */
export function running(pids) {
  const all = new Map(processes().map(({ pid, state }) => [pid, state]));
  return pids.filter((pid) => all.has(pid) && all.get(pid) !== 'Z');
}

/** Sends a signal to each of the processes that is still there. */
export function signalAll(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}
