export * from './core/index.js';
export { ASH_OPTIONS } from './ash.module-definition.js';
export { AshException } from './ash.exception.js';
export { AshGuard } from './ash.guard.js';
export { AshInterceptor } from './ash.interceptor.js';
export { AshModule } from './ash.module.js';
export type {
  AshControllerOptions,
  AshModuleExtras,
  AshModuleOptions,
  AshOptionsFactory,
  AshRequest,
} from './ash.options.js';
export { AshRoutes } from './ash.routes.js';
export { AshService } from './ash.service.js';
export { AshVerdicts } from './ash.verdicts.js';
export { AshChain } from './decorators/ash-chain.decorator.js';
export { AshProtected } from './decorators/ash-protected.decorator.js';
export { AshVerified } from './decorators/ash-verified.decorator.js';
export { SkipAsh } from './decorators/skip-ash.decorator.js';
export {
  ashContext,
  ashNewContext,
  type AshContext,
  type AshContextMetadata,
  type AshContextOptions,
} from './stores/context.js';
export {
  AshContextStore,
  type AshChainLink,
  type AshConsumeResult,
  type AshLinkHold,
  type AshReserveResult,
  type AshSpendResult,
  type AshStoredLink,
} from './stores/context-store.js';
export { AshMemoryStore, type AshMemoryStoreOptions } from './stores/memory.store.js';
export { AshSealedStore, type AshSealedStoreOptions } from './stores/sealed.store.js';
export { ashGenerateKey, type AshSealingKey } from './stores/sealing-key.js';
export type { AshMarkResult, AshSpentMark, AshSpentSet } from './stores/spent-set.js';
export type { AshApplicationOptions } from './verification/application-options.js';
export type { AshAudit } from './verification/audit.js';
export type { AshChainOptions } from './verification/chain-rules.js';
export type { AshComponent, AshExplanation } from './verification/explain.js';
export type { AshRequestLike } from './verification/facts.js';
export type { AshIssueOptions } from './verification/issuer.js';
export type { AshPolicyOptions, AshSpend, AshUnscoped } from './verification/policy.js';
export type {
  AshEvents,
  AshPerRequest,
  AshRefusedEvent,
  AshSubjectFunction,
  AshVerifiedEvent,
} from './verification/protection.js';
export type { AshErrorBody, AshStatuses } from './verification/refusal.js';
export type { AshRouteOptions } from './verification/route-options.js';
export type { AshPass, AshRefusal, AshVerifiedRequest, AshVerifyResult } from './verification/verdict.js';
