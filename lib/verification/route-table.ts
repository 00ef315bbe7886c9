import { AshConfigurationError } from '../core/index.js';
import type { RouteBinding } from './route-binding.js';
import { ALIKE, RouteIndex, SAME } from './route-index.js';

/** A protected route as the table needs it. */
export interface TableRoute {
  /** The route in words, for messages. */
  readonly name: string;
  readonly bindings: readonly RouteBinding[];
}

/** The protected routes of an application by their bindings. */
export class RouteTable<T extends TableRoute> {
  private readonly fixed = new Map<string, T>();
  private readonly patterns = new RouteIndex<T>(SAME);
  private readonly spellings = new RouteIndex<T>(ALIKE);
  private readonly shapes = new Map<string, T>();
  private other: T | undefined;

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
          `${route.name} and ${other.name} have one binding, '${binding.text}': a context for one would open the ` +
            `other. Give each route a path of its own (header and media type versions share one; use URI versions).`,
        );
      }
      this.shapes.set(binding.shape, route);
      const row = { binding, route };
      this.spellings.add(row);
      if (binding.isStatic) this.fixed.set(binding.text, route);
      else this.patterns.add(row);
    }
    if (route.bindings.length === 0) this.other = route;
    this.routes.push(route);
  }

  /** The route that a concrete binding is good for: the most specific one. */
  find(binding: string): T | undefined {
    return this.fixed.get(binding) ?? this.patterns.find(binding) ?? this.other;
  }

  /**
   * The route that a router can take a concrete binding for, however that is spelled: where `/transfer` stands beside
   * `/:name`, it is that of `/transfer` for `/TRANSFER` too.
   */
  findAlike(binding: string): T | undefined {
    return this.fixed.get(binding) ?? this.spellings.find(binding) ?? this.other;
  }
}
