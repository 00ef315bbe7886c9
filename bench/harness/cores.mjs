import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The cores that this process may run on: none where the system does not say so. */
export function cores() {
  try {
    const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return list.split(',').flatMap(numbersOf);
  } catch {
    return [];
  }
}

/** `2-4` is 2, 3 and 4. */
function numbersOf(range) {
  const [first, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Keeps a process, with all its threads, on one core; where there is no `taskset`, the scheduler chooses. */
export function pin(pid, core) {
  if (core === undefined) return;
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', core, pid], { stdio: 'ignore' });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
