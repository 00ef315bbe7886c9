export * from '../server/index.js';
export { ashExpressContext } from './context.js';
export { ashExpressMiddleware } from './middleware.js';
export type { AshExpressContextOptions, AshExpressOptions } from './options.js';
export type { AshExpressHandler, AshExpressNext, AshExpressRequest, AshExpressResponse } from './types.js';
