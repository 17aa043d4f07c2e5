import type { IsingProblem } from '../problem/ising-problem.ts';
import type { SearchContext } from './search-context.ts';
import { descend, newState, refresh } from './spin-state.ts';

/**
 * Offers spins that satisfy every coupling of a spanning forest, and the same with its fields turned over.
 *
 * Where nothing is frustrated they satisfy all: two-colourable graphs and ferromagnets are solved at once.
 * O(size + couplings) and a descent each.
 */
export function offerTreeStates(context: SearchContext): void {
  const { problem, incumbent, effort, blocks } = context;
  const state = newState(problem.size);
  for (const sign of [1, -1]) {
    const spins = forestSpins(context);
    for (let i = 0; i < problem.size; i++) state.spins[i] = sign * spins[i];
    refresh(problem, state);
    descend(problem, state, blocks, effort);
    refresh(problem, state);
    incumbent.offer(state.spins, state.energy);
  }
}

/** Each tree of the forest takes the sign that its fields, in sum, want. */
function forestSpins({ problem }: SearchContext): Int8Array {
  const spins = new Int8Array(problem.size);
  const queue = new Int32Array(problem.size);
  for (let root = 0; root < problem.size; root++) {
    if (spins[root] !== 0) continue;
    const tree = growTree(problem, root, spins, queue);
    if (tree.pull <= 0) continue;
    for (let k = 0; k < tree.size; k++) spins[queue[k]] = -spins[queue[k]];
  }
  return spins;
}

/** Sets the spins that `root` reaches, and lists them in the queue. */
function growTree(
  { fields, rowStart, column, coupling }: IsingProblem,
  root: number,
  spins: Int8Array,
  queue: Int32Array,
): { size: number; pull: number } {
  spins[root] = 1;
  queue[0] = root;
  let size = 1;
  let pull = 0;
  for (let head = 0; head < size; head++) {
    const i = queue[head];
    pull += fields[i] * spins[i];
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) {
      const j = column[k];
      if (spins[j] !== 0) continue;
      spins[j] = coupling[k] > 0 ? -spins[i] : spins[i];
      queue[size++] = j;
    }
  }
  return { size, pull };
}
