/** Gives its object as it is, so that a class which extends it has its private fields on that object. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what its constructor gives is all that it is for
class OfObject {
  constructor(object: object) {
    return object;
  }
}

/** What is known of an object on one route. Nearly every object has one. */
interface Entry {
  readonly owner: object;
  readonly route: object;
  readonly verdict: unknown;
  readonly others: Entry | undefined;
}

/**
 * What is known of an object, in a private field of its own: nobody who inspects, copies or enumerates the object meets
 * it. An entry of a WeakMap, which the garbage collector looks after by itself, costs a request ten times as much.
 */
class Known extends OfObject {
  #entry: Entry | undefined;

  static of(object: object): Entry | undefined {
    return #entry in object ? object.#entry : undefined;
  }

  static set(object: object, entry: Entry): void {
    const known = #entry in object ? object : new Known(object);
    known.#entry = entry;
  }
}

/** The verdicts over the requests that are under way, each kept with the object that stands for its request. */
export class Verdicts<Verdict> {
  get(object: object, route: object): Verdict | undefined {
    for (let entry = Known.of(object); entry !== undefined; entry = entry.others) {
      if (entry.route === route && entry.owner === this) return entry.verdict as Verdict;
    }
    return undefined;
  }

  /** Keeps a verdict, in the place of the one that there was. */
  set(object: object, route: object, verdict: Verdict): void {
    Known.set(object, { owner: this, route, verdict, others: Known.of(object) });
  }
}
