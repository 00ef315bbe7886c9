import { commonSpelling } from './own-binding.js';
import { partsOf, RouteBinding } from './route-binding.js';

/** When a concrete binding is one of a declared one. */
interface Likeness {
  readonly isOf: (declared: RouteBinding, concrete: string) => boolean;
  /** What all segments have in common that are taken for one; nothing for a segment that is taken for none. */
  readonly spelling: (segment: string) => string | undefined;
}

/** A binding has the segments of the route, letter for letter. */
export const SAME: Likeness = {
  isOf: (declared, concrete) => declared.matches(concrete),
  spelling: (segment) => segment,
};

/** A router can take a binding for one of the route, though it is spelled in another way. */
export const ALIKE: Likeness = {
  isOf: (declared, concrete) => declared.isLike(concrete),
  spelling: commonSpelling,
};

/** A declared binding, and the route that it is of. */
interface Row<T> {
  readonly binding: RouteBinding;
  readonly route: T;
}

/**
 * Finds the most specific route that a concrete binding is good for, without trying one after the other: any request
 * can ask, and an application can have thousands of routes.
 *
 * The routes are kept by their layout, `POST static/parameter/static`. Which of two is more specific is a matter of
 * their layouts alone, of which an application has a handful, however many routes it has; and among the routes of one
 * layout the static segments tell which one it is.
 */
export class RouteIndex<T> {
  private readonly rows: Row<T>[] = [];
  private layouts: ReadonlyMap<string, readonly Layout<T>[]> | undefined;

  constructor(private readonly likeness: Likeness) {}

  add(row: Row<T>): void {
    this.rows.push(row);
    this.layouts = undefined;
  }

  /** The route; of several that are equally specific, the one that was added first. */
  find(binding: string): T | undefined {
    const parts = partsOf(binding);
    if (parts === undefined) return undefined;
    const path = this.spell(parts.segments);
    if (path === undefined) return undefined;
    for (const layout of this.layoutsFor(parts.method)) {
      const row = layout.find(path);
      if (row !== undefined && this.likeness.isOf(row.binding, binding)) return row.route;
    }
    return undefined;
  }

  /** The layouts of a method, the most specific first: gathered once, when the first route is looked for. */
  private layoutsFor(method: string): readonly Layout<T>[] {
    this.layouts ??= orderedByMethod(this.gather());
    return this.layouts.get(method) ?? [];
  }

  private gather(): Layout<T>[] {
    const layouts = new Map<string, Layout<T>>();
    for (const row of this.rows) {
      const { layout: name, segments } = row.binding;
      const path = this.spell(segments.map((segment) => (segment.kind === 'static' ? segment.text : '')));
      // One with a segment that is taken for none is found by nothing.
      if (path === undefined) continue;
      const layout = layouts.get(name) ?? new Layout<T>(row.binding);
      layout.add(path, row);
      layouts.set(name, layout);
    }
    return [...layouts.values()];
  }

  private spell(segments: readonly string[]): string[] | undefined {
    const path: string[] = [];
    for (const segment of segments) {
      const spelling = this.likeness.spelling(segment);
      if (spelling === undefined) return undefined;
      path.push(spelling);
    }
    return path;
  }
}

/** The routes of one method that have static segments, parameters and a wildcard at the same places. */
class Layout<T> {
  private readonly rows = new Map<string, Row<T>>();
  private readonly places: readonly number[];
  private readonly length: number;
  private readonly isOpen: boolean;

  /** @param example A binding of this layout. */
  constructor(readonly example: RouteBinding) {
    const { segments } = example;
    this.isOpen = example.isOpen;
    this.length = this.isOpen ? segments.length - 1 : segments.length;
    this.places = segments.flatMap(({ kind }, index) => (kind === 'static' ? [index] : []));
  }

  add(path: readonly string[], row: Row<T>): void {
    const key = this.keyOf(path);
    if (!this.rows.has(key)) this.rows.set(key, row);
  }

  find(path: readonly string[]): Row<T> | undefined {
    const isLongEnough = this.isOpen ? path.length >= this.length : path.length === this.length;
    return isLongEnough ? this.rows.get(this.keyOf(path)) : undefined;
  }

  /** The static segments. No declared one has a slash in it, so that two routes with one key have the same ones. */
  private keyOf(path: readonly string[]): string {
    return this.places.map((place) => path[place]).join('/');
  }
}

function orderedByMethod<T>(layouts: Layout<T>[]): Map<string, Layout<T>[]> {
  const byMethod = new Map<string, Layout<T>[]>();
  for (const layout of layouts.sort((a, b) => RouteBinding.compare(a.example, b.example))) {
    const { method } = layout.example;
    const others = byMethod.get(method);
    if (others === undefined) byMethod.set(method, [layout]);
    else others.push(layout);
  }
  return byMethod;
}
