import type { SearchContext } from './search-context.ts';
import { descend, newState, randomize, refresh, sweep, type SpinState } from './spin-state.ts';
import { temperatureAt } from './temperature-range.ts';

/** One annealing: from a temperature down to the cold end of the range. */
export interface Schedule {
  readonly from: number;
  readonly sweeps: number;
}

/** Passes at next to no temperature: spins without pull wander, which opens ways down. */
const SETTLING_SWEEPS = 6;

/**
 * Anneals a state in place, lets it settle in a local minimum, and offers that to the incumbent.
 *
 * @returns false once the search has to end
 */
export function annealState(
  context: SearchContext,
  state: SpinState,
  { from, sweeps }: Schedule,
): boolean {
  const { range, effort } = context;
  for (let pass = 0; pass < sweeps; pass++) {
    const temperature = temperatureAt(range, from, pass / sweeps);
    if (passOver(context, state, temperature)) break;
  }
  for (let pass = 0; pass < SETTLING_SWEEPS; pass++) {
    if (passOver(context, state, range.cold / 100)) break;
  }
  descend(context.problem, state, context.blocks, effort);
  refresh(context.problem, state);
  context.incumbent.offer(state.spins, state.energy);
  return effort.stopped === undefined;
}

/** @returns true once the search has to end */
function passOver(context: SearchContext, state: SpinState, temperature: number): boolean {
  const heat = { temperature, noise: context.noise };
  for (const block of context.blocks) {
    sweep(context.problem, state, block, heat);
    if (context.effort.spend(block.steps)) return true;
  }
  return false;
}

export interface AnnealingOptions {
  /** Passes over all spins of the first run; each later run has a quarter more. Default 1,000. */
  readonly sweeps?: number;
  /** Runs from random spins; default as many as the limits allow. */
  readonly runs?: number;
}

/**
 * Simulated annealing from random starts, again and again, each run longer than the one before.
 *
 * Source: Kirkpatrick, Gelatt, Vecchi, Science 220 (1983) 671–680.
 */
export function searchAnnealing(context: SearchContext, options: AnnealingOptions = {}): void {
  const state = newState(context.problem.size);
  let sweeps = options.sweeps ?? 1000;
  for (let run = 0; run < (options.runs ?? Infinity); run++) {
    randomize(context.problem, state, context.rng);
    const schedule = { from: context.range.hot, sweeps: Math.ceil(sweeps) };
    if (!annealState(context, state, schedule)) return;
    sweeps *= 1.25;
  }
}
