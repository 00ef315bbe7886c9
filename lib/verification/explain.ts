import { ashCanonicalizeValue, ashHashBody, type AshErrorCode } from '../core/index.js';
import { EMPTY_HASH } from '../core/proof.js';
import { ASH_PROTOCOLS, type AshProofParts } from '../core/formulas.js';
import { ashProtocolRules, type AshProtocolRules } from '../core/protocols.js';
import type { AshBodyFacts } from './facts.js';

/** The parts of a request that can differ from what was proven. */
export type AshComponent =
  | 'headers'
  | 'context'
  | 'binding'
  | 'query'
  | 'subject'
  | 'timestamp'
  | 'scope'
  | 'chain'
  | 'body hash'
  | 'protocol'
  | 'unknown';

/** For development: what made a verification fail. It holds no secret and no expected proof. */
export interface AshExplanation {
  /** The component that differs, as far as the server can tell. */
  readonly component: AshComponent;
  /** What the client seems to have done, and what it should do. */
  readonly hint: string;
  /** The canonical text of the payload as the server reads it. */
  readonly canonical?: string;
  /** The binding that the server puts into the message, with the query where that is covered. */
  readonly binding?: string;
}

/** What is known when a proof does not match. */
export interface MismatchFacts {
  readonly parts: AshProofParts;
  readonly protocol: AshProtocolRules;
  readonly proof: string;
  readonly query: string;
  readonly body: AshBodyFacts;
}

interface Hypothesis {
  readonly component: AshComponent;
  readonly hint: string;
  readonly parts: AshProofParts;
  readonly protocol?: AshProtocolRules;
}

const COMPONENTS: Partial<Readonly<Record<AshErrorCode, AshComponent>>> = {
  ASH_PROOF_MISSING: 'headers',
  ASH_HEADER_INVALID: 'headers',
  ASH_CTX_NOT_FOUND: 'context',
  ASH_CTX_EXPIRED: 'context',
  ASH_CTX_ALREADY_USED: 'context',
  ASH_BINDING_MISMATCH: 'binding',
  ASH_SUBJECT_MISMATCH: 'subject',
  ASH_TIMESTAMP_INVALID: 'timestamp',
  ASH_SCOPE_MISMATCH: 'scope',
  ASH_CHAIN_BROKEN: 'chain',
  ASH_CHAIN_EXPIRED: 'chain',
  ASH_CANONICALIZATION_ERROR: 'body hash',
  ASH_UNSUPPORTED_CONTENT_TYPE: 'body hash',
  ASH_RAW_BODY_UNAVAILABLE: 'body hash',
};

/** Explains a refusal that came before the proofs were compared. */
export function explainCode(code: AshErrorCode, hint: string): AshExplanation {
  return { component: COMPONENTS[code] ?? 'unknown', hint };
}

/**
 * Explains a proof that does not match, by trying the mistakes that clients make: the first one that gives the
 * client's proof names the component.
 */
export function explainMismatch(facts: MismatchFacts): AshExplanation {
  const { canonical, binding } = facts.parts;
  const found = hypotheses(facts).find((hypothesis) => isProven(hypothesis, facts));
  const { component, hint } = found ?? {
    component: 'unknown',
    hint: 'No usual mistake gives this proof: compare the canonical text and the binding with those of the client.',
  };
  return { component, hint, canonical, binding };
}

function isProven({ parts, protocol }: Hypothesis, facts: MismatchFacts): boolean {
  const rules = protocol ?? facts.protocol;
  try {
    return rules.equal(rules.prove(parts), facts.proof);
  } catch {
    // A guess that cannot even be a message explains nothing.
    return false;
  }
}

function hypotheses(facts: MismatchFacts): Hypothesis[] {
  return [
    ...queryMistakes(facts),
    ...bindingMistakes(facts),
    ...bodyMistakes(facts),
    ...slotMistakes(facts),
    ...protocolMistakes(facts),
  ];
}

function queryMistakes({ parts, query }: MismatchFacts): Hypothesis[] {
  const component = 'query';
  const [path = ''] = parts.binding.split('?');
  return [
    {
      component,
      hint: 'The proof leaves the query out, and this route covers it.',
      parts: { ...parts, binding: path },
    },
    {
      component,
      hint: 'The proof covers the query, and this route does not.',
      parts: { ...parts, binding: `${path}?${query}` },
    },
    {
      component,
      hint: 'The proof covers the decoded query: take it as it stands in the request line.',
      parts: { ...parts, binding: `${path}?${decoded(query)}` },
    },
  ];
}

function bindingMistakes({ parts }: MismatchFacts): Hypothesis[] {
  const [method = '', path = ''] = parts.binding.split(' ');
  return [`${method.toLowerCase()} ${path}`, `${method} ${path}/`].map((binding) => ({
    component: 'binding',
    hint: `The proof was made for '${binding}': use the binding that came with the context.`,
    parts: { ...parts, binding },
  }));
}

function bodyMistakes({ parts, body }: MismatchFacts): Hypothesis[] {
  const guesses: [hint: string, text: string | Uint8Array | undefined][] = [
    // Before the texts that are not canonical, since a client can have sent the canonical one.
    ['The proof covers the whole payload, and this route covers a scope.', canonicalOf(body.value)],
    ['The proof covers the bytes as they were sent: make the JSON canonical first.', body.raw],
    ['The proof covers JSON that is not canonical: sort the keys.', JSON.stringify(body.value)],
    ['The proof covers an empty object, and the server read a body.', '{}'],
    ['The proof covers an empty text, and the server read a body or expects {}.', ''],
  ];
  return guesses.flatMap(([hint, text]) =>
    text === undefined
      ? []
      : {
          component: 'body hash' as const,
          hint,
          parts: {
            ...parts,
            bodyHash: ashHashBody(text),
            canonical: typeof text === 'string' ? text : parts.canonical,
          },
        },
  );
}

function slotMistakes({ parts }: MismatchFacts): Hypothesis[] {
  return [
    { component: 'scope', hint: 'The proof has no scope hash.', parts: { ...parts, scopeHash: '' } },
    {
      component: 'scope',
      hint: 'The proof has the hash of an empty scope.',
      parts: { ...parts, scopeHash: EMPTY_HASH },
    },
    { component: 'chain', hint: 'The proof has no chain hash.', parts: { ...parts, chainHash: '' } },
    {
      component: 'chain',
      hint: 'The proof has the hash of an empty proof for its first link.',
      parts: { ...parts, chained: true, chainHash: EMPTY_HASH },
    },
  ];
}

function protocolMistakes({ parts }: MismatchFacts): Hypothesis[] {
  return ASH_PROTOCOLS.map((name) => ({
    component: 'protocol',
    hint: `The proof is a '${name}' one: use the protocol that came with the context.`,
    parts,
    protocol: ashProtocolRules(name),
  }));
}

function decoded(query: string): string {
  try {
    return decodeURIComponent(query);
  } catch {
    // A malformed query has no decoded form that a client could have covered.
    return query;
  }
}

function canonicalOf(value: unknown): string | undefined {
  try {
    return ashCanonicalizeValue(value);
  } catch {
    // A payload without a canonical form is covered by no proof.
    return undefined;
  }
}
