import type { AshLog } from '../verification/protected-route.js';

/** Errors and warnings on the console, where an application names no other place. */
export const consoleLog: AshLog = (level, message, cause) => {
  if (level === 'debug') return;
  const line = `[nestjs-ash] ${message}`;
  if (cause === undefined) console[level](line);
  else console[level](line, cause);
};
