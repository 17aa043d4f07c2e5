/**
 * The portfolio: reduces the problem, chooses a method by what is left, and gives the best found in time.
 */
import { OrchestratorError } from '../../base/errors.ts';
import { invariant, unreachable } from '../../base/invariant.ts';
import type { Watch } from '../watch.ts';
import { isingEnergy, type IsingProblem } from './problem/ising-problem.ts';
import { searchAnnealing, type AnnealingOptions } from './search/anneal.ts';
import { searchBifurcation, type BifurcationOptions } from './search/bifurcation.ts';
import { searchBreakout } from './search/breakout.ts';
import { Effort, type SearchLimits, type StopReason } from './search/effort.ts';
import { energyBound } from './search/energy-bound.ts';
import { EXACT_SPINS_MAX, searchExact } from './search/exact.ts';
import type { Improvement } from './search/incumbent.ts';
import { searchPopulation, type PopulationOptions } from './search/population.ts';
import { searchQaoa, type QaoaOptions, type QaoaReport } from './search/qaoa.ts';
import {
  searchQuantumAnnealing,
  type QuantumAnnealingOptions,
} from './search/quantum-annealing.ts';
import { reduceProblem } from './search/reduce.ts';
import { searchContext, type SearchContext } from './search/search-context.ts';
import { searchTabu, type TabuOptions } from './search/tabu.ts';
import { offerTreeStates } from './search/tree-states.ts';

/** The methods that may be asked for by name. */
export const ISING_METHODS = [
  'auto',
  'exact',
  'population',
  'annealing',
  'tabu',
  'breakout',
  'ballistic-bifurcation',
  'discrete-bifurcation',
  'quantum-annealing',
  'qaoa',
] as const;

export type IsingMethod = (typeof ISING_METHODS)[number];

export interface IsingOptions extends SearchLimits {
  /** Default 'auto', which also reduces the problem first and bounds it. */
  readonly method?: IsingMethod;
  /** The search ends at an energy of at most this. */
  readonly target?: number;
  readonly population?: PopulationOptions;
  readonly annealing?: AnnealingOptions;
  readonly tabu?: TabuOptions;
  readonly bifurcation?: Omit<BifurcationOptions, 'kind'>;
  readonly quantumAnnealing?: QuantumAnnealingOptions;
  readonly qaoa?: QaoaOptions;
}

/** The best assignment found, and how. */
export interface IsingSolution {
  /** −1 or +1 each. */
  readonly spins: Int8Array;
  readonly energy: number;
  /** No assignment has less energy than this. Given by 'auto', and where the solution is proven. */
  readonly bound?: number;
  /** Whether nothing better exists. */
  readonly proven: boolean;
  readonly method: Exclude<IsingMethod, 'auto'> | 'reduction';
  /** Why this method, in words. */
  readonly reason: string;
  /** Every improvement, oldest first; the first is an arbitrary start. */
  readonly history: readonly Improvement[];
  readonly steps: number;
  readonly timeMs: number;
  readonly stopped: StopReason;
  /** Of method 'qaoa' alone. */
  readonly qaoa?: QaoaReport;
}

/**
 * Seeks spins of least energy until the limits are reached or nothing better can exist.
 *
 * A canceled or late search returns its best. The same problem, options and `stepsMax` give the same
 * result, if `timeMs` does not end it first.
 *
 * @throws OrchestratorError QUANTUM_OPTION_INVALID, QUANTUM_PROBLEM_TOO_LARGE (a method that cannot hold the problem)
 */
export function solveIsing(
  problem: IsingProblem,
  options: IsingOptions,
  watch: Watch,
): IsingSolution {
  const method = options.method ?? 'auto';
  if (!ISING_METHODS.includes(method)) {
    throw new OrchestratorError(
      'QUANTUM_OPTION_INVALID',
      `method must be one of ${ISING_METHODS.join(', ')}, got ${method}`,
      { method },
    );
  }
  if (method === 'auto') return solveReduced(problem, options, watch);
  const context = searchContext(problem, new Effort(options, watch));
  context.incumbent.target = options.target ?? -Infinity;
  const run = runMethod(context, method, options);
  return report(context, { method, reason: 'asked for by name', ...run });
}

interface Outcome {
  readonly method: IsingSolution['method'];
  readonly reason: string;
  readonly proven?: boolean;
  readonly bound?: number;
  readonly qaoa?: QaoaReport;
}

function report(context: SearchContext, outcome: Outcome): IsingSolution {
  const { incumbent, effort } = context;
  const bound = outcome.proven === true ? incumbent.energy : outcome.bound;
  const proven = bound !== undefined && incumbent.energy <= bound;
  return {
    spins: incumbent.spins,
    energy: incumbent.energy,
    ...(bound === undefined ? {} : { bound: Math.min(bound, incumbent.energy) }),
    proven,
    method: outcome.method,
    reason: outcome.reason,
    history: incumbent.history,
    steps: effort.steps,
    timeMs: effort.elapsedMs(),
    stopped: proven ? 'proven' : (effort.stopped ?? 'done'),
    ...(outcome.qaoa === undefined ? {} : { qaoa: outcome.qaoa }),
  };
}

type Run = Pick<Outcome, 'proven' | 'qaoa'>;

function runMethod(
  context: SearchContext,
  method: Exclude<IsingMethod, 'auto'>,
  options: IsingOptions,
): Run {
  switch (method) {
    case 'exact':
      return { proven: exactOrRefused(context) };
    case 'qaoa':
      return { qaoa: searchQaoa(context, options.qaoa) };
    case 'population':
      searchPopulation(context, options.population);
      return {};
    case 'annealing':
      searchAnnealing(context, options.annealing);
      return {};
    case 'tabu':
      searchTabu(context, options.tabu);
      return {};
    case 'breakout':
      searchBreakout(context);
      return {};
    case 'ballistic-bifurcation':
      searchBifurcation(context, { ...options.bifurcation, kind: 'ballistic' });
      return {};
    case 'discrete-bifurcation':
      searchBifurcation(context, { ...options.bifurcation, kind: 'discrete' });
      return {};
    case 'quantum-annealing':
      searchQuantumAnnealing(context, options.quantumAnnealing);
      return {};
    default:
      return unreachable(method);
  }
}

function exactOrRefused(context: SearchContext): boolean {
  const { size } = context.problem;
  if (size > EXACT_SPINS_MAX) {
    throw new OrchestratorError(
      'QUANTUM_PROBLEM_TOO_LARGE',
      `exhaustive search must have at most ${EXACT_SPINS_MAX} spins, got ${size}`,
      { size, sizeMax: EXACT_SPINS_MAX },
    );
  }
  return searchExact(context);
}

/** Share of the planned steps that the bound may take. */
const BOUND_SHARE = 0.03;

/** Passes over the problem below which there is no time to breed a population. */
const PASSES_MIN = 1500;

function solveReduced(problem: IsingProblem, options: IsingOptions, watch: Watch): IsingSolution {
  const effort = new Effort(options, watch);
  const reduction = reduceProblem(problem);
  const { core } = reduction;
  const lifted = (solution: IsingSolution): IsingSolution => {
    const spins = reduction.lift(solution.spins);
    const energy = isingEnergy(problem, spins);
    const bound = Math.min(solution.bound ?? -Infinity, energy);
    return { ...solution, spins, energy, bound };
  };
  if (core === undefined) {
    const context = searchContext(problem, effort);
    const spins = reduction.lift(new Int8Array(0));
    context.incumbent.offer(spins, isingEnergy(problem, spins));
    const reason = 'every spin could be eliminated exactly (at most three partners each in turn)';
    return report(context, { method: 'reduction', reason, proven: true });
  }
  const context = searchContext(core, effort);
  const gone = problem.size - core.size;
  const rest =
    gone === 0 ? `${core.size} spins` : `${core.size} spins (${gone} eliminated exactly)`;
  if (core.size <= EXACT_SPINS_MAX) {
    const proven = searchExact(context);
    const reason = `${rest}: few enough to try all assignments`;
    return lifted(report(context, { method: 'exact', reason, proven }));
  }
  return lifted(searchCore(context, options, rest));
}

function searchCore(context: SearchContext, options: IsingOptions, rest: string): IsingSolution {
  const { problem, effort, incumbent, blocks } = context;
  const bound = energyBound(problem, BOUND_SHARE * effort.stepsPlanned);
  incumbent.target = Math.max(options.target ?? -Infinity, bound);
  offerTreeStates(context);
  let passSteps = 0;
  for (const block of blocks) passSteps += block.steps;
  const degree = problem.column.length / problem.size;
  const shape = `${rest} of ${degree.toFixed(1)} partners on average`;
  if (effort.stepsPlanned < PASSES_MIN * passSteps) {
    const sweeps = Math.max(20, Math.floor((0.8 * effort.stepsPlanned) / passSteps));
    searchAnnealing(context, { sweeps });
    const reason = `${shape}: the limits allow one annealing`;
    return report(context, { method: 'annealing', reason, bound });
  }
  invariant(passSteps > 0, 'a core has spins');
  searchPopulation(context, options.population);
  const reason = `${shape}: a population of annealed states, bred by merging their connected parts`;
  return report(context, { method: 'population', reason, bound });
}
