export { AshClient } from './ash-client.js';
export type { AshBuildHeadersOptions } from './build-headers.js';
export type { AshClientChain, AshClientChainOptions } from './chain.js';
export { AshClientError, isAshClientError, type AshClientErrorCode } from './errors.js';
export type { AshPayloadKind } from '../core/media-type.js';
export type { AshClientHeaders, AshClientOptions, AshCredentials, AshFetch } from './options.js';
export type { AshCallOptions, AshContextRequestOptions, AshFetchInit, AshRequestOptions } from './request.js';
export type { AshVerbs } from './verbs.js';
