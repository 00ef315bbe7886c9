import { IncomingMessage, ServerResponse } from 'node:http';

/** What is known of an object on one route. Nearly every object has one. */
interface Entry {
  readonly owner: object;
  readonly route: object;
  readonly verdict: unknown;
  readonly others: Entry | undefined;
}

/** Gives its object as it is, so that a class which extends it has its private fields on that object. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what its constructor gives is all that it is for
class OfObject {
  constructor(object: object) {
    return object;
  }
}

/** A private field on an object that is not of this class: nobody who inspects, copies or enumerates it meets that. */
class Noted extends OfObject {
  #entry: Entry | undefined;

  static has(object: object): object is Noted {
    return #entry in object;
  }

  static get(object: object): Entry | undefined {
    return #entry in object ? object.#entry : undefined;
  }

  static set(object: object, entry: Entry): void {
    const noted = #entry in object ? object : new Noted(object);
    noted.#entry = entry;
  }
}

const others = new WeakMap<object, Entry>();

/**
 * Where what is known of an object is kept. The garbage collector looks after each entry of a WeakMap by itself, and a
 * private field costs a tenth of that. But Express gives each of its objects another prototype, and thereby a kind of its
 * own, of which an engine knows no place for another field. Where the first entry went, the later ones go too: an object
 * can be handed on to Express when it has one already.
 */
function notesOn(object: object): Pick<WeakMap<object, Entry>, 'get' | 'set'> | typeof Noted {
  if (others.has(object)) return others;
  return isNodesOwn(object) || Noted.has(object) ? Noted : others;
}

function isNodesOwn(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === IncomingMessage.prototype || prototype === ServerResponse.prototype;
}

/** The verdicts over the requests that are under way, each kept with the object that stands for its request. */
export class Verdicts<Verdict> {
  get(object: object, route: object): Verdict | undefined {
    for (let entry = notesOn(object).get(object); entry !== undefined; entry = entry.others) {
      if (entry.route === route && entry.owner === this) return entry.verdict as Verdict;
    }
    return undefined;
  }

  /** Keeps a verdict, in the place of the one that there was. */
  set(object: object, route: object, verdict: Verdict): void {
    const notes = notesOn(object);
    notes.set(object, { owner: this, route, verdict, others: notes.get(object) });
  }
}
