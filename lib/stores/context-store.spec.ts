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

const OPTIONS = { binding: 'POST /transfer', ttlMs: 1_000 };

/** A plain store with a link, and what `spend` does with a request for it. */
async function linked() {
  const store = new PlainStore();
  const { id, issuedAt } = await store.create(OPTIONS);
  await store.writeLink({ hash: 'h', chain: 'c', step: 's', issuedAt, expiresAt: issuedAt + 1_000 });
  return { store, id, hold: { hash: 'h', holder: `${id}/1` } };
}

describe('AshContextStore', () => {
  it('is not in process unless a store says so, and has nothing to close unless it opened something', async () => {
    const store = new PlainStore();
    expect(store.inProcess).toBe(false);
    await expect(store.close()).resolves.toBeUndefined();
  });

  it('frees the link again where the context cannot be asked for', async () => {
    const { store, id, hold } = await linked();
    store.consume = () => Promise.reject(new Error('down'));
    await expect(store.spend(id, hold)).rejects.toThrow('down');
    await expect(store.getLink('h')).resolves.not.toHaveProperty('holder');
  });

  it('looks at the context of a request whose link was freed while it asked who holds it', async () => {
    const { store, id, hold } = await linked();
    await store.consume(id);
    await store.reserveLink('h', `${id}/0`);
    const getLink = store.getLink;
    store.getLink = async (hash) => {
      await store.releaseLink('h', `${id}/0`);
      return getLink(hash);
    };
    await expect(store.spend(id, hold)).resolves.toBe('already-used');
    await expect(getLink('h')).resolves.not.toHaveProperty('holder');
  });

  it('leaves the context unspent where the link is gone when it asks who holds it', async () => {
    const { store, id, hold } = await linked();
    await store.reserveLink('h', 'other/0');
    store.getLink = () => Promise.resolve(null);
    await expect(store.spend(id, hold)).resolves.toBe('link-taken');
    await expect(store.consume(id)).resolves.toBe('consumed');
  });

  it('asks a store that contradicts itself no further than a few times', async () => {
    const { store, id, hold } = await linked();
    let asked = 0;
    store.reserveLink = () => {
      asked++;
      return Promise.resolve('taken');
    };
    await expect(store.spend(id, hold)).resolves.toBe('link-taken');
    expect(asked).toBe(8);
    await expect(store.consume(id)).resolves.toBe('consumed');
  });
});
