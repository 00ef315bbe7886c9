export interface VectorCase {
  title: string;
  run: () => [actual: unknown, expected: unknown];
}

export function vectorCases(ash: object, vectors: Record<string, unknown[]>): VectorCase[];
export function snapshotCases(snapshot: object, vectors: Record<string, unknown[]>): VectorCase[];
