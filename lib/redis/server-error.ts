/** What Redis repeats of a command that it does not know: its parameters, secrets among them. */
const PARAMETERS = /,? with args beginning with:.*/s;

/**
 * An error of ioredis with nothing but its kind, its code and its sentence. ioredis attaches the command with all its
 * parameters, and those hold the nonce of a context or the password of the server: no log may show them.
 */
export function withoutParameters(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const { code } = error as { code?: unknown };
  const first = error instanceof AggregateError ? (error.errors as unknown[])[0] : undefined;
  const sentence = [error.message, first instanceof Error ? first.message : '', code].find(
    (text) => typeof text === 'string' && text !== '',
  );
  const bare = new Error((typeof sentence === 'string' ? sentence : error.name).replace(PARAMETERS, ''));
  bare.name = error.name;
  return typeof code === 'string' ? Object.assign(bare, { code }) : bare;
}

/** Whether the server refuses since it does not have the script. */
export function isScriptMissing(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** Whether the server refuses since it is a replica: the client was left behind by a promotion. */
export function isReadOnly(error: Error): boolean {
  return error.message.includes('READONLY');
}

/** Whether the server refuses since the user may not run the command. */
export function isForbidden(error: Error): boolean {
  return error.message.includes('NOPERM') || error.message.includes("can't run this command");
}
