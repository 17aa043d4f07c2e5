/**
 * Fewer T than merging alone leaves: groups of commuting rotations as phase polynomials.
 *
 * Rotations that commute with each other are diagonal in one basis, where they are a sum of parities;
 * {@link reducedParities} finds fewer for the same sum up to a Clifford, which is then taken past what
 * follows.
 */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import { isEighth } from './angle.ts';
import { conjugateRow, multiplyRows, type PauliFrame, type PauliRows } from './pauli-frame.ts';
import { doAnticommute, STRING_QUBITS_MAX } from './pauli-strings.ts';
import { cliffordPart, reducedParities } from './phase-polynomial.ts';
import type { RotationList } from './rotation-form.ts';

export interface TReductionOptions {
  readonly rng: Rng;
  readonly isDue: () => boolean;
}

/** Strings by their number; row i of `rows` turns by `angles[i]`. */
interface Turns {
  readonly rows: PauliRows;
  readonly angles: Float64Array;
}

/** A group's strings as products of independent ones. */
interface Generators {
  /** Rows of the generators. */
  readonly rows: PauliRows;
  readonly count: number;
  /** For each member: generators in its product as a mask, and whether the product has a minus beside it. */
  readonly masks: readonly number[];
  readonly minus: readonly boolean[];
}

function emptyRows(count: number): PauliRows {
  return {
    words: 1,
    x: new Int32Array(count),
    z: new Int32Array(count),
    sign: new Uint8Array(count),
  };
}

/** The product of generators that a mask names, as a row by itself. */
function productOf(generators: PauliRows, mask: number): PauliRows & { readonly row: number } {
  const product = emptyRows(1);
  for (let g = 0; mask >> g !== 0; g++) {
    if ((mask >> g) & 1) multiplyRows(product, 0, { ...generators, row: g });
  }
  return { ...product, row: 0 };
}

function generatorsOf({ rows }: Turns, members: readonly number[]): Generators {
  const generators = emptyRows(STRING_QUBITS_MAX);
  const reduced: { readonly x: number; readonly z: number; readonly mask: number }[] = [];
  let count = 0;
  const masks = members.map((i) => {
    let [x, z, mask] = [rows.x[i], rows.z[i], 0];
    for (const row of reduced) {
      // Each reduced row is zero where the ones before it have their leading bit.
      const lead = row.x !== 0 ? 31 - Math.clz32(row.x) : 31 - Math.clz32(row.z);
      const has = row.x !== 0 ? (x >> lead) & 1 : (z >> lead) & 1;
      if (has === 0) continue;
      x ^= row.x;
      z ^= row.z;
      mask ^= row.mask;
    }
    if (x === 0 && z === 0) return mask;
    generators.x[count] = rows.x[i];
    generators.z[count] = rows.z[i];
    reduced.push({ x, z, mask: mask ^ (1 << count) });
    return 1 << count++;
  });
  const minus = masks.map((mask) => productOf(generators, mask).sign[0] === 1);
  return { rows: generators, count, masks, minus };
}

/** Rotations that can stand together in front of `left`: all commute, and with those before them. */
function frontGroup(
  { rows, angles }: Turns,
  left: readonly number[],
  isSkipped: () => boolean,
): ReadonlySet<number> {
  const group: number[] = [];
  const skipped: number[] = [];
  for (const i of left) {
    const clashes = (j: number): boolean => doAnticommute(rows, i, j);
    const isFree = isEighth(angles[i]) && !group.some(clashes) && !skipped.some(clashes);
    if (isFree && !isSkipped()) group.push(i);
    else skipped.push(i);
  }
  return new Set(group.length > 0 ? group : left.slice(0, 1));
}

/** How rotations are grouped: from the front, from the back, or from either as chance has it. */
export type Grouping = 'front' | 'back' | 'random';

/** Chance that a random grouping leaves a rotation for a later group. */
const SKIPPED = 0.05;

/** All rotations in groups that commute within, in an order in which they may stand. */
function groupsOf(turns: Turns, grouping: Grouping, rng: Rng): readonly (readonly number[])[] {
  let left = Array.from(turns.angles, (_, i) => i);
  const front: number[][] = [];
  const back: number[][] = [];
  const skip = rng.below(2) === 0 ? SKIPPED : 0;
  const isSkipped = (): boolean => grouping === 'random' && rng.unit() < skip;
  while (left.length > 0) {
    const isFront = grouping === 'random' ? rng.below(2) === 0 : grouping === 'front';
    const group = frontGroup(turns, isFront ? left : left.toReversed(), isSkipped);
    (isFront ? front : back).push(left.filter((i) => group.has(i)));
    left = left.filter((i) => !group.has(i));
  }
  return [...front, ...back.toReversed()];
}

class TReduction {
  readonly #turns: Turns;
  readonly #frame: PauliFrame;
  readonly #options: TReductionOptions;
  /** Rotations of the groups to come. */
  #left: readonly number[] = [];
  readonly #x: number[] = [];
  readonly #z: number[] = [];
  readonly #angle: number[] = [];

  constructor(list: RotationList, options: TReductionOptions) {
    const { count, x, z, angle, frame } = list;
    const rows = { words: 1, x: x.slice(), z: z.slice(), sign: new Uint8Array(count) };
    this.#turns = { rows, angles: angle.slice() };
    this.#frame = frame.copy();
    this.#options = options;
  }

  run(grouping: Grouping): RotationList {
    const groups = groupsOf(this.#turns, grouping, this.#options.rng);
    for (const [n, group] of groups.entries()) {
      this.#left = groups.slice(n + 1).flat();
      this.#reduce(group);
    }
    return {
      count: this.#x.length,
      words: 1,
      x: Int32Array.from(this.#x),
      z: Int32Array.from(this.#z),
      angle: Float64Array.from(this.#angle),
      frame: this.#frame,
    };
  }

  /** Angle about a row's string, its sign taken in. */
  #signed(i: number): number {
    const { rows, angles } = this.#turns;
    return rows.sign[i] === 1 ? -angles[i] : angles[i];
  }

  #push({ x, z }: PauliRows, i: number, angle: number): void {
    this.#x.push(x[i]);
    this.#z.push(z[i]);
    this.#angle.push(angle);
  }

  #reduce(group: readonly number[]): void {
    const isExact = group.every((i) => isEighth(this.#turns.angles[i]));
    const { rows, count, masks, minus } = generatorsOf(this.#turns, group);
    const fewer = isExact ? reducedParities(masks, count, this.#options) : masks;
    if (fewer.length >= group.length) {
      for (const i of group) this.#push(this.#turns.rows, i, this.#signed(i));
      return;
    }
    // In eighths of a circle, about products of generators.
    const weights = group.map((i, n) => {
      const angle = minus[n] ? -this.#signed(i) : this.#signed(i);
      return Math.round(angle / (Math.PI / 4));
    });
    const difference = cliffordPart(
      { parities: [...masks, ...fewer], weights: [...weights, ...fewer.map(() => -1)] },
      count,
    );
    for (const mask of fewer) {
      const product = productOf(rows, mask);
      this.#push(product, 0, ((product.sign[0] === 1 ? -1 : 1) * Math.PI) / 4);
    }
    for (let i = 0; i < count; i++) {
      this.#turn(productOf(rows, 1 << i), difference.linear[i] / 2);
      for (let j = i + 1; j < count; j++) {
        if (difference.quadratic[count * i + j] === 0) continue;
        // e^{iπ·yᵢyⱼ}: quarter turns about both, and one back about their product.
        this.#turn(productOf(rows, 1 << i), 1);
        this.#turn(productOf(rows, 1 << j), 1);
        this.#turn(productOf(rows, (1 << i) | (1 << j)), 3);
      }
    }
  }

  /** Takes quarter turns past all that is left. */
  #turn(string: PauliRows & { readonly row: number }, quarters: number): void {
    const turns = (string.sign[0] === 1 ? -quarters : quarters) & 3;
    const plain = { ...string, sign: new Uint8Array(1) };
    for (const i of this.#left) conjugateRow(this.#turns.rows, i, plain, turns);
    if (turns !== 0) this.#frame.conjugateByTurn(plain, turns);
  }
}

/** Random groupings without gain after which no more are tried. */
const STALE_MAX = 6;

/** Rotations for the same unitary with fewer T among them, or the same; of at most 30 qubits. */
export function withFewerT(list: RotationList, options: TReductionOptions): RotationList {
  invariant(list.words === 1, 'rotations whose T are reduced are on at most 30 qubits');
  let best = list;
  for (let stale = 0; stale < STALE_MAX && !options.isDue(); stale++) {
    const grouping = stale === 0 ? 'front' : stale === 1 ? 'back' : 'random';
    const next = new TReduction(best, options).run(grouping);
    if (next.count >= best.count) continue;
    best = next;
    stale = -1;
  }
  return best;
}
