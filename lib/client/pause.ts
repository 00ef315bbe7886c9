const SHORTEST = 200;
const SPREAD = 200;
const LONGEST = 5_000;

/**
 * Waits before a server that was busy is asked once more: as long as it asks for, up to five seconds, and otherwise for a
 * moment of a random length, so that clients which were refused together do not come back together.
 *
 * @throws the reason of `signal`, at once when it is aborted.
 *
 * Source: RFC 9110, section 10.2.3.
 */
export function pause(response: Response | undefined, signal: AbortSignal | undefined): Promise<void> {
  const seconds = Number(response?.headers.get('retry-after') ?? Number.NaN);
  const asked = seconds >= 0 ? Math.min(seconds * 1_000, LONGEST) : 0;
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      asked + SHORTEST + Math.random() * SPREAD,
    );
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
