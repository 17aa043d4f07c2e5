/**
 * The portfolio's main search: a small population, annealed, and bred by merging connected parts.
 *
 * An epoch anneals a handful of random states, then breeds them until they are all alike; the next epoch
 * begins afresh with longer annealings. A few states that did best go on into every third epoch.
 */
import { annealState } from './anneal.ts';
import {
  distance,
  isSymmetric,
  mergeParts,
  mergeScratch,
  mixSpins,
  type MergeScratch,
} from './merge-parts.ts';
import type { SearchContext } from './search-context.ts';
import { copyState, newState, randomize, type SpinState } from './spin-state.ts';

export interface PopulationOptions {
  /** States in the population, at least 3; default 16, fewer where the limits are short. */
  readonly states?: number;
  /** Passes of the first annealings; default 1,000, fewer where the limits are short. */
  readonly sweeps?: number;
}

interface Population {
  readonly context: SearchContext;
  readonly states: SpinState[];
  readonly child: SpinState;
  readonly trial: SpinState;
  readonly scratch: MergeScratch;
  readonly symmetric: boolean;
  sweeps: number;
}

/** Share of the hot temperature that a state is warmed up to again, at least and at most. */
const WARM_MIN = 0.3;
const WARM_MAX = 0.9;

const REPAIRS_AFTER_ANNEALING = 5;
const REPAIRS_AFTER_BREEDING = 3;
const SWEEPS_GROWTH = 1.5;
const ELITES_MAX = 8;
const ELITE_EPOCH = 3;

/** Runs until the effort is spent. */
export function searchPopulation(context: SearchContext, options: PopulationOptions = {}): void {
  const plan = planOf(context, options);
  const { size } = context.problem;
  const population: Population = {
    context,
    states: Array.from({ length: plan.states }, () => newState(size)),
    child: newState(size),
    trial: newState(size),
    scratch: mergeScratch(size),
    symmetric: isSymmetric(context.problem),
    sweeps: plan.sweeps,
  };
  const elites: SpinState[] = [];
  for (let epoch = 1; ; epoch++) {
    const kept = epoch % ELITE_EPOCH === 0 ? elites : [];
    if (!found(population, kept) || !breed(population)) return;
    keepElite(elites, best(population.states));
    population.sweeps = Math.ceil(population.sweeps * SWEEPS_GROWTH);
  }
}

const STATES_DEFAULT = 16;
const STATES_MIN = 6;
const SWEEPS_DEFAULT = 1000;
const SWEEPS_MIN = 60;

/** Share of the effort that the first annealings may take. */
const FOUNDING_SHARE = 0.25;

function planOf(context: SearchContext, options: PopulationOptions): Required<PopulationOptions> {
  let passSteps = 0;
  for (const block of context.blocks) passSteps += block.steps;
  const passes = (FOUNDING_SHARE * context.effort.stepsPlanned) / passSteps;
  // Where both are short, states and sweeps shrink together.
  const shrink = Math.min(1, Math.sqrt(passes / (STATES_DEFAULT * SWEEPS_DEFAULT * 1.5)));
  const states = Math.max(STATES_MIN, Math.round(STATES_DEFAULT * shrink));
  const sweeps = Math.max(SWEEPS_MIN, Math.round(Math.min(SWEEPS_DEFAULT, passes / states / 1.5)));
  return { states: Math.max(3, options.states ?? states), sweeps: options.sweeps ?? sweeps };
}

/** Fills the population with annealed states, after those that are kept. False once the search has to end. */
function found(population: Population, kept: readonly SpinState[]): boolean {
  const { context, states, sweeps } = population;
  for (const [k, state] of states.entries()) {
    if (k < kept.length) {
      copyState(state, kept[k]);
      continue;
    }
    randomize(context.problem, state, context.rng);
    if (!annealState(context, state, { from: context.range.hot, sweeps })) return false;
    if (!repair(population, state, REPAIRS_AFTER_ANNEALING)) return false;
  }
  return true;
}

/** Warms a copy up and anneals it again, and keeps the parts that got better. */
function repair(population: Population, state: SpinState, times: number): boolean {
  const { context, trial, scratch, symmetric, sweeps } = population;
  for (let time = 0; time < times; time++) {
    copyState(trial, state);
    const from = warmth(context);
    if (!annealState(context, trial, { from, sweeps: Math.ceil(sweeps / 10) })) return false;
    mergeParts(context.problem, [state, trial], scratch, { symmetric });
    context.incumbent.offer(state.spins, state.energy);
  }
  return true;
}

function warmth({ range, rng }: SearchContext): number {
  return range.hot * (WARM_MIN + (WARM_MAX - WARM_MIN) * rng.unit());
}

/** Breeds until nothing new comes of it. False once the search has to end. */
function breed(population: Population): boolean {
  const { states } = population;
  const patience = 4 * states.length;
  for (let idle = 0; idle < patience; idle++) {
    const before = total(states);
    if (!breedOnce(population)) return false;
    if (total(states) < before) idle = 0;
  }
  return true;
}

function total(states: readonly SpinState[]): number {
  let energy = 0;
  for (const state of states) energy += state.energy;
  return energy;
}

function breedOnce(population: Population): boolean {
  const { context, states, child, scratch, symmetric } = population;
  const { problem, rng } = context;
  const mother = rng.below(states.length);
  const father = (mother + 1 + rng.below(states.length - 1)) % states.length;
  copyState(child, states[mother]);
  const rules = { symmetric, coin: rng };
  const report = mergeParts(problem, [child, states[father]], scratch, rules);
  if (2 * report.largest > report.different) {
    copyState(child, states[mother]);
    mixSpins(problem, [child, states[father]], rng, symmetric);
  }
  const sweeps = Math.ceil(population.sweeps / 4);
  if (!annealState(context, child, { from: warmth(context), sweeps })) return false;
  mergeParts(problem, [child, states[mother]], scratch, { symmetric });
  mergeParts(problem, [child, states[father]], scratch, { symmetric });
  context.incumbent.offer(child.spins, child.energy);
  if (!repair(population, child, REPAIRS_AFTER_BREEDING)) return false;
  settleIn(population);
  return true;
}

/** Puts the child in the place of its double, or else of the worst, if it is no worse. */
function settleIn({ states, child, symmetric }: Population): void {
  const size = child.spins.length;
  let place = 0;
  for (const [k, state] of states.entries()) {
    if (state.energy > states[place].energy) place = k;
  }
  for (const [k, state] of states.entries()) {
    const apart = distance(state.spins, child.spins);
    if (Math.min(apart, symmetric ? size - apart : apart) < size / 100) place = k;
  }
  if (child.energy <= states[place].energy) copyState(states[place], child);
}

function best(states: readonly SpinState[]): SpinState {
  return states.reduce((least, state) => (state.energy < least.energy ? state : least));
}

function keepElite(elites: SpinState[], state: SpinState): void {
  const copy = newState(state.spins.length);
  copyState(copy, state);
  elites.push(copy);
  elites.sort((a, b) => a.energy - b.energy);
  if (elites.length > ELITES_MAX) elites.pop();
}
