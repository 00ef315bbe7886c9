/** What Fastify itself takes beside the options of a plugin. */
const OF_FASTIFY: readonly string[] = ['prefix', 'logLevel', 'logSerializers'];

/** The options that are the plugin's own. */
export function pluginOptions<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !OF_FASTIFY.includes(key))) as T;
}

/** Sets a plugin up. Fastify hears of what is thrown by way of a promise alone: it would end the process otherwise. */
export function setUp(act: () => void): Promise<void> {
  return new Promise((resolve) => {
    act();
    resolve();
  });
}
