import type { AshErrorCode, AshMode, AshProtocol } from '../core/index.js';
import type { AshContextMetadata } from '../stores/context.js';
import type { ChainStep } from './chain.js';
import type { AshContextStore } from '../stores/context-store.js';
import type { OpenedRequest } from './envelope.js';
import type { AshExplanation } from './explain.js';
import type { Renewal } from './renewal.js';
import type { Spending } from './spending.js';

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
  /**
   * Spends the context, on a route with `spend: 'handler'`: the handler calls it before it changes anything, within the
   * transaction that holds its own writes.
   *
   * @param store The store inside the transaction; default the module's.
   * @throws The refusal that the guard would have thrown: of any number of requests one is let through.
   * @throws AshConfigurationError on any other route, where the guard has spent the context.
   * @example
   * await dataSource.transaction(async (manager) => {
   *   await ash.spend(store.withManager(manager));
   *   await manager.increment(Account, { id: dto.to }, 'balance', dto.amount);
   * });
   */
  readonly spend: (store?: AshContextStore) => Promise<void>;
}

/** A request that passed. Its context is spent, unless the route leaves that to its handler. */
export interface AshPass {
  readonly ok: true;
  /** Whether the answer to a refusal that comes later may name its code: not in `strict` mode. */
  readonly namesCode: boolean;
  readonly request: AshVerifiedRequest;
  /** What the handler has to spend, on a route that leaves it to the handler. */
  readonly spending: Spending | undefined;
  /** The next context, where the client asks for it. */
  readonly renewal: Renewal | undefined;
  /** Whether the handler is to receive `request.payload` instead of the body. */
  readonly replacesBody: boolean;
  /** What seals the answer, and the body that was opened, on a route whose payloads are encrypted. */
  readonly opened: OpenedRequest | undefined;
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
