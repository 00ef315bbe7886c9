/**
 * What is awaited, if it comes in time. What comes later is dropped, a rejection too: whoever asked for more than the
 * answer sees to it.
 *
 * @param late Makes the error of the one that comes too late.
 */
export function within<T>(awaited: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
    // A store is somebody else's code, and may give its answer as it is.
    Promise.resolve(awaited).then(
      (answer) => {
        clearTimeout(timer);
        resolve(answer);
      },
      (error: unknown) => {
        clearTimeout(timer);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever it is, it goes on
        reject(error);
      },
    );
  });
}
