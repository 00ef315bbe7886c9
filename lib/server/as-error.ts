/** What was thrown, as an error: a framework takes nothing, and some words, for leave to go on. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('What was thrown is no error.', { cause: thrown });
}
