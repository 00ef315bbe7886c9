import type { AshBodyFacts } from './facts.js';

/** An answer in full, as the handler gave it. */
export interface PlainAnswer {
  readonly status: number;
  /** The content type, as the header has it; empty for none. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** What goes out in its place. */
export interface SealedAnswer {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** A request whose body was opened. */
export interface OpenedRequest {
  /** The body as the handler is to see it, and as the proof covers it. */
  readonly body: AshBodyFacts;
  /**
   * Seals the answer to this request.
   *
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  seal(answer: PlainAnswer): Promise<SealedAnswer>;
}

/** What opens the requests and seals the answers of routes whose payloads are encrypted. */
export interface AshEnvelope {
  /** Why no route can use it, and what mends that; `undefined` where every route can. */
  readonly unfit: string | undefined;
  /**
   * @param body What the application's parser made of a sealed body; of a request without one there is nothing to open.
   * @param contextId The context that the request spends, which the sealed body is good for.
   * @throws AshError `ASH_UNSUPPORTED_CONTENT_TYPE` for a body that is not sealed, `ASH_INTEGRITY_FAILED` for one that cannot
   * be opened, `ASH_TIMESTAMP_INVALID` for one that was sealed too long ago, `ASH_CANONICALIZATION_ERROR` for one that
   * holds no strict JSON, `ASH_RAW_BODY_UNAVAILABLE` for one that no parser has read, `ASH_STORE_UNAVAILABLE`. Their messages
   * go to the log: they hold nothing of what was sealed.
   */
  open(body: AshBodyFacts, contextId: string): Promise<OpenedRequest>;
  /** The secret of a proof, in the place of the context's own, which whoever stands at the end point of TLS has read. */
  completeSecret(contextId: string, clientSecret: string): string;
  /**
   * Seals the refusal of a request, which nobody takes for the answer of a handler.
   *
   * @param contextId The context that the request names, be there one or not.
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  sealRefusal(answer: PlainAnswer, contextId: string): Promise<SealedAnswer>;
}
