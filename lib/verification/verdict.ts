import type { AshErrorCode, AshMode, AshProtocol } from '../core/index.js';
import type { AshContextMetadata } from '../stores/context.js';
import type { ChainStep } from './chain.js';
import type { AshExplanation } from './explain.js';

/** What a handler learns of the request that was verified. It holds no secret. */
export interface AshVerifiedRequest {
  readonly contextId: string;
  readonly binding: string;
  readonly mode: AshMode;
  readonly protocol: AshProtocol;
  readonly subject?: string;
  readonly metadata?: AshContextMetadata;
  /** The paths that the proof covers; empty for the whole payload. */
  readonly scope: readonly string[];
  /** What the proof covers: a JSON value, the fields of a form, or the bytes of a raw body. */
  readonly payload: unknown;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly verifiedAt: number;
}

/** A request that passed. Its context is spent. */
export interface AshPass {
  readonly ok: true;
  readonly request: AshVerifiedRequest;
  /** Whether the handler is to receive `request.payload` instead of the body. */
  readonly replacesBody: boolean;
  /** What is left to do when the handler has ended, on a route of a chain. */
  readonly step: ChainStep | undefined;
}

/** A request that is refused. Its context is unspent, unless the code says that it was spent before. */
export interface AshRefusal {
  readonly ok: false;
  readonly code: AshErrorCode;
  /** A sentence for the client. It names no expected value. */
  readonly message: string;
  /** Whether an error body may name the code: not in `strict` mode. */
  readonly namesCode: boolean;
  /** The context that the request named, if it named one. */
  readonly contextId: string | undefined;
  /** In development only. */
  readonly explanation: AshExplanation | undefined;
  /** The error beneath, for the log. */
  readonly cause: unknown;
}

/** The verdict over a request. */
export type AshVerifyResult = AshPass | AshRefusal;
