import type { AshChainState, AshClient, AshClientChain, AshVerbs } from 'nestjs-ash/client';
import type { Same } from './same.js';

const PROOF = '0'.repeat(64);

export const rightStates: AshChainState[] = [
  { name: 'checkout' },
  { name: 'checkout', previousProof: PROOF },
  { name: 'checkout', previousProof: PROOF, unconfirmedProofs: [PROOF] },
  // As an object that was spread out of a form library or a store has it.
  { name: 'checkout', previousProof: undefined, unconfirmedProofs: undefined },
];

export const wrongStates: AshChainState[] = [
  // @ts-expect-error: whose state it is
  {},
  // @ts-expect-error: a proof is a text
  { name: 'checkout', previousProof: 1 },
  // @ts-expect-error: absent, and not null
  { name: 'checkout', previousProof: null },
  // @ts-expect-error: no member of a state
  { name: 'checkout', step: 2 },
];

export function rightChains(ash: AshClient, kept: string): AshClientChain[] {
  return [
    ash.chain('checkout'),
    ash.chain('checkout', null),
    ash.chain('checkout', ash.chain('checkout').state),
    ash.chain('checkout', JSON.parse(kept) as AshChainState),
  ];
}

export function wrongChains(ash: AshClient, chain: AshClientChain): unknown[] {
  return [
    // @ts-expect-error: a chain has a name
    ash.chain(),
    // @ts-expect-error: the text of a state is to be parsed
    ash.chain('checkout', sessionText()),
    // @ts-expect-error: the name comes first
    ash.chain(chain.state),
  ];
}

export function chainMembers(chain: AshClientChain): void {
  // @ts-expect-error: where a chain stands is for its steps to change
  chain.state = { name: 'checkout' };
  // @ts-expect-error: read-only
  chain.previousProof = PROOF;
}

export const members: true[] = [
  true satisfies Same<AshClientChain['state'], AshChainState>,
  true satisfies Same<AshClientChain['previousProof'], string | undefined>,
  true satisfies Same<Awaited<ReturnType<AshClientChain['post']>>, Response>,
  true satisfies Same<ReturnType<AshClientChain['reset']>, void>,
  true satisfies Same<Exclude<keyof AshClientChain, keyof AshVerbs>, 'name' | 'previousProof' | 'state' | 'reset'>,
];

declare function sessionText(): string;
