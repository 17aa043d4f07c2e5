/**
 * Clifford circuits from what they make of each X and Z, by greedy disentangling.
 *
 * After Bravyi, Shaydulin, Hu and Maslov (2021): the images of a qubit's X and Z cost 3·(s − 1)/2 + t
 * controlled Paulis to bring onto one qubit, where they anticommute on s qubits and agree, or one is
 * missing, on t others. Each step takes the gate that lowers the sum over all qubits the most.
 */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import {
  ANTICOMMUTE,
  IMAGE,
  LOCAL_CLIFFORDS,
  NEGATIVE,
  X,
  Z,
  type LocalClifford,
} from '../synthesis/axis.ts';
import {
  axisAt,
  conjugate,
  conjugatedAxes,
  popcount,
  type PairGate,
  type PauliStrings,
} from './pauli-strings.ts';

/** Rows 2k and 2k + 1 of strings, from `first` on, are the images of X and Z of qubit k. */
export interface ImageRows {
  readonly strings: PauliStrings;
  readonly first: number;
  readonly qubits: number;
}

/** Twice the cost of one place: 3 where the two images anticommute, 2 where anything else is there. */
function placeCost(onX: number, onZ: number): number {
  if (ANTICOMMUTE[4 * onX + onZ]) return 3;
  return onX | onZ ? 2 : 0;
}

/**
 * Change of twice the cost, at (3(p − 1) + q − 1)·256 + 16·(axes of both images on a) + (on b).
 */
const COST_CHANGE: Int8Array = (() => {
  const table = new Int8Array(9 * 256);
  for (let at = 0; at < table.length; at++) {
    const gate = Math.floor(at / 256);
    const [p, q] = [1 + Math.floor(gate / 3), 1 + (gate % 3)];
    const [xa, za, xb, zb] = [(at >> 6) & 3, (at >> 4) & 3, (at >> 2) & 3, at & 3];
    const onX = conjugatedAxes(p, q, xa, xb);
    const onZ = conjugatedAxes(p, q, za, zb);
    table[at] =
      placeCost(onX >> 2, onZ >> 2) +
      placeCost(onX & 3, onZ & 3) -
      placeCost(xa, za) -
      placeCost(xb, zb);
  }
  return table;
})();

/** Twice the number of controlled Paulis that one qubit's images need by themselves. */
function costOf({ strings, first }: ImageRows, k: number): number {
  const { x, z } = strings;
  const i = first + 2 * k;
  const anti = (x[i] & z[i + 1]) ^ (z[i] & x[i + 1]);
  const all = x[i] | z[i] | x[i + 1] | z[i + 1];
  return 3 * (popcount(anti) - 1) + 2 * popcount(all & ~anti);
}

class Disentangler {
  readonly gates: PairGate[] = [];
  readonly #rows: ImageRows;
  readonly #rng: Rng | null;
  /** Places of qubits that are at home, as bits: no further gate acts on them. */
  #closed = 0;
  /** Both images' axes, 4x + z, at qubits × k + place. */
  readonly #axes: Uint8Array;

  constructor(rows: ImageRows, rng: Rng | null) {
    this.#rows = rows;
    this.#rng = rng;
    const { qubits } = rows;
    this.#axes = new Uint8Array(qubits * qubits);
    for (let place = 0; place < qubits; place++) this.#readPlace(place);
  }

  /** Each round brings one qubit home for good; rounds end, for in each a sum or a cost falls. */
  run(): void {
    for (let open = this.#nearest(); open >= 0; open = this.#nearest()) {
      for (let gate = this.#bestGate(-1); gate !== null; gate = this.#bestGate(-1)) {
        this.#apply(gate);
      }
      // Where no gate lowers the sum, the qubit that is nearest to done is brought home.
      open = this.#nearest();
      while (open >= 0 && costOf(this.#rows, open) > 0) {
        const gate = this.#bestGate(open);
        invariant(
          gate !== null,
          'some gate brings the images of an open qubit nearer to one place',
        );
        this.#apply(gate);
      }
    }
  }

  /** The qubit whose images need the fewest gates, of those that need any; −1 where none does. */
  #nearest(): number {
    const { qubits, strings, first } = this.#rows;
    let nearest = -1;
    let least = Infinity;
    for (let k = 0; k < qubits; k++) {
      const cost = costOf(this.#rows, k);
      if (cost === 0) {
        const i = first + 2 * k;
        this.#closed |= strings.x[i] | strings.z[i];
      } else if (cost < least) {
        least = cost;
        nearest = k;
      }
    }
    return nearest;
  }

  #readPlace(place: number): void {
    const { strings, first, qubits } = this.#rows;
    for (let k = 0; k < qubits; k++) {
      const onX = axisAt(strings, first + 2 * k, place);
      this.#axes[qubits * k + place] = 4 * onX + axisAt(strings, first + 2 * k + 1, place);
    }
  }

  #apply(gate: PairGate): void {
    const { strings, first, qubits } = this.#rows;
    for (let i = first; i < first + 2 * qubits; i++) conjugate(strings, i, gate);
    this.#readPlace(gate.a);
    this.#readPlace(gate.b);
    this.gates.push(gate);
  }

  /** The gate that lowers the sum most; with a target, among those that lower its cost. */
  #bestGate(target: number): PairGate | null {
    const { qubits } = this.#rows;
    const axes = this.#axes;
    const row = qubits * target;
    let best: PairGate | null = null;
    let bestScore = target < 0 ? 0 : Infinity;
    for (let a = 0; a < qubits; a++) {
      if (this.#isClosed(a) || (target >= 0 && axes[row + a] === 0)) continue;
      for (let b = a + 1; b < qubits; b++) {
        if (this.#isClosed(b) || (target >= 0 && axes[row + b] === 0)) continue;
        const { gate, score } = this.#bestOn(a, b, target);
        if (score < bestScore) {
          bestScore = score;
          best = { a, p: 1 + Math.floor(gate / 3), b, q: 1 + (gate % 3) };
        }
      }
    }
    return best;
  }

  #isClosed(place: number): boolean {
    return ((this.#closed >> place) & 1) === 1;
  }

  #bestOn(a: number, b: number, target: number): { readonly gate: number; readonly score: number } {
    let gate = 0;
    let score = Infinity;
    for (let g = 0; g < 9; g++) {
      const noise = this.#rng === null ? 0 : this.#rng.unit() * 0.9;
      const found = this.#scoreOf(a, b, g, target) + noise;
      if (found >= score) continue;
      score = found;
      gate = g;
    }
    return { gate, score };
  }

  #scoreOf(a: number, b: number, gate: number, target: number): number {
    const { qubits } = this.#rows;
    const axes = this.#axes;
    const base = gate * 256;
    if (target >= 0) {
      const row = qubits * target;
      if (COST_CHANGE[base + 16 * axes[row + a] + axes[row + b]] >= 0) return Infinity;
    }
    let sum = 0;
    for (let row = 0; row < qubits * qubits; row += qubits) {
      sum += COST_CHANGE[base + 16 * axes[row + a] + axes[row + b]];
    }
    return sum;
  }
}

/** What disentangling leaves: the Clifford on each qubit, and the qubit that it goes on as. */
export interface LocalRest {
  readonly frames: readonly LocalClifford[];
  readonly wires: readonly number[];
}

function cliffordWith(onX: number, onZ: number): LocalClifford {
  for (let c = 0; c < LOCAL_CLIFFORDS; c++) {
    if (IMAGE[4 * c + X] === onX && IMAGE[4 * c + Z] === onZ) return c;
  }
  throw new RangeError('images of X and Z anticommute');
}

/** Reads what is left once every qubit's images stand on one place each. */
export function localRest({ strings, first, qubits }: ImageRows): LocalRest {
  const frames: LocalClifford[] = [];
  const wires: number[] = [];
  for (let k = 0; k < qubits; k++) {
    const i = first + 2 * k;
    const place = 31 - Math.clz32(strings.x[i] | strings.z[i]);
    const signed = (row: number): number =>
      axisAt(strings, row, place) | (strings.sign[row] === 1 ? NEGATIVE : 0);
    frames[place] = cliffordWith(signed(i), signed(i + 1));
    wires[place] = k;
  }
  return { frames, wires };
}

/**
 * Gates, in time order, after which only one-qubit Cliffords and a permutation are left of the rows,
 * which are changed in place. At most 30 qubits; time about qubits⁵.
 *
 * @param rng - breaks ties, so that several tries differ
 */
export function disentangle(rows: ImageRows, rng: Rng | null = null): readonly PairGate[] {
  const disentangler = new Disentangler(rows, rng);
  disentangler.run();
  return disentangler.gates;
}
