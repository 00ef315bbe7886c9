import { listOf } from '../core/configuration.js';
import { AshConfigurationError } from '../core/index.js';
import { RouteBinding } from './route-binding.js';

/** How long a step may come after the one before it, unless a route says otherwise, in milliseconds. */
const DEFAULT_CHAIN_TIMEOUT = 600_000;

/** What a route says of its place in a chain. Source: protocol, section 9. */
export interface AshChainOptions {
  /** Whether the route may begin the chain. */
  readonly start?: boolean;
  /** The declared bindings that the route may follow. Without them and without `start` it follows any step. */
  readonly after?: string | readonly string[];
  /**
   * In milliseconds: how old the step before may be, and how long a step that follows may wait. Default 600,000.
   */
  readonly timeout?: number;
}

/** A route's place in a chain as it was declared. */
export interface ChainDeclaration {
  /** The route in words, for messages. */
  readonly route: string;
  readonly chain: string;
  readonly options: AshChainOptions;
  readonly bindings: readonly RouteBinding[];
}

/** A route's place in a chain, checked against all the other routes of it. */
export interface ChainRule {
  readonly name: string;
  /** The declared binding under which the route writes its links. */
  readonly step: string;
  readonly start: boolean;
  /** The steps that the route may follow, by their declared bindings, and how old the link of each may be, in milliseconds. */
  readonly after: ReadonlyMap<string, number>;
  /** How long a link that this route writes lives, in milliseconds. */
  readonly linkTtl: number;
}

const OPTION_KEYS = ['start', 'after', 'timeout'];

/**
 * Checks the chains of an application and gives each declaration its rule, in their order.
 *
 * @throws AshConfigurationError for a chain without a start, an `after` that names no step of its chain, a step that
 * nothing reaches, an unknown option, or a time-out that is no positive number.
 */
export function compileChains(declarations: readonly ChainDeclaration[]): ChainRule[] {
  for (const declaration of declarations) checkOptions(declaration);
  const byName = new Map<string, ChainDeclaration[]>();
  for (const declaration of declarations) {
    const steps = byName.get(declaration.chain) ?? [];
    steps.push(declaration);
    byName.set(declaration.chain, steps);
  }
  const rules = new Map<ChainDeclaration, ChainRule>();
  for (const steps of byName.values()) compileChain(steps, rules);
  return declarations.flatMap((declaration) => rules.get(declaration) ?? []);
}

/**
 * The rule of a step whose chain is not declared as a whole: it says itself what it follows.
 *
 * @throws AshConfigurationError as {@link compileChains} does for the step by itself, and where it says neither `start`
 * nor `after`.
 */
export function loneChainRule(declaration: ChainDeclaration): ChainRule {
  checkOptions(declaration);
  const { start = false, after, timeout = DEFAULT_CHAIN_TIMEOUT } = declaration.options;
  const before = listOf(after ?? []);
  if (!start && before.length === 0) {
    throw failure(declaration, "says neither 'start' nor 'after', and its chain is not declared as a whole");
  }
  return {
    name: declaration.chain,
    step: stepText(declaration),
    start,
    after: new Map(before.map((binding) => [parsed(binding, declaration), timeout])),
    linkTtl: timeout,
  };
}

function checkOptions(declaration: ChainDeclaration): void {
  const { chain, options } = declaration;
  const fail = (what: string): never => {
    throw failure(declaration, what);
  };
  if (chain.trim() === '') fail('names no chain: give the chain a name');
  for (const key of Object.keys(options)) {
    if (!OPTION_KEYS.includes(key)) fail(`has an unknown option '${key}'; the options are ${OPTION_KEYS.join(', ')}`);
  }
  const { after, timeout } = options;
  if (after !== undefined && typeof after !== 'string' && !Array.isArray(after)) {
    fail("has an 'after' that is no binding, and no list of them");
  }
  if (timeout !== undefined && !(Number.isFinite(timeout) && timeout > 0)) {
    fail(`has a 'timeout' of ${String(timeout)}; it is a positive number of milliseconds`);
  }
}

function compileChain(steps: readonly ChainDeclaration[], rules: Map<ChainDeclaration, ChainRule>): void {
  const [first] = steps;
  if (first !== undefined && !steps.some(({ options }) => options.start)) {
    throw failure(first, 'is in a chain without a start: give one of its steps { start: true }');
  }
  const follows = new Map(steps.map((step) => [step, predecessorsOf(step, steps)]));
  checkReached(steps, follows);
  for (const step of steps) {
    const followers = steps.filter((other) => follows.get(other)?.has(step));
    rules.set(step, ruleOf(step, follows.get(step) ?? new Set(), followers));
  }
}

function predecessorsOf(step: ChainDeclaration, steps: readonly ChainDeclaration[]): Set<ChainDeclaration> {
  const { after, start } = step.options;
  if (after === undefined) return new Set(start === true ? [] : steps);
  return new Set(listOf(after).map((binding) => stepNamed(binding, step, steps)));
}

function stepNamed(binding: string, step: ChainDeclaration, steps: readonly ChainDeclaration[]): ChainDeclaration {
  const text = parsed(binding, step);
  const named = steps.find(({ bindings }) => bindings.some((candidate) => candidate.text === text));
  if (named !== undefined) return named;
  const known = steps.map(stepText).map((name) => `'${name}'`);
  throw failure(step, `follows '${binding}', which is no step of this chain: its steps are ${known.join(', ')}`);
}

function parsed(binding: string, step: ChainDeclaration): string {
  try {
    return RouteBinding.parse(binding).text;
  } catch (error) {
    throw failure(step, `follows '${binding}', which is no binding`, error);
  }
}

function checkReached(
  steps: readonly ChainDeclaration[],
  follows: ReadonlyMap<ChainDeclaration, ReadonlySet<ChainDeclaration>>,
): void {
  const reached = new Set(steps.filter(({ options }) => options.start));
  for (const from of reached) {
    for (const step of steps) {
      if (follows.get(step)?.has(from)) reached.add(step);
    }
  }
  const lost = steps.find((step) => !reached.has(step));
  if (lost !== undefined) throw failure(lost, 'is reached by nothing: no start of the chain leads to it');
}

function ruleOf(
  step: ChainDeclaration,
  predecessors: ReadonlySet<ChainDeclaration>,
  followers: readonly ChainDeclaration[],
): ChainRule {
  const { start = false, timeout } = step.options;
  const longestWait = Math.max(...followers.map(({ options }) => options.timeout ?? DEFAULT_CHAIN_TIMEOUT), 0);
  return {
    name: step.chain,
    step: stepText(step),
    start,
    // The time-out of this route, or that of the step before; only where neither names one is the default in force.
    after: new Map(
      [...predecessors].map((before) => [stepText(before), timeout ?? before.options.timeout ?? DEFAULT_CHAIN_TIMEOUT]),
    ),
    linkTtl: timeout ?? (longestWait || DEFAULT_CHAIN_TIMEOUT),
  };
}

function stepText({ bindings }: ChainDeclaration): string {
  return bindings[0]?.text ?? '';
}

function failure(declaration: ChainDeclaration, what: string, cause?: unknown): AshConfigurationError {
  const { chain, route } = declaration;
  const binding = stepText(declaration);
  // Without Nest a route has no other name than its binding.
  const step = route === binding ? `'${binding}'` : `'${binding}' (${route})`;
  return new AshConfigurationError(`AshChain '${chain}': step ${step} ${what}.`, { cause });
}
