export * from '../server/index.js';
export { ashFastifyContext } from './context.js';
export { ashFastifyPlugin } from './plugin.js';
export type { AshFastifyContextOptions, AshFastifyIssuer, AshFastifyOptions, AshFastifyRouteOptions } from './types.js';
