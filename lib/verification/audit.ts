import { AshConfigurationError } from '../core/index.js';

/** What is done about routes that change state and are not protected: nothing, a warning, or an error at start-up. */
export type AshAudit = 'off' | 'warn' | 'error';

const AUDITS: readonly string[] = ['off', 'warn', 'error'] satisfies AshAudit[];

/** RFC 9110, section 9.2.1, and the searching methods: every other one can change state. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'SEARCH', 'PROPFIND', 'QUERY']);

/** Whether a method can change state, `ALL` for every one too. */
export function changesState(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

/** @throws AshConfigurationError */
export function checkAudit(name: string, audit: AshAudit | undefined): void {
  if (audit === undefined || AUDITS.includes(audit)) return;
  throw new AshConfigurationError(`${name}: 'audit' is one of ${AUDITS.join(', ')}, not '${audit}'.`);
}

/** What an audit found. */
interface AuditFindings {
  /** Default `warn`. */
  readonly audit: AshAudit | undefined;
  /** The routes that change state and are not protected, in words. */
  readonly open: readonly string[];
  /** What a route is given so that it is protected, or exempt. */
  readonly mend: string;
  readonly warn: (message: string) => void;
}

/**
 * Says which routes change state and are not protected.
 *
 * @param name Who audits, for the message.
 * @throws AshConfigurationError where the audit demands it.
 */
export function auditOpenRoutes(name: string, { audit = 'warn', open, mend, warn }: AuditFindings): void {
  if (audit === 'off' || open.length === 0) return;
  const message = `these routes change state and are not protected: ${open.join('; ')}. ${mend}`;
  if (audit === 'error') throw new AshConfigurationError(`${name}: ${message}`);
  warn(message);
}
