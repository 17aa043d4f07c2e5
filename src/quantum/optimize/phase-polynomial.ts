/**
 * Fewer T for one diagonal unitary: sums of parities over ℤ₈, up to Cliffords.
 *
 * After Heyfron and Campbell (2018), "An efficient quantum compiler that reduces T count": adding one
 * vector to some of the parities, so chosen that all products of three rows keep their sums modulo 2,
 * makes parities equal in pairs, which then leave no T.
 */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import { popcount } from './pauli-strings.ts';

/** Vectors tried before the best of those that gain something is taken. */
const TRIALS_AFTER_GAIN = 24;
const TRIALS_MAX = 4000;

/** Bits in words of 32. */
type Bits = Int32Array;

function parityOf(bits: Bits, mask: Bits): number {
  let mixed = 0;
  for (let w = 0; w < bits.length; w++) mixed ^= bits[w] & mask[w];
  return popcount(mixed) & 1;
}

/** Parities that occur an odd number of times, none of them empty. */
function distinct(parities: Iterable<number>): number[] {
  const odd = new Set<number>();
  for (const parity of parities) {
    if (parity !== 0 && !odd.delete(parity)) odd.add(parity);
  }
  return [...odd];
}

/** Rows of the matrix whose columns are the parities, in a basis where `z` is one unit vector; it left out. */
function rowsBeside(parities: readonly number[], variables: number, z: number): Bits[] {
  const words = (parities.length + 31) >>> 5;
  const pivot = 31 - Math.clz32(z);
  const rows: Bits[] = [];
  for (let v = 0; v < variables; v++) {
    if (v === pivot) continue;
    const row = new Int32Array(words);
    const hasZ = (z >> v) & 1;
    parities.forEach((parity, k) => {
      const bit = ((parity >> v) & 1) ^ (hasZ & (parity >> pivot));
      row[k >>> 5] |= bit << (k & 31);
    });
    if (row.some((word) => word !== 0)) rows.push(row);
  }
  return rows;
}

/** Equations in echelon form, by their lowest set bit. */
class Echelon {
  readonly rows: (Bits | null)[];
  rank = 0;

  constructor(columns: number) {
    this.rows = new Array<Bits | null>(columns).fill(null);
  }

  add(equation: Bits): void {
    for (let w = 0; w < equation.length; w++) {
      while (equation[w] !== 0) {
        const column = 32 * w + 31 - Math.clz32(equation[w] & -equation[w]);
        const row = this.rows[column];
        if (row === null) {
          this.rows[column] = equation;
          this.rank++;
          return;
        }
        for (let i = w; i < equation.length; i++) equation[i] ^= row[i];
      }
    }
  }

  /** Vectors that satisfy all equations and span all that do. */
  *solutions(words: number): Generator<Bits> {
    for (let free = 0; free < this.rows.length; free++) {
      if (this.rows[free] !== null) continue;
      const solution = new Int32Array(words);
      solution[free >>> 5] |= 1 << (free & 31);
      for (let column = free - 1; column >= 0; column--) {
        const row = this.rows[column];
        if (row !== null && parityOf(row, solution) === 1) {
          solution[column >>> 5] |= 1 << (column & 31);
        }
      }
      yield solution;
    }
  }
}

/** The parities after adding `z` to those that `chosen` marks. */
function moved(parities: readonly number[], z: number, chosen: Bits): number[] {
  let count = 0;
  const next = parities.map((parity, k) => {
    const bit = (chosen[k >>> 5] >>> (k & 31)) & 1;
    count += bit;
    return bit === 1 ? parity ^ z : parity;
  });
  if (count % 2 === 1) next.push(z);
  return distinct(next);
}

/** The shortest that adding `z` can make of the parities, by one solution; null where none is shorter. */
function shortened(
  parities: readonly number[],
  variables: number,
  z: number,
  isDue: () => boolean,
): number[] | null {
  const rows = rowsBeside(parities, variables, z);
  const words = (parities.length + 31) >>> 5;
  const echelon = new Echelon(parities.length);
  for (let i = 0; i < rows.length; i++) {
    if (isDue()) return null;
    for (let j = i; j < rows.length && echelon.rank < parities.length; j++) {
      echelon.add(rows[i].map((word, w) => word & rows[j][w]));
    }
  }
  let best: number[] | null = null;
  for (const solution of echelon.solutions(words)) {
    if (isDue()) break;
    const next = moved(parities, z, solution);
    if (next.length < (best ?? parities).length) best = next;
  }
  return best;
}

/** Sums of two parities, each once, in random order. */
function sums(parities: readonly number[], rng: Rng): number[] {
  const found = new Set<number>();
  for (let i = 0; i < parities.length; i++) {
    for (let j = 0; j < i; j++) found.add(parities[i] ^ parities[j]);
  }
  const list = [...found];
  for (let k = list.length - 1; k > 0; k--) {
    const other = rng.below(k + 1);
    [list[k], list[other]] = [list[other], list[k]];
  }
  return list.slice(0, TRIALS_MAX);
}

/**
 * Parities whose sum differs from that of the given ones by a Clifford alone; never more.
 *
 * @param parities - masks of at most 30 variables, distinct and not empty
 */
export function reducedParities(
  parities: readonly number[],
  variables: number,
  options: { readonly rng: Rng; readonly isDue: () => boolean },
): readonly number[] {
  let current = distinct(parities);
  for (;;) {
    let best: number[] | null = null;
    let left = TRIALS_MAX;
    for (const z of sums(current, options.rng)) {
      if (options.isDue() || left-- <= 0) break;
      const next = shortened(current, variables, z, options.isDue);
      if (next === null || (best !== null && next.length >= best.length)) continue;
      if (best === null) left = Math.min(left, TRIALS_AFTER_GAIN);
      best = next;
    }
    if (best === null) return current;
    current = best;
  }
}

/** Coefficients of a polynomial over ℤ₈ whose cubic part vanishes: what is left is a Clifford. */
export interface CliffordPart {
  /** Even. */
  readonly linear: readonly number[];
  /** Multiples of 4, at variables × i + j for i < j. */
  readonly quadratic: readonly number[];
}

/** Parities with coefficients over ℤ₈. */
export interface WeightedParities {
  readonly parities: readonly number[];
  readonly weights: readonly number[];
}

/** The polynomial of a sum of weighted parities, which must be a Clifford's: checks every coefficient. */
export function cliffordPart(
  { parities, weights }: WeightedParities,
  variables: number,
): CliffordPart {
  const sumOver = (mask: number): number => {
    let sum = 0;
    parities.forEach((parity, k) => {
      if ((parity & mask) === mask) sum += weights[k];
    });
    return sum;
  };
  // A parity is Σ yᵢ − 2·Σ yᵢyⱼ + 4·Σ yᵢyⱼyₖ, modulo 8.
  const linear: number[] = [];
  const quadratic = new Array<number>(variables * variables).fill(0);
  for (let i = 0; i < variables; i++) {
    linear.push(sumOver(1 << i) & 7);
    invariant(linear[i] % 2 === 0, 'parities with fewer T keep their sums over one row');
    for (let j = i + 1; j < variables; j++) {
      const pair = (1 << i) | (1 << j);
      quadratic[variables * i + j] = (-2 * sumOver(pair)) & 7;
      invariant(quadratic[variables * i + j] % 4 === 0, 'and over two');
      for (let k = j + 1; k < variables; k++) {
        invariant(sumOver(pair | (1 << k)) % 2 === 0, 'and over three');
      }
    }
  }
  return { linear, quadratic };
}
