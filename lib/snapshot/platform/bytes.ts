/**
 * Bytes in memory of their own, as `fetch`, `Blob` and `crypto.subtle` take them: a `Uint8Array<ArrayBuffer>`, and for
 * TypeScript before 5.7 a `Uint8Array`.
 */
export type AshBytes = ReturnType<Uint8ArrayConstructor['from']>;
