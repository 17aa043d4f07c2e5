/**
 * A lower bound on the energy: no coupling gives more than |J|, and in a frustrated cycle one cannot.
 *
 * Edge-disjoint frustrated cycles each raise −Σ|J| − Σ|h| by twice their smallest coupling; shares of couplings are
 * packed, so that a strong coupling serves several cycles. Cycles are found shortest first by breadth-first search in
 * the double cover (a spin and its sign), where a frustrated cycle leads from a spin to itself turned over.
 */
import type { IsingProblem } from '../problem/ising-problem.ts';
import { symmetricRows, type SymmetricRows } from '../problem/symmetric-rows.ts';

interface Packing {
  readonly rows: SymmetricRows;
  /** Where each entry of the rows stands in the row of its other end. */
  readonly twin: Int32Array;
  /** What is left of |J|, aligned with the rows. */
  readonly left: Float64Array;
  /** Entry by which a cover node was reached; node = 2 × spin + sign. */
  readonly reachedBy: Int32Array;
  /** The round in which a cover node was reached. */
  readonly round: Int32Array;
  readonly queue: Int32Array;
  readonly depth: Int32Array;
  rounds: number;
  work: number;
}

const VISITS_MAX = 4000;
const LENGTHS = [3, 4, 5, 6, 8, 12];

/** Rounding of the sums, as a share of Σ|J| + Σ|h|. */
const SLACK = 1e-12;

/**
 * At most the least energy. Spends up to `workMax` steps; more make it better.
 *
 * Exact where nothing is frustrated, and where the frustrated cycles are disjoint.
 */
export function energyBound(problem: IsingProblem, workMax: number): number {
  const packing = newPacking(problem);
  let total = 0;
  for (const left of packing.left) total += left / 2;
  let raised = 0;
  packing.work = workMax;
  for (const length of LENGTHS) {
    for (let root = 0; root <= problem.size && packing.work > 0; root++) {
      for (let found = packCycle(packing, root, length); found > 0;) {
        raised += found;
        found = packCycle(packing, root, length);
      }
    }
  }
  const bound = problem.offset - total + 2 * raised;
  return isWhole(packing) ? bound : bound - SLACK * (total + Math.abs(problem.offset));
}

/** Sums of multiples of an eighth are exact. */
function isWhole({ rows }: Packing): boolean {
  return rows.value.every((value) => Number.isInteger(8 * value) && Math.abs(value) < 2 ** 30);
}

/** The fields become couplings to one more spin. */
function newPacking(problem: IsingProblem): Packing {
  const { size, fields, rowStart, column, coupling } = problem;
  const pairs = { first: [] as number[], second: [] as number[], value: [] as number[] };
  const push = (i: number, j: number, value: number): void => {
    pairs.first.push(i);
    pairs.second.push(j);
    pairs.value.push(value);
  };
  for (let i = 0; i < size; i++) {
    if (fields[i] !== 0) push(i, size, fields[i]);
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) {
      if (column[k] > i) push(i, column[k], coupling[k]);
    }
  }
  const rows = symmetricRows(size + 1, pairs);
  const nodes = 2 * (size + 1);
  return {
    rows,
    twin: twinsOf(rows),
    left: rows.value.map(Math.abs),
    reachedBy: new Int32Array(nodes),
    round: new Int32Array(nodes),
    queue: new Int32Array(nodes),
    depth: new Int32Array(nodes),
    rounds: 0,
    work: 0,
  };
}

function twinsOf({ rowStart, column }: SymmetricRows): Int32Array {
  const twin = new Int32Array(column.length);
  const next = rowStart.slice();
  for (let i = 0; i + 1 < rowStart.length; i++) {
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) {
      // Columns ascend, so the rows of the other ends meet their entries for i in order.
      twin[k] = next[column[k]]++;
    }
  }
  return twin;
}

/** Packs one frustrated cycle of at most this length through a spin; what it takes of each coupling, or 0. */
function packCycle(packing: Packing, root: number, lengthMax: number): number {
  const { rows, left, reachedBy, round, queue, depth } = packing;
  packing.rounds += 1;
  queue[0] = 2 * root;
  round[2 * root] = packing.rounds;
  depth[2 * root] = 0;
  let reached = 1;
  for (let head = 0; head < reached && reached < VISITS_MAX; head++) {
    const node = queue[head];
    if (depth[node] === lengthMax) break;
    const spin = node >> 1;
    packing.work -= rows.rowStart[spin + 1] - rows.rowStart[spin];
    for (let k = rows.rowStart[spin]; k < rows.rowStart[spin + 1]; k++) {
      if (left[k] <= 0) continue;
      // A positive coupling wants the two spins to differ.
      const to = 2 * rows.column[k] + ((node & 1) ^ (rows.value[k] > 0 ? 1 : 0));
      if (round[to] === packing.rounds) continue;
      round[to] = packing.rounds;
      reachedBy[to] = k;
      depth[to] = depth[node] + 1;
      queue[reached++] = to;
      if (to === 2 * root + 1) return take(packing, root);
    }
  }
  return 0;
}

function take({ rows, twin, left, reachedBy, depth }: Packing, root: number): number {
  const path: number[] = [];
  let node = 2 * root + 1;
  for (let at = depth[node]; at > 0; at--) {
    const k = reachedBy[node];
    path.push(k);
    const from = rows.column[twin[k]];
    node = 2 * from + ((node & 1) ^ (rows.value[k] > 0 ? 1 : 0));
  }
  let least = Infinity;
  const used = new Set<number>();
  for (const k of path) {
    least = Math.min(least, left[k]);
    used.add(Math.min(k, twin[k]));
  }
  // A way that goes out and back is no cycle through this spin.
  if (used.size < path.length) return 0;
  for (const k of path) {
    left[k] -= least;
    left[twin[k]] = left[k];
  }
  return least;
}
