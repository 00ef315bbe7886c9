import type { AshLog } from '../verification/protected-route.js';
import { consoleLog } from './console-log.js';

/**
 * A log of the application's whose own failure changes nothing: much is logged where nobody waits, and what is thrown or
 * rejected there ends the process.
 */
export function safeLog(log: AshLog): AshLog {
  const tell: (...said: Parameters<AshLog>) => unknown = log;
  return (...said) => {
    // Called at once, and awaited whatever it gives: an asynchronous function has the type of one that gives nothing.
    new Promise((resolve) => {
      resolve(tell(...said));
    }).catch((error: unknown) => {
      consoleLog('error', "The application's 'log' failed; what it was told is lost.", error);
    });
  };
}
