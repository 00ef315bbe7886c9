export * from './server/index.js';
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
export { AshVerdicts, type AshReachedVerdict } from './ash.verdicts.js';
export { AshChain } from './decorators/ash-chain.decorator.js';
export { AshProtected } from './decorators/ash-protected.decorator.js';
export { AshVerified } from './decorators/ash-verified.decorator.js';
export { SkipAsh } from './decorators/skip-ash.decorator.js';
