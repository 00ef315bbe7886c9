/** What a piece of work gives, unless a signal ends the wait for it: it rejects with the signal's reason then. */
export function until<T>(work: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', end));
  });
}
