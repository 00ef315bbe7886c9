export { ashNormalizeBinding, ashParseBinding, type AshBinding } from './binding.js';
export { ashCanonicalizeFormFields, ashCanonicalizeUrlencoded, type AshFormFields } from './canonical-form.js';
export {
  ashCanonicalizeJson,
  ashCanonicalizeValue,
  ashParseJson,
  type AshCanonicalization,
  type AshCanonicalizeOptions,
} from './canonical-json.js';
export {
  ASH_MODES,
  ashDeriveClientSecret,
  ashGenerateContextId,
  ashGenerateNonce,
  isAshContextId,
  type AshIssuedChain,
  type AshIssuedContext,
  type AshMode,
  type AshProtocol,
  type AshQueryCoverage,
} from './context.js';
export { ashErrorMessage, ashErrorStatus } from './error-meanings.js';
export { AshConfigurationError, AshError, isAshError, isAshErrorCode, type AshErrorCode } from './errors.js';
export {
  ASH_CHAIN_PROOF_HEADER,
  ASH_CONTEXT_HEADER,
  ASH_HEADERS,
  ASH_RENEW_HEADER,
  ASH_VERIFIED_HEADER,
} from './headers.js';
export type { AshPayloadKind } from './media-type.js';
export {
  ashBuildProofUnified,
  ashBuildProofV21,
  ashBuildProofV21Chained,
  ashBuildProofV21Scoped,
  ashHashBody,
  ashHashProof,
  ashHashScope,
  ashTimingSafeEqual,
  ashVerifyProofUnified,
  ashVerifyProofV21,
  ashVerifyProofV21Chained,
  ashVerifyProofV21Scoped,
  type AshChainedProof,
  type AshScopedProof,
  type AshUnifiedProof,
} from './proof.js';
export { ashBuildProof, ashVerifyProof } from './proof-v1.js';
export { ashExtractScopedFields, ashHashScopedBody } from './scope-paths.js';
export { ashInit, ashLibraryVersion, ashVersion } from './version.js';
