/** What `toThrow` takes for a mistake in the set-up, whatever error lies beneath it. */
export function configurationError(message: string): Error {
  return expect.objectContaining({ name: 'AshConfigurationError', message }) as Error;
}
