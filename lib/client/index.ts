export { AshClient } from './ash-client.js';
export type { AshBuildHeadersOptions } from './build-headers.js';
export type { AshChainState, AshClientChain } from './chain.js';
export { AshClientError, isAshClientError, type AshClientErrorCode } from './errors.js';
export type { AshPayloadKind } from '../core/media-type.js';
export type { AshClientHeaders, AshClientOptions, AshCredentials, AshFetch } from './options.js';
export type {
  AshCallOptions,
  AshContextRequestOptions,
  AshFetchInit,
  AshPrefetchOptions,
  AshRequestOptions,
} from './request.js';
export type { AshVerbs } from './verbs.js';
