import type { AshErrorCode } from '../core/index.js';
import type { AshExplanation } from './explain.js';
import type { AshRequestLike } from './facts.js';
import type { AshRoutePolicy } from './policy.js';
import type { AshStatuses } from './refusal.js';
import type { AshVerifiedRequest } from './verdict.js';

/** A value, or a function that gives it for a request. */
export type AshPerRequest<T, R = AshRequestLike> = T | OfRequest<R, T>;

/**
 * A function of the request. It has the type of a method, whose parameter an application may declare as its own
 * framework's request, with what it put there.
 */
type OfRequest<R, T> = { of(request: R): T }['of'];

/** A listener, whose request is typed as that of {@link OfRequest}. */
type Listener<E, R> = { of(event: E, request: R): void | Promise<void> }['of'];

/** Tells who sends a request: the identifier of a user, a session or a tenant; nothing for nobody. */
export type AshSubjectFunction<R = AshRequestLike> = OfRequest<
  R,
  string | null | undefined | Promise<string | null | undefined>
>;

/** A request was verified, and its context is spent. */
export interface AshVerifiedEvent {
  /** The route in words: `PaymentsController.transfer`. */
  readonly route: string;
  readonly request: AshVerifiedRequest;
}

/** A request was refused. It holds no secret and no expected value. */
export interface AshRefusedEvent {
  /** The route in words: `PaymentsController.transfer`. */
  readonly route: string;
  /** The true code, also where `strict` mode hides it from the client. */
  readonly code: AshErrorCode;
  readonly message: string;
  readonly contextId: string | undefined;
  readonly explanation: AshExplanation | undefined;
  /** The error beneath, for `ASH_STORE_UNAVAILABLE`. */
  readonly cause: unknown;
}

/** What an application wants to be told of. What it throws is logged and changes no verdict. */
export interface AshEvents<R = AshRequestLike> {
  readonly onVerified?: Listener<AshVerifiedEvent, R> | undefined;
  readonly onRefused?: Listener<AshRefusedEvent, R> | undefined;
}

/** A route's policy with what the application does around it. */
export interface ProtectedRoute<R = AshRequestLike> extends AshRoutePolicy, AshEvents<R> {
  /** The life of a context, in milliseconds. */
  readonly ttl: AshPerRequest<number, R>;
  readonly subject: AshSubjectFunction<R> | undefined;
  readonly statuses: AshStatuses;
  /** Whether a client that asks for its next context gets it in the answer. */
  readonly renewal: boolean;
}

/** Where messages for the operator go. */
export type AshLog = (level: 'error' | 'warn' | 'debug', message: string, cause?: unknown) => void;
