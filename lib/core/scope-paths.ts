import { ashCanonicalizeValue, type AshCanonicalizeOptions } from './canonical-json.js';
import { replacedByToJson } from './json-value.js';
import * as digest from '#digest';
import { type AshError, uncanonical } from './errors.js';
import { hasLoneSurrogate, shown } from './text.js';

const MAX_PATHS = 100;
const MAX_LEVELS = 32;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN_CHARACTER = /[,|\u0000-\u001f\u007f-\u009f]/;
const INDEX = /^(?:0|[1-9][0-9]*)$/;
const FORBIDDEN_SEGMENTS = new Set(['__proto__', 'constructor', 'prototype']);

/** The paths of a scope as a tree: a member that is `true` is covered with all that is in it. */
export interface ScopeTree {
  [segment: string]: ScopeTree | true;
}

export type Members = Readonly<Record<string, unknown>>;

/** A checked scope, ready to be applied to payloads. */
export interface ScopePaths {
  /** The paths joined by commas: what `X-ASH-Scope` carries. */
  readonly text: string;
  /** `SHA256` of the text: what `X-ASH-Scope-Hash` carries. */
  readonly hash: string;
  readonly tree: ScopeTree;
}

/**
 * Checks the paths of a scope and makes them ready to be applied.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a name with `,`, `|`, a control character or a lone surrogate, an
 * empty segment, `__proto__`, `constructor` or `prototype`, a path that stands twice, more than 32 levels or 100 paths,
 * and for no path at all: an empty scope is the whole payload, which needs none of this.
 *
 * Source: protocol, section 5.
 */
export function readScope(paths: readonly string[]): ScopePaths {
  if (paths.length === 0) throw refused('it names no path');
  if (paths.length > MAX_PATHS) throw refused(`it has more than ${MAX_PATHS} paths`);
  const tree = emptyTree();
  for (const path of paths) plant(tree, readPath(path));
  if (new Set(paths).size < paths.length) throw refused('a path stands twice in it');
  const text = paths.join(',');
  return { text, hash: digest.sha256Hex(text), tree };
}

/** The part of a payload that a scope covers. */
export function extractScope(payload: unknown, { tree }: ScopePaths): Record<string, unknown> {
  return pick(objectOf(payload), tree);
}

/**
 * The part of a payload that a scope covers: for each path that exists the value at it, under the same nested keys.
 * An empty scope is the whole payload. Only own properties count; a numeric segment indexes an array, and nothing else.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for an unsafe path, or a payload that is no object.
 * @example
 * ashExtractScopedFields({ amount: 1, user: { id: 7, name: 'x' } }, ['user.id']); // { user: { id: 7 } }
 *
 * Source: protocol, section 5.
 */
export function ashExtractScopedFields(payload: unknown, scope: readonly string[]): unknown {
  return scope.length === 0 ? payload : extractScope(payload, readScope(scope));
}

/**
 * `SHA256` of the canonical JSON of the part of a payload that a scope covers, as 64 hex characters.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR`
 *
 * Source: protocol, section 4.
 */
export function ashHashScopedBody(
  payload: unknown,
  scope: readonly string[],
  options?: AshCanonicalizeOptions,
): string {
  return digest.sha256Hex(ashCanonicalizeValue(ashExtractScopedFields(payload, scope), options));
}

function readPath(path: string): string[] {
  const named = `the path '${shown(path)}'`;
  if (FORBIDDEN_CHARACTER.test(path)) throw refused(`${named} has ',', '|' or a control character`);
  if (hasLoneSurrogate(path)) throw refused(`${named} has a lone surrogate`);
  const segments = path.split('.');
  if (segments.length > MAX_LEVELS) throw refused(`${named} has more than ${MAX_LEVELS} levels`);
  for (const segment of segments) {
    if (segment === '') throw refused(`${named} has an empty segment`);
    if (FORBIDDEN_SEGMENTS.has(segment)) throw refused(`${named} names '${segment}'`);
  }
  return segments;
}

function emptyTree(): ScopeTree {
  return Object.create(null) as ScopeTree;
}

/** A path above others takes their place; one below a path that is covered whole adds nothing. */
function plant(tree: ScopeTree, segments: readonly string[]): void {
  let node = tree;
  for (const [index, segment] of segments.entries()) {
    const branch = index === segments.length - 1 || (node[segment] ?? emptyTree());
    node[segment] = branch;
    if (branch === true) break;
    node = branch;
  }
}

function pick(source: Members, tree: ScopeTree): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const [segment, branch] of Object.entries(tree)) {
    const value = Object.hasOwn(source, segment) ? source[segment] : undefined;
    if (value === undefined) continue;
    if (branch === true) {
      picked[segment] = value;
      continue;
    }
    const inner = pick(membersOf(value, segment), branch);
    if (!isEmpty(inner)) picked[segment] = inner;
  }
  return picked;
}

/**
 * What a value holds in JSON: its members, the items of an array by their index, nothing for a scalar. A numeric key of
 * an object goes under a name that no path has, so that an array and an object in its place never look alike.
 */
export function membersOf(value: unknown, key: string): Members {
  const json = replacedByToJson(value, key);
  if (Array.isArray(json)) return itemsByIndex(json);
  return isObject(json) ? membersByName(json) : {};
}

function membersByName(object: Members): Members {
  if (!Object.keys(object).some((key) => INDEX.test(key))) return object;
  return Object.fromEntries(Object.entries(object).map(([key, member]) => [INDEX.test(key) ? `.${key}` : key, member]));
}

function itemsByIndex(array: readonly unknown[]): Members {
  const items: Record<string, unknown> = {};
  for (const [index, item] of array.entries()) items[index] = item ?? null;
  return items;
}

export function objectOf(payload: unknown): Members {
  const json = replacedByToJson(payload, '');
  if (isObject(json) && !Array.isArray(json)) return membersByName(json);
  throw uncanonical('A scope needs a payload that is a JSON object.');
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

export function isEmpty(members: Members): boolean {
  return Object.values(members).every((member) => member === undefined);
}

function refused(what: string): AshError {
  return uncanonical(`The scope is unsafe: ${what}.`);
}
