import {
  checkContainer,
  checkNumber,
  noJson,
  replacedByToJson,
  tooLarge,
  type Key,
  type Members,
} from './json-value.js';
import type { KeyOrder } from './key-order.js';

/** An order of names that knows whether an object keeps it. */
export interface ObjectOrder extends KeyOrder {
  readonly isKept: boolean;
}

/** Names that an object does not keep where they were put: those of indexes come first. */
const INDEX = /^(?:0|[1-9][0-9]*)$/;

/** Whether an object to which members are given in an order has them in that order. */
export function isKeptByObjects(names: readonly string[]): boolean {
  // What objects inherit may be no member (`__proto__`), or not to be written over (where somebody has frozen it).
  return !names.some((name) => name in Object.prototype || INDEX.test(name));
}

/** How `JSON.stringify` begins to write a lone surrogate, and a text that has these characters itself. */
const SURROGATE_ESCAPE = '\\ud';

/** Writes a container with `JSON.stringify`, from a copy whose members stand in the canonical order. */
export class SortedCopy {
  private keepsOrder = true;

  /**
   * @param room How many UTF-16 units may be written. What is counted is less than what is written: it ends a small value
   * that unfolds without end because its parts are shared.
   */
  constructor(
    private readonly keyOrder: (names: readonly string[]) => ObjectOrder,
    private room: number,
  ) {}

  /**
   * @param level How many containers its members stand in.
   * @returns Nothing where a copy would lose the order, or the text has to be looked at more closely.
   * @throws AshError `ASH_CANONICALIZATION_ERROR`
   */
  write(container: object, level: number): string | undefined {
    const copy = this.copyOfContainer(container, level);
    // A prototype that somebody has given a `toJSON` would be asked for each part of the copy once more.
    if (!this.keepsOrder || 'toJSON' in []) return undefined;
    const text = JSON.stringify(copy);
    return text.includes(SURROGATE_ESCAPE) ? undefined : text;
  }

  private copyOf(value: unknown, key: Key, level: number): unknown {
    if (!(--this.room >= 0)) throw tooLarge();
    switch (typeof value) {
      case 'string':
        this.room -= value.length;
        return value;
      case 'number':
        checkNumber(value, key);
        return value;
      case 'boolean':
      case 'undefined':
        return value;
      case 'object': {
        const replaced = replacedByToJson(value, key);
        if (replaced === null) return null;
        if (typeof replaced !== 'object') return this.copyOf(replaced, key, level);
        checkContainer(replaced, key, level);
        return this.copyOfContainer(replaced, level + 1);
      }
      default:
        throw noJson(value, key);
    }
  }

  private copyOfContainer(container: object, level: number): unknown[] | Members {
    return Array.isArray(container)
      ? this.copyOfArray(container, level)
      : this.copyOfObject(container as Members, level);
  }

  private copyOfArray(array: readonly unknown[], level: number): unknown[] {
    const copy: unknown[] = [];
    for (let index = 0; index < array.length; index++) copy.push(this.copyOf(array[index], index, level));
    return copy;
  }

  private copyOfObject(members: Members, level: number): Members {
    const { names, isKept } = this.keyOrder(Object.keys(members));
    const copy: Record<string, unknown> = {};
    if (!isKept) this.keepsOrder = false;
    for (const name of isKept ? names : []) {
      const member = members[name];
      // What is left out takes no room.
      if (member !== undefined) copy[name] = this.copyOf(member, name, level);
    }
    return copy;
  }
}
