export * from '../core/index.js';
export {
  ashContext,
  ashNewContext,
  type AshContext,
  type AshContextMetadata,
  type AshContextOptions,
} from '../stores/context.js';
export {
  AshContextStore,
  type AshChainLink,
  type AshConsumeResult,
  type AshLinkHold,
  type AshReserveResult,
  type AshSpendResult,
  type AshStoredLink,
} from '../stores/context-store.js';
export { AshMemoryStore, type AshMemoryStoreOptions } from '../stores/memory.store.js';
export { AshSealedStore, type AshSealedStoreOptions } from '../stores/sealed.store.js';
export { ashGenerateKey, type AshSealingKey } from '../stores/sealing-key.js';
export type { AshMarkResult, AshSpentMark, AshSpentSet } from '../stores/spent-set.js';
export type { AshApplicationOptions } from '../verification/application-options.js';
export type { AshAudit } from '../verification/audit.js';
export type { AshChainOptions } from '../verification/chain-rules.js';
export type { AshContextEndpointOptions } from '../verification/context-endpoint.js';
export type { AshComponent, AshExplanation } from '../verification/explain.js';
export type { AshRequestLike } from '../verification/facts.js';
export type { AshIssueOptions } from '../verification/issuer.js';
export type { AshPolicyOptions, AshSpend, AshUnscoped } from '../verification/policy.js';
export type {
  AshEvents,
  AshLog,
  AshPerRequest,
  AshRefusedEvent,
  AshSubjectFunction,
  AshVerifiedEvent,
} from '../verification/protected-route.js';
export type { AshErrorBody, AshStatuses } from '../verification/refusal.js';
export type { AshRouteOptions } from '../verification/route-options.js';
export type { AshPass, AshRefusal, AshVerifiedRequest, AshVerifyResult } from '../verification/verdict.js';
export type { AshBindingOptions, AshBindings, AshChainPlace, AshServerOptions } from './options.js';
export { AshRefusalError } from './refusal-error.js';
export { ashIssue, ashRefusalBody, ashVerify } from './verify.js';
