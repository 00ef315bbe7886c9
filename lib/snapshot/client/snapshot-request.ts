import { SnapshotError } from '../cipher/errors.js';
import { ashVerifySnapshot } from '../cipher/signature.js';
import type { AshSnapshot } from '../cipher/snapshot.js';
import type { ClientSettings } from './client-settings.js';
import { readSnapshot } from './issued-snapshot.js';
import type { ServerAnswer, ServerExchange } from './server-exchange.js';

const LIFE_HEADER = 'x-ash-snapshot-life';
const SECOND = 1_000;

/** A snapshot that a server answered with, and until when it is that of the moment, in milliseconds of the client's clock. */
export interface AnsweredSnapshot {
  readonly snapshot: AshSnapshot;
  readonly until: number;
}

/**
 * Asks the server for a snapshot, and takes none that is not the server's own and of about now.
 *
 * @param query Which one: `?tick=7`, or nothing for that of the moment.
 * @throws SnapshotError `ASH_CRYPTO_SNAPSHOT_EXPIRED` for one that is not kept or is too far from the clock,
 * `ASH_CRYPTO_SNAPSHOT_FORGED`, `ASH_CRYPTO_SNAPSHOT_INVALID`, `ASH_CRYPTO_SERVER_UNREACHABLE`.
 * @throws CryptoError `ASH_CRYPTO_CLIENT_CLOSED`
 *
 * Source: protocol, section 10.
 */
export async function askForSnapshot(
  query: string,
  settings: ClientSettings,
  exchange: ServerExchange,
): Promise<AnsweredSnapshot> {
  const before = settings.clock();
  const answer = await exchange.get(`/snapshot${query}`, unreachable);
  if (query !== '' && answer.status === 404) throw notKept();
  const snapshot = answer.status === 200 ? readSnapshot(answer.body) : undefined;
  if (snapshot === undefined) throw invalid(answer.status);
  if (!ashVerifySnapshot(settings.secretKey, snapshot)) throw forged();
  if (!isFresh(snapshot.timestamp, settings)) throw tooFar(snapshot.timestamp, settings);
  // From before the request on, so that it ends no later here than at the server.
  return { snapshot, until: before + lifeOf(answer, settings) };
}

/** Whether a second is no further from the clock than the drift. */
export function isFresh(timestamp: number, { clock, maxDrift }: ClientSettings): boolean {
  return Math.abs(Math.floor(clock() / SECOND) - timestamp) <= maxDrift;
}

/** The error of a snapshot that the server keeps no more. */
export function notKept(): SnapshotError {
  return new SnapshotError(
    'ASH_CRYPTO_SNAPSHOT_EXPIRED',
    'The server does not keep the snapshot of this message any more, or never had it: have it encrypted anew.',
  );
}

/** How long a snapshot is that of the moment, in milliseconds. */
function lifeOf({ headers }: ServerAnswer, { tickInterval }: ClientSettings): number {
  const text = headers.get(LIFE_HEADER) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : tickInterval * SECOND;
}

function unreachable(cause: unknown): SnapshotError {
  return new SnapshotError(
    'ASH_CRYPTO_SERVER_UNREACHABLE',
    "The server gave no snapshot; check 'serverUrl', the connection and CORS. No redirect is followed.",
    { cause },
  );
}

function invalid(status: number): SnapshotError {
  return new SnapshotError(
    'ASH_CRYPTO_SNAPSHOT_INVALID',
    `The server answered with status ${status} and no snapshot; check that 'serverUrl' leads to a server of snapshots.`,
  );
}

function forged(): SnapshotError {
  return new SnapshotError(
    'ASH_CRYPTO_SNAPSHOT_FORGED',
    "The snapshot's signature is not one of this client's key: somebody else made it, or the server has another key.",
  );
}

function tooFar(timestamp: number, { clock, maxDrift }: ClientSettings): SnapshotError {
  const off = timestamp - Math.floor(clock() / SECOND);
  const [distance, side] = [Math.abs(off), off < 0 ? 'behind' : 'ahead of'];
  return new SnapshotError(
    'ASH_CRYPTO_SNAPSHOT_EXPIRED',
    `The snapshot is ${distance} s ${side} this client's clock, and 'maxDrift' allows ${maxDrift} s: set the clocks, or somebody replays an old one.`,
  );
}
