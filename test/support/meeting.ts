import type { AshContextStore } from 'nestjs-ash';

/**
 * Lets the next `count` readings of a store answer only when all of them were made: the requests that make them have
 * seen one state, and the store alone decides between them.
 */
export function meetAt(store: AshContextStore, method: 'get' | 'getLink', count: number): void {
  const read: (key: string) => Promise<unknown> = store[method].bind(store);
  let missing = count;
  let begin: (() => void) | undefined;
  const everybody = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const meet = async (key: string): Promise<unknown> => {
    const answer = await read(key);
    missing -= 1;
    if (missing === 0) {
      // The store's own method stands beneath, on its class.
      Reflect.deleteProperty(store, method);
      begin?.();
    }
    await everybody;
    return answer;
  };
  Object.assign(store, { [method]: meet });
}
