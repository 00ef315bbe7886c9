import {
  ASH_MODES,
  AshConfigurationError,
  type AshCanonicalization,
  type AshMode,
  type AshProtocol,
  type AshQueryCoverage,
} from '../core/index.js';
import { listOf } from '../core/configuration.js';
import { DEFAULT_MAX_PAYLOAD_BYTES } from '../core/canonical-json.js';
import type { AshPayloadKind } from '../core/media-type.js';
import { ASH_PROTOCOLS } from '../core/formulas.js';
import { ashProtocolRules } from '../core/protocols.js';
import { ashCompileScope, type AshScope } from '../core/scope.js';
import type { ChainRule } from './chain-rules.js';
import type { AshEnvelope } from './envelope.js';
import type { RouteBinding } from './route-binding.js';

/** What becomes of members outside the scope: they pass as they came, are taken out, or refuse the request. */
export type AshUnscoped = 'allow' | 'strip' | 'reject';

/** Who spends a context: the guard before the handler runs, or the handler in a transaction of its own. */
export type AshSpend = 'guard' | 'handler';

/** What a policy says, on the module for every route and on a route for itself. */
export interface AshPolicyOptions {
  /** The preset of all settings that are not given one by one. Default `balanced`. Source: protocol, section 7. */
  readonly mode?: AshMode;
  /** The formula of the proof. Default `v2.3`; `v1` has no secret and detects accidents and replays only. */
  readonly protocol?: AshProtocol;
  /** The paths that the proof covers. None covers the whole payload. Source: protocol, section 5. */
  readonly scope?: readonly string[];
  /** What becomes of members outside the scope. Default `allow`, in `strict` mode `reject`. */
  readonly unscoped?: AshUnscoped;
  /** Whether the proof covers the query. Default `cover`, in `minimal` mode `ignore`. */
  readonly query?: AshQueryCoverage;
  /** Which bodies the route takes. Default `['json', 'form']`; with a scope `['json']`. */
  readonly payload?: AshPayloadKind | readonly AshPayloadKind[];
  /** The canonical form of JSON. Default `jcs`. */
  readonly canonicalization?: AshCanonicalization;
  /** Largest canonical payload, in bytes. Default 1,048,576. */
  readonly maxPayloadBytes?: number;
  /**
   * How far the timestamp may be from the server's clock, in milliseconds; `false` compares nothing. Default 300,000,
   * in `strict` mode 30,000, in `minimal` mode `false`.
   */
  readonly timestampTolerance?: number | false;
  /**
   * Who spends the context: the guard before the handler (the default), or the handler itself, by `ash.spend(…)` within
   * the transaction of its own writes. A handler that succeeds without having spent is answered 500.
   */
  readonly spend?: AshSpend;
}

/** The option names of {@link AshPolicyOptions} that a whole application can have. */
export const POLICY_OPTION_KEYS = [
  'mode',
  'protocol',
  'scope',
  'unscoped',
  'query',
  'payload',
  'canonicalization',
  'maxPayloadBytes',
  'timestampTolerance',
] as const satisfies readonly (keyof AshPolicyOptions)[];

/** What a mode presets. Source: protocol, section 7. */
interface ModePreset {
  readonly timestampTolerance: number | false;
  readonly query: AshQueryCoverage;
  readonly unscoped: AshUnscoped;
  /** The longest life of a context, in milliseconds. */
  readonly longestTtl: number;
  /** Whether an error body names its code. */
  readonly namesCode: boolean;
}

const PRESETS: Readonly<Record<AshMode, ModePreset>> = {
  minimal: { timestampTolerance: false, query: 'ignore', unscoped: 'allow', longestTtl: 3_600_000, namesCode: true },
  balanced: { timestampTolerance: 300_000, query: 'cover', unscoped: 'allow', longestTtl: 900_000, namesCode: true },
  strict: { timestampTolerance: 30_000, query: 'cover', unscoped: 'reject', longestTtl: 60_000, namesCode: false },
};

/** The settings of a route under one mode: its own where it names them, the mode's otherwise. */
export interface ModeSettings {
  readonly timestampTolerance: number | false;
  readonly query: AshQueryCoverage;
  readonly unscoped: AshUnscoped;
  readonly namesCode: boolean;
}

/** What one route demands of its requests: the options of module and route, checked and ready. */
export interface AshRoutePolicy {
  /** The route in words, for messages: `PaymentsController.transfer`. */
  readonly name: string;
  readonly bindings: readonly RouteBinding[];
  /**
   * Where nobody has held the declared bindings against the router's: the path of each request says which of them it
   * is bound to, after the prefix that a proxy strips. No binding at all is the request's own.
   */
  readonly unmapped: { readonly publicPrefix: string } | undefined;
  readonly mode: AshMode;
  readonly protocol: AshProtocol;
  readonly scope: AshScope | undefined;
  readonly payload: ReadonlySet<AshPayloadKind>;
  readonly canonicalization: AshCanonicalization;
  readonly maxPayloadBytes: number;
  readonly chain: ChainRule | undefined;
  readonly spend: AshSpend;
  /** What opens the requests and seals the answers of a route whose payloads are encrypted. */
  readonly envelope: AshEnvelope | undefined;
  /** Whether contexts are issued to a subject and verified against it. */
  readonly needsSubject: boolean;
  /** Whether a refusal is explained to the client: in development only. */
  readonly explain: boolean;
  /** The settings by the mode of the verification, which is the stricter of the route's and the context's. */
  readonly settings: Readonly<Record<AshMode, ModeSettings>>;
}

/** What a route's policy is made from. */
export interface PolicySource {
  readonly name: string;
  readonly bindings: readonly RouteBinding[];
  /** The options of the module under those of the controller under those of the route. */
  readonly options: AshPolicyOptions;
  readonly chain?: ChainRule | undefined;
  readonly needsSubject?: boolean;
  readonly explain?: boolean;
  readonly unmapped?: AshRoutePolicy['unmapped'];
  readonly envelope?: AshEnvelope | undefined;
}

/**
 * Checks the options of a route and makes its policy.
 *
 * @throws AshConfigurationError that names the route, the option and the mend.
 */
export function compilePolicy(source: PolicySource): AshRoutePolicy {
  const { name, bindings, options, chain, needsSubject = false, explain = false, unmapped, envelope } = source;
  checkPolicyOptions(name, options);
  const { mode = 'balanced', protocol = 'v2.3' } = options;
  const scope = compileScope(name, options.scope);
  const kinds = scope === undefined && envelope === undefined ? (['json', 'form'] as const) : 'json';
  const payload = new Set<AshPayloadKind>(listOf(options.payload ?? kinds));
  const fail = (what: string): never => {
    throw new AshConfigurationError(`${name}: ${what}.`);
  };

  const rules = ashProtocolRules(protocol);
  if (scope !== undefined) checkScopeFits(name, { protocol, payload });
  if (chain !== undefined && !rules.coversChain)
    fail(`'${protocol}' covers no chain; use 'v2.3' on a route with @AshChain`);
  if (payload.has('raw') && payload.size > 1)
    fail("payload 'raw' stands alone, since the same bytes may not be read in two ways");
  if (payload.has('raw') && !rules.keyed) fail(`'${protocol}' has no body hash; payload 'raw' needs 'v2.1' or later`);
  if (payload.has('form') && scope !== undefined) fail("a scope needs a JSON payload; set payload to 'json'");
  if (envelope !== undefined) checkEnvelopeFits(name, { envelope, payload, protocol, query: options.query });
  const settings = envelope === undefined ? options : { ...options, query: 'cover' as const };

  return {
    name,
    bindings,
    unmapped,
    mode,
    protocol,
    scope,
    payload,
    canonicalization: options.canonicalization ?? 'jcs',
    maxPayloadBytes: options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES,
    chain,
    spend: options.spend ?? 'guard',
    envelope,
    needsSubject,
    explain,
    settings: {
      minimal: settingsOf(settings, 'minimal'),
      balanced: settingsOf(settings, 'balanced'),
      strict: settingsOf(settings, 'strict'),
    },
  };
}

/**
 * Checks that a route can have a scope, be it the route's or one that is given to a context by hand.
 *
 * @throws AshConfigurationError
 */
export function checkScopeFits(
  name: string,
  { protocol, payload }: Pick<AshRoutePolicy, 'protocol' | 'payload'>,
): void {
  if (!ashProtocolRules(protocol).coversScope) {
    throw new AshConfigurationError(`${name}: '${protocol}' covers no scope; use 'v2.3' or leave 'scope' out.`);
  }
  if (payload.has('json')) return;
  const kinds = [...payload].join("', '");
  throw new AshConfigurationError(`${name}: a scope needs a JSON payload; leave 'scope' or payload '${kinds}' out.`);
}

/** Checks that the payloads of a route can be encrypted. */
function checkEnvelopeFits(
  name: string,
  {
    envelope,
    payload,
    protocol,
    query,
  }: Pick<AshRoutePolicy, 'payload' | 'protocol'> & {
    envelope: AshEnvelope;
    query: AshQueryCoverage | undefined;
  },
): void {
  if (envelope.unfit !== undefined)
    throw new AshConfigurationError(`${name}: @AshEncrypted() cannot encrypt: ${envelope.unfit}.`);
  if (!ashProtocolRules(protocol).keyed) {
    throw new AshConfigurationError(
      `${name}: a proof of '${protocol}' has no secret, and would tell whether a guess of what @AshEncrypted() seals is right; use 'v2.3'.`,
    );
  }
  if (query === 'ignore') {
    throw new AshConfigurationError(
      `${name}: @AshEncrypted() covers the query, which could be changed past the end point of TLS; leave 'query' out.`,
    );
  }
  if (payload.has('json') && payload.size === 1) return;
  throw new AshConfigurationError(
    `${name}: @AshEncrypted() seals JSON alone, and payload names '${[...payload].join("', '")}': leave 'payload' out.`,
  );
}

/** The stricter of two modes. */
export function stricterMode(a: AshMode, b: AshMode): AshMode {
  return ASH_MODES.indexOf(a) >= ASH_MODES.indexOf(b) ? a : b;
}

/** The longest life of a context in a mode, in milliseconds. Source: protocol, section 7. */
function longestTtl(mode: AshMode): number {
  return PRESETS[mode].longestTtl;
}

/**
 * Checks the life of a context against the bound of its mode.
 *
 * @throws AshConfigurationError
 */
export function checkTtl(name: string, ttl: number, mode: AshMode): void {
  if (!Number.isFinite(ttl) || ttl <= 0) {
    throw new AshConfigurationError(`${name}: 'ttl' is a positive number of milliseconds, not ${String(ttl)}.`);
  }
  if (ttl > longestTtl(mode)) {
    throw new AshConfigurationError(
      `${name}: 'ttl' is ${String(ttl)} ms, and mode '${mode}' allows ${String(longestTtl(mode))} ms at most.`,
    );
  }
}

const CHOICES = {
  mode: ASH_MODES,
  protocol: ASH_PROTOCOLS,
  unscoped: ['allow', 'strip', 'reject'],
  query: ['cover', 'ignore'],
  canonicalization: ['jcs', 'jcs-nfc'],
  spend: ['guard', 'handler'],
} as const;

const PAYLOAD_KINDS: readonly string[] = ['json', 'form', 'raw'];

/**
 * Checks the values of policy options, whoever gives them.
 *
 * @throws AshConfigurationError
 */
export function checkPolicyOptions(name: string, options: AshPolicyOptions): void {
  for (const [key, choices] of Object.entries(CHOICES) as [keyof typeof CHOICES, readonly string[]][]) {
    checkChoice(name, key, options[key], choices);
  }
  if (options.scope !== undefined && !isListOfTexts(options.scope)) {
    throw new AshConfigurationError(`${name}: 'scope' is a list of paths.`);
  }
  if (options.payload !== undefined) {
    const kinds = listOf(options.payload);
    if (!isListOfTexts(kinds) || kinds.length === 0) {
      throw new AshConfigurationError(`${name}: 'payload' names no kind.`);
    }
    for (const kind of kinds) checkChoice(name, 'payload', kind, PAYLOAD_KINDS);
  }
  const { timestampTolerance, maxPayloadBytes } = options;
  if (
    timestampTolerance !== undefined &&
    timestampTolerance !== false &&
    !(timestampTolerance > 0 && Number.isFinite(timestampTolerance))
  ) {
    throw new AshConfigurationError(`${name}: 'timestampTolerance' is a positive number of milliseconds, or false.`);
  }
  if (maxPayloadBytes !== undefined && !(Number.isInteger(maxPayloadBytes) && maxPayloadBytes > 0)) {
    throw new AshConfigurationError(`${name}: 'maxPayloadBytes' is a positive whole number of bytes.`);
  }
}

function checkChoice(name: string, key: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new AshConfigurationError(`${name}: '${key}' is one of ${choices.join(', ')}, not '${value}'.`);
}

function compileScope(name: string, paths: readonly string[] | undefined): AshScope | undefined {
  try {
    return compileHeaderScope(paths ?? []);
  } catch (error) {
    throw new AshConfigurationError(`${name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/**
 * A scope whose names can stand in a header: printable ASCII without a space at either end. No path at all is no scope.
 *
 * @throws AshConfigurationError, or AshError `ASH_CANONICALIZATION_ERROR` for an unsafe path.
 */
export function compileHeaderScope(paths: readonly string[]): AshScope | undefined {
  if (paths.length === 0) return undefined;
  for (const path of paths) {
    if (/[^ -~]/.test(path) || path.trim() !== path) {
      throw new AshConfigurationError(`The scope path '${path}' cannot stand in a header: use printable ASCII.`);
    }
  }
  return ashCompileScope(paths);
}

function settingsOf(options: AshPolicyOptions, mode: AshMode): ModeSettings {
  const { timestampTolerance, query, unscoped, namesCode } = PRESETS[mode];
  return {
    timestampTolerance: options.timestampTolerance ?? timestampTolerance,
    query: options.query ?? query,
    unscoped: options.unscoped ?? unscoped,
    namesCode,
  };
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
