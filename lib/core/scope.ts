import {
  extractScope,
  isEmpty,
  membersOf,
  objectOf,
  readScope,
  type Members,
  type ScopePaths,
  type ScopeTree,
} from './scope-paths.js';

/** A checked scope as a server applies it to payloads. */
export interface AshScope extends Omit<ScopePaths, 'tree'> {
  /** The paths as they were declared. */
  readonly paths: readonly string[];
  /** The part of a payload that the scope covers. */
  extract(payload: unknown): Record<string, unknown>;
  /** Whether a payload has a member that the scope does not cover. */
  hasUncovered(payload: unknown): boolean;
}

/**
 * Checks the paths of a scope and makes them ready to be applied by a server.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` as {@link readScope} does.
 *
 * Source: protocol, section 5.
 */
export function ashCompileScope(paths: readonly string[]): AshScope {
  const scope = readScope(paths);
  return {
    paths: [...paths],
    text: scope.text,
    hash: scope.hash,
    extract: (payload) => extractScope(payload, scope),
    hasUncovered: (payload) => hasOther(objectOf(payload), scope.tree),
  };
}

function hasOther(source: Members, tree: ScopeTree): boolean {
  return Object.entries(source).some(([key, value]) => {
    const branch = tree[key];
    if (branch === true || value === undefined) return false;
    if (branch === undefined) return true;
    // Where the paths go deeper and nothing is there to go into, the value itself is what no path covers.
    const members = membersOf(value, key);
    return isEmpty(members) || hasOther(members, branch);
  });
}
