/**
 * Makes an error without a trace of the stack, for one whose place everybody knows: a refused request ends where every
 * refused request ends, and to trace that takes longer than to verify.
 */
export function untraced<T>(make: () => T): T {
  const { stackTraceLimit } = Error;
  // Not by an assignment, which throws where the platform's own objects are frozen.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
