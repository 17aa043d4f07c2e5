/**
 * Exact data reduction: spins with at most three partners are eliminated one after the other.
 *
 * A field counts as a coupling to one more spin that is held at +1. Given its partners a, b, c a spin takes
 * the side of −(Jₐa + J_b b + J_c c), and the energy −|Jₐa + J_b b + J_c c| that this leaves is an even
 * function of three spins: a constant and one coupling for each pair. So trees and series-parallel problems vanish
 * altogether, and sparse random graphs lose a third or more of their spins.
 *
 * For the star-triangle identity of Ising models see Baxter, Exactly Solved Models in Statistical
 * Mechanics (1982), §6.4; here at temperature zero.
 */
import { invariant } from '../../../base/invariant.ts';
import { isingProblem, type IsingProblem } from '../problem/ising-problem.ts';

/** A smaller problem of the same least energy, and the way back. */
export interface Reduction {
  /** Without any spin, the whole problem is solved: `offset` is then its least energy. */
  readonly core: IsingProblem | undefined;
  readonly offset: number;
  /** Spins of the whole problem from spins of the core: of energy at most the core's. */
  readonly lift: (coreSpins: Int8Array) => Int8Array;
}

interface Elimination {
  readonly spin: number;
  readonly partners: readonly number[];
  readonly pulls: readonly number[];
}

const PARTNERS_MAX = 3;

/** Beyond this the work tables (100 bytes a coupling) cost more than they give. */
const COUPLINGS_MAX = 2_000_000;

/** O(size + couplings). A problem with nothing to eliminate, or of too many couplings, is its own core. */
export function reduceProblem(problem: IsingProblem): Reduction {
  if (problem.column.length > 2 * COUPLINGS_MAX || !hasFewPartners(problem)) {
    return { core: problem, offset: problem.offset, lift: (spins) => spins };
  }
  const partners = partnerMaps(problem);
  const eliminated: Elimination[] = [];
  let offset = problem.offset;
  const gone = new Uint8Array(problem.size + 1);
  const queue = Array.from({ length: problem.size }, (_, i) => i);
  for (let head = 0; head < queue.length; head++) {
    const spin = queue[head];
    if (gone[spin] === 1 || partners[spin].size > PARTNERS_MAX) continue;
    gone[spin] = 1;
    const elimination = detach(partners, spin);
    eliminated.push(elimination);
    offset += couplePartners(partners, elimination);
    for (const partner of elimination.partners) {
      if (partner < problem.size && partners[partner].size <= PARTNERS_MAX) queue.push(partner);
    }
  }
  return finish(problem, { partners, eliminated, gone, offset });
}

function hasFewPartners({ size, fields, rowStart }: IsingProblem): boolean {
  for (let i = 0; i < size; i++) {
    const partners = rowStart[i + 1] - rowStart[i] + (fields[i] === 0 ? 0 : 1);
    if (partners <= PARTNERS_MAX) return true;
  }
  return false;
}

/** The coupling to each partner; the last spin stands for the fields. */
function partnerMaps(problem: IsingProblem): Map<number, number>[] {
  const { size, fields, rowStart, column, coupling } = problem;
  const partners = Array.from({ length: size + 1 }, () => new Map<number, number>());
  for (let i = 0; i < size; i++) {
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) partners[i].set(column[k], coupling[k]);
    addCoupling(partners, [i, size], fields[i]);
  }
  return partners;
}

function addCoupling(
  partners: readonly Map<number, number>[],
  [i, j]: readonly [number, number],
  coupling: number,
): void {
  if (coupling === 0) return;
  const sum = (partners[i].get(j) ?? 0) + coupling;
  if (sum === 0) {
    partners[i].delete(j);
    partners[j].delete(i);
    return;
  }
  partners[i].set(j, sum);
  partners[j].set(i, sum);
}

function detach(partners: readonly Map<number, number>[], spin: number): Elimination {
  const entries = [...partners[spin]];
  for (const [partner] of entries) partners[partner].delete(spin);
  partners[spin].clear();
  return {
    spin,
    partners: entries.map(([partner]) => partner),
    pulls: entries.map(([, pull]) => pull),
  };
}

/** Adds to the partners' couplings what the eliminated spin leaves behind; the rest is a constant. */
function couplePartners(
  partners: readonly Map<number, number>[],
  { partners: [a, b, c], pulls: [pa = 0, pb = 0, pc = 0] }: Elimination,
): number {
  const alike = Math.abs(pa + pb + pc);
  const aloneA = Math.abs(-pa + pb + pc);
  const aloneB = Math.abs(pa - pb + pc);
  const aloneC = Math.abs(pa + pb - pc);
  if (b !== undefined) addCoupling(partners, [a, b], (aloneA + aloneB - alike - aloneC) / 4);
  if (c !== undefined) {
    addCoupling(partners, [a, c], (aloneA + aloneC - alike - aloneB) / 4);
    addCoupling(partners, [b, c], (aloneB + aloneC - alike - aloneA) / 4);
  }
  return -(alike + aloneA + aloneB + aloneC) / 4;
}

interface Leftover {
  readonly partners: readonly Map<number, number>[];
  readonly eliminated: readonly Elimination[];
  readonly gone: Uint8Array;
  readonly offset: number;
}

function finish(problem: IsingProblem, left: Leftover): Reduction {
  const kept: number[] = [];
  for (let i = 0; i < problem.size; i++) if (left.gone[i] === 0) kept.push(i);
  const lift = (coreSpins: Int8Array): Int8Array => {
    invariant(coreSpins.length === kept.length, 'the core has one spin for each that was kept');
    const spins = new Int8Array(problem.size + 1);
    spins[problem.size] = 1;
    for (const [k, i] of kept.entries()) spins[i] = coreSpins[k];
    for (const { spin, partners, pulls } of left.eliminated.toReversed()) {
      let pull = 0;
      for (const [k, partner] of partners.entries()) pull += pulls[k] * spins[partner];
      spins[spin] = pull > 0 ? -1 : 1;
    }
    return spins.slice(0, problem.size);
  };
  const core = kept.length === 0 ? undefined : coreOf(problem.size, kept, left);
  return { core, offset: left.offset, lift };
}

function coreOf(ghost: number, kept: readonly number[], left: Leftover): IsingProblem {
  const place = new Int32Array(ghost + 1);
  for (const [k, i] of kept.entries()) place[i] = k;
  const fields = new Float64Array(kept.length);
  const first: number[] = [];
  const second: number[] = [];
  const value: number[] = [];
  for (const [k, i] of kept.entries()) {
    for (const [j, coupling] of left.partners[i]) {
      if (j === ghost) fields[k] = coupling;
      else if (i < j) {
        first.push(k);
        second.push(place[j]);
        value.push(coupling);
      }
    }
  }
  return isingProblem(fields, { first, second, value }, left.offset);
}
