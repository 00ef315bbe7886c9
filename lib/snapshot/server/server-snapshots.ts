import { AshConfigurationError } from '../../core/index.js';
import type { AshSeedSet } from '../../stores/seed-set.js';
import type { AshLog } from '../../verification/protected-route.js';
import type { AshCipher } from '../cipher/cipher.js';
import { cipherNamed, MessageSealer } from '../cipher/message-sealer.js';
import { AshSnapshots } from './ash-snapshots.js';
import { Handshakes } from './handshakes.js';
import { derivedSeeds } from './seeds.js';
import { SharedSeeds } from './shared-seeds.js';
import { SnapshotSource } from './snapshot-source.js';

const SECOND = 1_000;

/** All that the snapshots of a server need, checked and complete. */
export interface SnapshotSettings {
  readonly secretKey: Uint8Array;
  /** Seconds. */
  readonly tickInterval: number;
  /** Seconds. */
  readonly maxDrift: number;
  /** Bytes. */
  readonly hashSize: number;
  readonly cipher: AshCipher;
  /** Where processes agree on seeds; `undefined` where the seeds follow from the key. */
  readonly store: AshSeedSet | undefined;
  /** Milliseconds. */
  readonly storeTimeout: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly maxHandshakes: number;
  /** Seconds. */
  readonly handshakeTtl: number;
}

/**
 * The snapshots of a server by its settings.
 *
 * @param owner Whose settings they are, for the messages.
 * @param log Where it is said that the store failed.
 * @throws AshConfigurationError for a cipher that is not known, or cannot work with these ticks.
 */
export function snapshotsOf(owner: string, settings: SnapshotSettings, log: AshLog): AshSnapshots {
  const { secretKey, cipher, store, clock } = settings;
  if (cipher === 'array-crypto' && !Number.isInteger(settings.tickInterval)) {
    throw new AshConfigurationError(
      `${owner}: 'tickInterval' is in whole seconds with the cipher 'array-crypto', whose messages name their snapshot by a second.`,
    );
  }
  const seeds =
    store === undefined ? derivedSeeds(secretKey) : new SharedSeeds({ store, timeout: settings.storeTimeout, log });
  const source = new SnapshotSource({
    secretKey,
    interval: Math.round(settings.tickInterval * SECOND),
    kept: Math.round(settings.maxDrift * SECOND),
    seeds,
    clock,
  });
  const handshakes = new Handshakes({
    hashSize: settings.hashSize,
    ttl: settings.handshakeTtl * SECOND,
    limit: settings.maxHandshakes,
    clock,
  });
  const sealer = new MessageSealer(cipherNamed(owner, cipher, secretKey), source);
  return new AshSnapshots({ secretKey, source, sealer, handshakes, clock });
}
