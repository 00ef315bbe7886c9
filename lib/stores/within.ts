/**
 * What is awaited, if it comes in time. What comes later is dropped, a rejection too: whoever asked for more than the
 * answer sees to it.
 *
 * @param late Makes the error of the one that comes too late.
 */
export async function within<T>(awaited: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
  });
  try {
    return await Promise.race([awaited, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
