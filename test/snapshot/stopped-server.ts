import {
  AshSnapshotModule,
  type AshSnapshotControllerOptions,
  type AshSnapshotModuleOptions,
} from 'nestjs-ash/snapshot';
import type { Setup } from '../module/application.js';

/** The secret key of the servers under test. */
export const KEY = new Uint8Array(32).fill(7);
/** When their clock stands still. */
export const START = 1_740_904_491_250;

/** A server of snapshots, whose clock stands still. */
export function snapshots(
  options: AshSnapshotModuleOptions & { readonly controller?: AshSnapshotControllerOptions | false } = {},
): Setup {
  return { imports: [AshSnapshotModule.forRoot({ secretKey: KEY, clock: () => START, ...options })] };
}
