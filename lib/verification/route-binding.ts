import { ashParseBinding, AshConfigurationError } from '../core/index.js';
import { isSpelledAlike } from './own-binding.js';

/** A segment of a declared binding. */
type Segment =
  | { readonly kind: 'static'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'wildcard'; readonly name: string };

/** A parameter of a concrete binding, decoded. */
interface Parameter {
  readonly kind: 'parameter' | 'wildcard';
  readonly name: string;
  readonly value: string;
}

const PARAMETER = /^:([A-Za-z_$][\w$]*)$/;
const WILDCARD = /^(?:\*([A-Za-z_$][\w$]*)?|\{\*([A-Za-z_$][\w$]*)\})$/;
const OPTIONAL = /:[\w$]+\?(?:\/|$)/;
const PATTERN_CHARACTER = /[:*{}()+[\]!]/;

/** The rank of a kind of segment where several routes match: a router prefers the most specific. */
const SPECIFICITY = { static: 0, parameter: 1, wildcard: 2 } as const;

/**
 * The binding that a route declares, `POST /accounts/:id/transfer`: a method, static segments, parameters of a whole
 * segment, and a wildcard at the end.
 */
export class RouteBinding {
  /** Whether it names no parameter, so that its text is the only binding that matches. */
  readonly isStatic: boolean;

  private constructor(
    /** The binding as it was declared, normalised. */
    readonly text: string,
    readonly method: string,
    readonly segments: readonly Segment[],
    private readonly served: string,
  ) {
    this.isStatic = segments.every(({ kind }) => kind === 'static');
  }

  /**
   * @param text The public binding.
   * @param served The path under which the application itself serves it, where a proxy strips a part of the public one.
   * @throws AshConfigurationError for a malformed binding, or a pattern that is more than a parameter or a wildcard.
   */
  static parse(text: string, served?: string): RouteBinding {
    if (OPTIONAL.test(text))
      throw new AshConfigurationError(
        `The binding '${text}' has an optional parameter: declare the path with it and the one without it`,
      );
    if (/[?#]/.test(text))
      throw new AshConfigurationError(`The binding '${text}' has a query or a fragment: leave it out`);
    try {
      const { method, path } = ashParseBinding(text);
      const segments = segmentsOf(path).map(readSegment);
      return new RouteBinding(
        `${method} ${path}`,
        method,
        segments,
        served === undefined ? shapeOf(segments) : shapeOfPath(served),
      );
    } catch (error) {
      throw new AshConfigurationError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** Whether it ends in a wildcard. */
  get isOpen(): boolean {
    return this.segments.at(-1)?.kind === 'wildcard';
  }

  /** Two patterns with one shape match the same requests, whatever their parameters are called. */
  get shape(): string {
    return `${this.method} ${shapeOf(this.segments)}`;
  }

  /** The method and the kinds of the segments, which are all that {@link RouteBinding.compare} goes by. */
  get layout(): string {
    return `${this.method} ${this.segments.map(({ kind }) => kind).join('/')}`;
  }

  /** Whether a concrete binding is one of this route's, whatever its parameters are. */
  matches(binding: string): boolean {
    return this.isStatic ? binding === this.text : this.parametersOf(binding) !== undefined;
  }

  /** Whether a router can take a concrete binding for one of this route's, though it is spelled in another way. */
  isLike(binding: string): boolean {
    return this.parametersOf(binding, isSpelledAlike) !== undefined;
  }

  /** Whether a concrete binding is this route's with the parameters that the router filled in. */
  matchesRequest(binding: string, method: string, params: Readonly<Record<string, unknown>>): boolean {
    if (method !== this.method) return false;
    if (this.isStatic) return binding === this.text;
    const bound = this.parametersOf(binding);
    return bound?.every((parameter) => parameter.value === routedValue(params, parameter)) ?? false;
  }

  /**
   * Whether a router's pattern is the one that serves this binding, whatever its parameters are called. A pattern that
   * is more than a binding can hold serves none.
   */
  isServedAt(pattern: string | undefined): boolean {
    const segments = pattern === undefined ? undefined : readableSegments(pattern);
    return segments !== undefined && shapeOf(segments) === this.served;
  }

  /** Orders routes so that the one a router would choose comes first. */
  static compare(a: RouteBinding, b: RouteBinding): number {
    const shared = Math.min(a.segments.length, b.segments.length);
    for (let index = 0; index < shared; index++) {
      const difference = rankOf(a.segments[index]) - rankOf(b.segments[index]);
      if (difference !== 0) return difference;
    }
    return b.segments.length - a.segments.length;
  }

  private parametersOf(binding: string, isSame = (a: string, b: string) => a === b): Parameter[] | undefined {
    const path = pathOf(binding, this.method);
    if (path === undefined) return undefined;
    const texts = segmentsOf(path);
    const parameters: Parameter[] = [];
    for (const [index, segment] of this.segments.entries()) {
      const text = texts[index];
      if (segment.kind === 'wildcard') {
        const rest = decodeAll(texts.slice(index));
        if (rest === undefined) return undefined;
        parameters.push({ ...segment, value: rest });
        return parameters;
      }
      if (text === undefined) return undefined;
      if (segment.kind === 'static') {
        if (!isSame(text, segment.text)) return undefined;
        continue;
      }
      const value = decodeAll([text]);
      if (value === undefined) return undefined;
      parameters.push({ ...segment, value });
    }
    return texts.length === this.segments.length ? parameters : undefined;
  }
}

function shapeOf(segments: readonly Segment[]): string {
  return `/${segments.map((segment) => (segment.kind === 'static' ? segment.text : `:${segment.kind}`)).join('/')}`;
}

function shapeOfPath(pattern: string): string {
  return shapeOf(pattern.split('/').filter(Boolean).map(readSegment));
}

/** The segments of a router's pattern; nothing for one that is more than a binding can hold. */
function readableSegments(pattern: string): Segment[] | undefined {
  const texts = pattern.split('/').filter(Boolean);
  const segments = texts.flatMap((text, index) => segmentOf(text, index === texts.length - 1) ?? []);
  return segments.length === texts.length ? segments : undefined;
}

function readSegment(text: string, index: number, all: readonly string[]): Segment {
  const segment = segmentOf(text, index === all.length - 1);
  if (segment !== undefined) return segment;
  throw new AshConfigurationError(
    `The segment '${text}' is more than a binding can hold: use static text, a parameter of a whole segment (':id'), ` +
      `or a wildcard at the end ('*path')`,
  );
}

function segmentOf(text: string, isLast: boolean): Segment | undefined {
  const parameter = PARAMETER.exec(text)?.[1];
  if (parameter !== undefined) return { kind: 'parameter', name: parameter };
  const wildcard = WILDCARD.exec(text);
  if (wildcard !== null && isLast) {
    return { kind: 'wildcard', name: wildcard[1] ?? wildcard[2] ?? '*' };
  }
  return PATTERN_CHARACTER.test(text) ? undefined : { kind: 'static', text };
}

/** A parameter as the router filled it in; `undefined` where it did not, or where no binding can say the same. */
function routedValue(params: Readonly<Record<string, unknown>>, { kind, name }: Parameter): string | undefined {
  if (kind === 'wildcard') return routedRest(params, name);
  return Object.hasOwn(params, name) ? textOf(params[name]) : undefined;
}

/**
 * Express gives a wildcard as a list of segments, and nothing for an empty one; Fastify gives one text under the name
 * `*`. A wildcard without a name is called `path` where Nest maps it on Express.
 */
function routedRest(params: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const key = [name, '*', ...(name === '*' ? ['path'] : [])].find((candidate) => Object.hasOwn(params, candidate));
  if (key === undefined) return '';
  const rest = params[key];
  if (!Array.isArray(rest)) return textOf(rest);
  const segments: readonly unknown[] = rest;
  // A slash within a segment came as `%2F`, which no binding has: joined, it would read as two segments.
  return segments.some((segment) => String(segment).includes('/')) ? undefined : segments.join('/');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The method of a concrete binding and the segments of its path, as they are written; nothing for what is none. */
export function partsOf(binding: string): { method: string; segments: string[] } | undefined {
  const end = binding.indexOf(' /');
  return end === -1 ? undefined : { method: binding.slice(0, end), segments: segmentsOf(binding.slice(end + 1)) };
}

function pathOf(binding: string, method: string): string | undefined {
  return binding.startsWith(`${method} /`) ? binding.slice(method.length + 1) : undefined;
}

function segmentsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

function decodeAll(texts: readonly string[]): string | undefined {
  try {
    return texts.map(decodeURIComponent).join('/');
  } catch {
    // A malformed escape is a parameter that no router would have filled in.
    return undefined;
  }
}

function rankOf(segment: Segment | undefined): number {
  return segment === undefined ? 0 : SPECIFICITY[segment.kind];
}
