import type { AshClient, AshFetch } from 'nestjs-ash/client';

/** What a proof covers of a body. */
export type Covered = 'json' | 'form' | 'raw' | 'nothing';

export interface BodyKind {
  readonly title: string;
  readonly covers: Covered;
  /** What the shop's ledger counts. */
  readonly runs: string;
  /** The parts of a form with files: a name with the value, or with the name of the file. */
  readonly fields?: readonly (readonly [string, string])[];
  readonly send: (
    ash: AshClient,
    options: { readonly base: string; readonly own: { readonly fetch?: AshFetch } },
  ) => Promise<Response>;
}

export interface Change {
  readonly title: string;
  /** The bodies that it can be made to. */
  readonly to: readonly Covered[];
  /** The code of the refusal. */
  readonly code: string;
}

export interface Observation {
  readonly status: number;
  /** What the handler says that it got. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  /** The content type that was sent. */
  readonly type: string | null;
  readonly fields?: readonly (readonly [string, string])[];
}

export interface ChangeObservation {
  readonly status?: number;
  readonly code?: string;
  readonly mayHaveRun?: boolean;
  readonly sendings: number;
}

export const BODY_KINDS: readonly BodyKind[];
export const CHANGES: readonly Change[];
export function observe(kind: BodyKind, ash: AshClient, base: string): Promise<Observation>;
export function observeChange(kind: BodyKind, change: Change, ash: AshClient, base: string): Promise<ChangeObservation>;
