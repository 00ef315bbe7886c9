import { AshContextStore } from './context-store.js';
import { AshMemoryStore } from './memory.store.js';

/** A store that says nothing of itself beyond what it has to. */
class PlainStore extends AshContextStore {
  private readonly memory = new AshMemoryStore();
  create = this.memory.create.bind(this.memory);
  get = this.memory.get.bind(this.memory);
  consume = this.memory.consume.bind(this.memory);
  cleanup = this.memory.cleanup.bind(this.memory);
  writeLink = this.memory.writeLink.bind(this.memory);
  getLink = this.memory.getLink.bind(this.memory);
  reserveLink = this.memory.reserveLink.bind(this.memory);
  releaseLink = this.memory.releaseLink.bind(this.memory);
}

describe('AshContextStore', () => {
  it('is not in process unless a store says so, and has nothing to close unless it opened something', async () => {
    const store = new PlainStore();
    expect(store.inProcess).toBe(false);
    await expect(store.close()).resolves.toBeUndefined();
  });
});
