/** The fewest T that phase polynomials leave, over several ways to begin. */
import type { Rng } from '../../base/rng.ts';
import type { Look } from './look.ts';
import { rebuilt } from './network-builder.ts';
import type { Network } from './network.ts';
import { STRING_QUBITS_MAX } from './pauli-strings.ts';
import { synthesizedFrom } from './pauli-synthesis.ts';
import { costOf, rotationCount, VARIANTS } from './pieces.ts';
import { mergeRotations, rotationsOf, type RotationList } from './rotation-form.ts';
import { withFewerT } from './t-reduction.ts';

/** Rotations beyond which groups become too large to go through. */
const ROTATIONS_MAX = 2500;

/** A network with fewer T, and the proof that it is what it was. */
export interface FewerT {
  readonly network: Network;
  /** The network that the reduction began with: its rotations are `before` the reduction. */
  readonly base: Network;
  /** What the reduction made of them, each step checked coefficient by coefficient. */
  readonly reduced: RotationList;
}

export interface TSearchOptions {
  readonly rng: Rng;
  readonly trials: number;
  readonly look: Look;
  readonly isDue: () => boolean;
  /** Once true, what was found is made into a circuit without looking ahead. */
  readonly isLate: () => boolean;
}

/**
 * Looks for fewer rotations than the given networks have.
 *
 * @param begin - the n-th network to begin with, all of one unitary
 */
export function searchFewerT(
  begin: (n: number) => Network,
  { rng, trials, isDue, isLate, look }: TSearchOptions,
): FewerT | null {
  let best: { readonly base: Network; readonly reduced: RotationList } | null = null;
  let least = Infinity;
  for (let n = 0; n < trials && !(n > 0 && isDue()); n++) {
    const base = mergeRotations(begin(n), 'earlier', look);
    const count = rotationCount(base);
    if (base.qubits > STRING_QUBITS_MAX || count > ROTATIONS_MAX) return null;
    least = Math.min(least, count);
    const reduced = withFewerT(rotationsOf(base), { rng, isDue });
    if (reduced.count >= least) continue;
    least = reduced.count;
    best = { base, reduced };
  }
  if (best === null) return null;
  const made = VARIANTS.map((variant) =>
    rebuilt(synthesizedFrom(best.reduced, { ...variant, rng: null, isDue: isLate, look })),
  );
  made.sort((s, t) => costOf(s, 'rotations') - costOf(t, 'rotations'));
  return { ...best, network: made[0] };
}
