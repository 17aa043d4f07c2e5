/**
 * Breakout local search: steepest descent, then a jump whose length and kind follow the history of the search.
 *
 * Source: Benlic and Hao, Engineering Applications of Artificial Intelligence 26 (2013) 1162–1173. Their swap
 * perturbation is left out: it keeps the sides in balance, which spins with fields do not ask for.
 */
import { OrchestratorError } from '../../../base/errors.ts';
import type { IsingProblem } from '../problem/ising-problem.ts';
import { GainBuckets } from './gain-buckets.ts';
import type { SearchContext } from './search-context.ts';
import { copyState, flip, newState, randomize, refresh, type SpinState } from './spin-state.ts';

/** Descents without a better one before the jump is a strong one. */
const IDLE_MAX = 1000;
const JUMP_FIRST = 0.01;
const JUMP_STRONG = 0.1;
const DIRECTED_MIN = 0.8;
const GAIN_MAX = 4_000_000;

interface Breakout {
  readonly context: SearchContext;
  readonly state: SpinState;
  readonly buckets: GainBuckets;
  readonly until: Int32Array;
  /** Gain of a flip, times this, is an integer. */
  readonly scale: number;
  move: number;
}

/**
 * The number that makes every gain an integer of at most four million, or undefined where none does.
 *
 * Gains are 2 (h + ΣJ) of a spin: coefficients that are multiples of an eighth will do.
 */
export function gainScale(problem: IsingProblem): number | undefined {
  for (const scale of [1, 2, 4]) {
    const whole = (value: number): boolean => Number.isInteger(2 * scale * value);
    if (problem.fields.every(whole) && problem.coupling.every(whole)) {
      return gainMaxOf(problem, scale) <= GAIN_MAX ? scale : undefined;
    }
  }
  return undefined;
}

function gainMaxOf({ size, fields, rowStart, coupling }: IsingProblem, scale: number): number {
  let most = 0;
  for (let i = 0; i < size; i++) {
    let pull = Math.abs(fields[i]);
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) pull += Math.abs(coupling[k]);
    most = Math.max(most, pull);
  }
  return Math.round(2 * scale * most);
}

/** Runs until the effort is spent. @throws OrchestratorError QUANTUM_OPTION_INVALID without integer gains */
export function searchBreakout(context: SearchContext): void {
  const { problem, rng } = context;
  const scale = gainScale(problem);
  if (scale === undefined) {
    throw new OrchestratorError(
      'QUANTUM_OPTION_INVALID',
      'breakout search must have coefficients that are small multiples of 1, 1/2, 1/4 or 1/8, got others',
    );
  }
  const breakout: Breakout = {
    context,
    state: newState(problem.size),
    buckets: new GainBuckets(problem.size, gainMaxOf(problem, scale)),
    until: new Int32Array(problem.size),
    scale,
    move: 0,
  };
  randomize(problem, breakout.state, rng);
  for (let i = 0; i < problem.size; i++) put(breakout, i);
  leap(breakout);
}

function leap(breakout: Breakout): void {
  const { context, state } = breakout;
  const { size } = context.problem;
  const jumpFirst = Math.max(2, Math.ceil(JUMP_FIRST * size));
  const last = newState(size);
  last.energy = Infinity;
  let best = Infinity;
  for (let idle = 0, jump = jumpFirst; climb(breakout); idle++) {
    if (state.energy < best) {
      best = state.energy;
      idle = 0;
    }
    const same = state.energy === last.energy && state.spins.every((s, i) => s === last.spins[i]);
    copyState(last, state);
    const strong = idle > IDLE_MAX;
    if (strong) idle = 0;
    jump = same ? Math.min(jump + 1, size) : jumpFirst;
    const directed = Math.max(Math.exp(-idle / IDLE_MAX), DIRECTED_MIN);
    const random = strong || context.rng.unit() >= directed;
    const length = strong ? Math.max(1, Math.ceil(JUMP_STRONG * size)) : jump;
    if (!perturb(breakout, length, random)) return;
  }
}

function put({ buckets, state, scale }: Breakout, i: number): void {
  buckets.put(i, Math.round(2 * scale * state.spins[i] * state.local[i]));
}

/** False once the search has to end. */
function move(breakout: Breakout, spin: number): boolean {
  const { context, state, until } = breakout;
  const { rowStart, column, size } = context.problem;
  flip(context.problem, state, spin);
  put(breakout, spin);
  for (let k = rowStart[spin]; k < rowStart[spin + 1]; k++) put(breakout, column[k]);
  breakout.move += 1;
  until[spin] = breakout.move + 3 + context.rng.below(Math.max(1, Math.floor(size / 10)));
  return !context.effort.spend(4 + 4 * (rowStart[spin + 1] - rowStart[spin]));
}

/** Steepest descent. False once the search has to end. */
function climb(breakout: Breakout): boolean {
  const { context, state, buckets } = breakout;
  let going = true;
  while (going) {
    const spin = buckets.best((_, gain) => gain > 0);
    if (spin < 0) break;
    going = move(breakout, spin);
  }
  if (state.energy < context.incumbent.energy) {
    const copy = newState(context.problem.size);
    copyState(copy, state);
    refresh(context.problem, copy);
    context.incumbent.offer(copy.spins, copy.energy);
  }
  return going;
}

/** Flips that are random, or the best among those not lately made. False once the search has to end. */
function perturb(breakout: Breakout, length: number, random: boolean): boolean {
  const { context, buckets, until } = breakout;
  const { rng, problem } = context;
  for (let k = 0; k < length; k++) {
    let spin = random ? rng.below(problem.size) : buckets.best((s) => until[s] <= breakout.move);
    if (spin < 0) spin = rng.below(problem.size);
    if (!move(breakout, spin)) return false;
  }
  return true;
}
