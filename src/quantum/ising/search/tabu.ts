/**
 * One-flip tabu search with path relinking between its best states.
 *
 * Source: Wang, Lü, Glover, Hao, European Journal of Operational Research 223 (2012) 595–604 (path relinking
 * for unconstrained binary quadratic programming), with their tenure n/100 + random(10) + 10 bounded for small n.
 */
import { distance, isSymmetric } from './merge-parts.ts';
import type { SearchContext } from './search-context.ts';
import { copyState, flip, newState, randomize, refresh, type SpinState } from './spin-state.ts';

export interface TabuOptions {
  /** Flips without a better state after which a search ends; default 5 n, 500 to 20,000. */
  readonly movesIdleMax?: number;
  /** States kept to relink; default 10. */
  readonly elites?: number;
}

/** Runs until the effort is spent. */
export function searchTabu(context: SearchContext, options: TabuOptions = {}): void {
  const { problem, rng } = context;
  const idleMax = options.movesIdleMax ?? Math.min(20_000, Math.max(500, 5 * problem.size));
  const elitesMax = Math.max(2, options.elites ?? 10);
  const tabu: TabuSearch = {
    context,
    until: new Int32Array(problem.size),
    best: newState(problem.size),
    idleMax,
  };
  for (;;) {
    const elites: SpinState[] = [];
    while (elites.length < elitesMax) {
      const state = newState(problem.size);
      randomize(problem, state, rng);
      if (!improve(tabu, state)) return;
      elites.push(state);
    }
    for (let idle = 0; idle < 3 * elitesMax; idle++) {
      const child = relink(context, elites);
      if (!improve(tabu, child)) return;
      if (takeIn(elites, child, isSymmetric(problem))) idle = 0;
    }
  }
}

interface TabuSearch {
  readonly context: SearchContext;
  /** The move from which on a spin may be flipped again. */
  readonly until: Int32Array;
  readonly best: SpinState;
  readonly idleMax: number;
}

/** Leaves the best state it met in `state`. False once the search has to end. */
function improve(tabu: TabuSearch, state: SpinState): boolean {
  const { context, until, best, idleMax } = tabu;
  const { problem, effort, rng } = context;
  const { size } = problem;
  const tenure = Math.floor(Math.min(size / 100 + 10, size / 4));
  const tenureSpread = Math.max(1, Math.min(10, size >> 2));
  const stepsPerMove = size + Math.ceil(problem.column.length / size);
  until.fill(0);
  copyState(best, state);
  let moved = true;
  for (let move = 1, idle = 0; idle < idleMax && moved; move++, idle++) {
    const spin = bestMove(state, until, { move, toBeat: best.energy });
    moved = spin >= 0;
    if (!moved) break;
    flip(problem, state, spin);
    until[spin] = move + 1 + tenure + rng.below(tenureSpread);
    if (isBelow(state.energy, best.energy)) {
      copyState(best, state);
      idle = -1;
    }
    if (effort.spend(stepsPerMove)) break;
  }
  refresh(problem, best);
  copyState(state, best);
  context.incumbent.offer(state.spins, state.energy);
  return effort.stopped === undefined;
}

/** Sums of floats must differ by more than their rounding to count as better. */
function isBelow(energy: number, other: number): boolean {
  return energy < other - 1e-12 * Math.abs(other);
}

/** The flip that lowers the energy most (or raises it least) among those allowed; −1 if none is. */
function bestMove(
  { spins, local, energy }: SpinState,
  until: Int32Array,
  { move, toBeat }: { readonly move: number; readonly toBeat: number },
): number {
  let best = -1;
  let bestGain = -Infinity;
  for (let i = 0; i < spins.length; i++) {
    const gain = spins[i] * local[i];
    if (gain <= bestGain) continue;
    // A tabu is lifted where it keeps from a new best.
    if (until[i] > move && !isBelow(energy - 2 * gain, toBeat)) continue;
    best = i;
    bestGain = gain;
  }
  return best;
}

/** Walks from one elite towards another by the best flips, and gives the best state of the middle of the way. */
function relink(context: SearchContext, elites: readonly SpinState[]): SpinState {
  const { problem, rng } = context;
  const from = rng.below(elites.length);
  const to = (from + 1 + rng.below(elites.length - 1)) % elites.length;
  const walker = newState(problem.size);
  copyState(walker, elites[from]);
  const guide = elites[to].spins.slice();
  const apart = distance(walker.spins, guide);
  if (isSymmetric(problem) && 2 * apart > problem.size) {
    for (let i = 0; i < guide.length; i++) guide[i] = -guide[i];
  }
  const open: number[] = [];
  for (let i = 0; i < guide.length; i++) if (guide[i] !== walker.spins[i]) open.push(i);
  const first = Math.ceil(open.length / 5);
  const last = open.length - first;
  const best = newState(problem.size);
  best.energy = Infinity;
  for (let step = 1; step <= last; step++) {
    flip(problem, walker, takeBest(walker, open));
    if (step >= first && walker.energy < best.energy) copyState(best, walker);
    if (context.effort.spend(open.length)) break;
  }
  if (best.energy === Infinity) randomize(problem, best, rng);
  return best;
}

function takeBest({ spins, local }: SpinState, open: number[]): number {
  let place = 0;
  for (let k = 1; k < open.length; k++) {
    if (spins[open[k]] * local[open[k]] > spins[open[place]] * local[open[place]]) place = k;
  }
  const spin = open[place];
  open[place] = open[open.length - 1];
  open.pop();
  return spin;
}

/** Replaces the worst elite by a better and different state. True if it did. */
function takeIn(elites: SpinState[], child: SpinState, symmetric: boolean): boolean {
  let worst = 0;
  for (const [k, elite] of elites.entries()) {
    const apart = distance(elite.spins, child.spins);
    if (apart === 0 || (symmetric && apart === child.spins.length)) return false;
    if (elite.energy > elites[worst].energy) worst = k;
  }
  if (child.energy >= elites[worst].energy) return false;
  elites[worst] = child;
  return true;
}
