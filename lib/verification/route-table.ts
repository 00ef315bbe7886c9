import { AshConfigurationError } from '../core/index.js';
import { RouteBinding } from './route-binding.js';

/** A protected route as the table needs it. */
export interface TableRoute {
  /** The route in words, for messages. */
  readonly name: string;
  readonly bindings: readonly RouteBinding[];
}

interface Row<T> {
  readonly binding: RouteBinding;
  readonly route: T;
}

/** The protected routes of an application by their bindings. */
export class RouteTable<T extends TableRoute> {
  private readonly fixed = new Map<string, T>();
  private readonly patterns: Row<T>[] = [];
  private readonly rows: Row<T>[] = [];
  private readonly shapes = new Map<string, Row<T>>();
  private other: T | undefined;
  private isOrdered = true;

  /** Every route of the table. */
  readonly routes: T[] = [];

  /**
   * @param route One without a binding is for whatever no other route is for.
   * @throws AshConfigurationError where another route has a binding that matches the same requests.
   */
  add(route: T): void {
    for (const binding of route.bindings) {
      const other = this.shapes.get(binding.shape);
      if (other !== undefined) {
        throw new AshConfigurationError(
          `${route.name} and ${other.route.name} have one binding, '${binding.text}': a context for one would open the ` +
            `other. Give each route a path of its own (header and media type versions share one; use URI versions).`,
        );
      }
      const row = { binding, route };
      this.shapes.set(binding.shape, row);
      this.rows.push(row);
      if (binding.isStatic) this.fixed.set(binding.text, route);
      else this.patterns.push(row);
    }
    this.isOrdered = false;
    if (route.bindings.length === 0) this.other = route;
    this.routes.push(route);
  }

  /** The route that a concrete binding is good for: the most specific one. */
  find(binding: string): T | undefined {
    return (
      this.fixed.get(binding) ??
      this.ordered(this.patterns).find((row) => row.binding.matches(binding))?.route ??
      this.other
    );
  }

  /**
   * The route that a router can take a concrete binding for, however that is spelled: where `/transfer` stands beside
   * `/:name`, it is that of `/transfer` for `/TRANSFER` too.
   */
  findAlike(binding: string): T | undefined {
    return (
      this.fixed.get(binding) ?? this.ordered(this.rows).find((row) => row.binding.isLike(binding))?.route ?? this.other
    );
  }

  /** The rows, the most specific first: put in order once, when the first is looked for. */
  private ordered(rows: readonly Row<T>[]): readonly Row<T>[] {
    if (!this.isOrdered) {
      for (const each of [this.patterns, this.rows]) each.sort((a, b) => RouteBinding.compare(a.binding, b.binding));
      this.isOrdered = true;
    }
    return rows;
  }
}
