import type { IsingProblem } from '../problem/ising-problem.ts';

/** Where an annealing begins and ends, in units of energy. */
export interface TemperatureRange {
  readonly hot: number;
  readonly cold: number;
  /** Temperatures fall by a constant factor instead of a constant difference. */
  readonly geometric: boolean;
}

/** Measured on graphs of degrees 4 to 48: above it nothing is decided yet, from 0.4 down much is lost. */
const HOT_PER_PULL = 0.6;

const COLD_PER_PULL = 0.05;

/** A flip against the smallest pull (2 |J|) is then taken once in 30 tries. */
const COLD_PER_COUPLING = 0.6;

/** Beyond this ratio a linear schedule would pass over the cold part in no time. */
const LINEAR_RATIO_MAX = 60;

/**
 * Temperatures to anneal between, from the pulls that couplings and fields exert on the spins.
 *
 * Hot is a share of the root mean square pull; cold follows the small coefficients (their lowest
 * twentieth), so that penalties do not drown costs.
 */
export function temperatureRange(problem: IsingProblem): TemperatureRange {
  let squares = 0;
  for (const field of problem.fields) squares += field * field;
  for (const coupling of problem.coupling) squares += coupling * coupling;
  if (squares === 0) return { hot: 1, cold: 0.5, geometric: false };
  const pull = Math.sqrt(squares / problem.size);
  const hot = HOT_PER_PULL * pull;
  const cold = Math.min(COLD_PER_COUPLING * smallCoefficient(problem), hot / 2);
  const coldest = Math.max(cold, COLD_PER_PULL * pull * 1e-4);
  return { hot, cold: coldest, geometric: hot > LINEAR_RATIO_MAX * coldest };
}

const SAMPLE_MAX = 20_000;

function smallCoefficient(problem: IsingProblem): number {
  const sizes: number[] = [];
  for (const values of [problem.fields, problem.coupling]) {
    const stride = Math.max(1, Math.floor(values.length / SAMPLE_MAX));
    for (let k = 0; k < values.length; k += stride) {
      if (values[k] !== 0) sizes.push(Math.abs(values[k]));
    }
  }
  const sorted = Float64Array.from(sizes).sort();
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 20)];
}

/** The temperature after the share `done` (0 … 1) of an annealing from `from` down to the cold end. */
export function temperatureAt(range: TemperatureRange, from: number, done: number): number {
  if (range.geometric) return from * (range.cold / from) ** done;
  return from + (range.cold - from) * done;
}
