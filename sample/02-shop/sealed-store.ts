import { randomBytes } from 'node:crypto';
import { AshSealedStore } from 'nestjs-ash/server';
import type { Environment } from './environment.js';
import type { ShopStore, SpentStore } from './shop-store.js';

/** Contexts that are sealed with the keys of `SEALED_KEYS`; the store beneath keeps what is spent. */
export async function makeSealedStore(
  { SEALED_KEYS }: Environment,
  makeBeneath: () => Promise<ShopStore<SpentStore>>,
): Promise<ShopStore> {
  const keys = SEALED_KEYS === undefined ? [{ id: 'own', secret: randomBytes(32) }] : keysOf(SEALED_KEYS);
  const warning = SEALED_KEYS === undefined ? '. Without SEALED_KEYS no other process can open them' : '';
  const beneath = await makeBeneath();
  try {
    const store = new AshSealedStore({ keys, spent: beneath.store });
    // It has nothing of its own to end.
    return { ...beneath, store, note: `with the client, sealed; what is spent is kept ${beneath.note}${warning}` };
  } catch (error) {
    await beneath.close();
    throw error;
  }
}

/** Reads `id:secret,id:secret`, and shows none of it in an error. */
function keysOf(list: string): { id: string; secret: string }[] {
  return list.split(',').map((entry, index) => {
    const [id, secret, ...rest] = entry.trim().split(':');
    if (id !== undefined && secret !== undefined && rest.length === 0) return { id, secret };
    throw new Error(`SEALED_KEYS is a list of id:secret, separated by commas, and entry ${index + 1} of it is not.`);
  });
}
