import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { signalAll, tree } from './processes.mjs';

// Outlives whoever started servers, however that ended, and ends what it left behind: its pipe closes with it.

const kept = new Map();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const { folder, pid } = JSON.parse(line);
  if (pid === undefined) kept.delete(folder);
  else kept.set(folder, pid);
}

for (const pid of kept.values()) if (pid !== 0) signalAll(tree(pid), 'SIGKILL');
for (const folder of kept.keys()) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
