/**
 * How many independent ways to fail a fleet has: the spectrum of ρ = C / Tr C with the agents' correlations C.
 *
 * C is that of the standardised bits of each window, so ρ is symmetric, has no negative eigenvalue and
 * trace 1: a density matrix. Its eigenvectors are failure modes, 1 / Tr ρ² how many there are.
 * Takes the 48 agents with most failures; O(48³) where the spectrum is asked for.
 */
import type { FailureWindows } from './failure-windows.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

const AGENTS_MAX = 48;
/** Windows, and agents, below which nothing is said. */
const WINDOWS_MIN = 8;
const MODES_SHOWN = 3;
/** Part of the largest squared weight of a mode that an agent must have to be named. */
const LOADING_MIN = 0.25;

export interface FailureMode {
  /** Part of all variance that is this mode's, 0..1: the eigenvalue of ρ. */
  readonly share: number;
  /** Those that take part most, the first the most. */
  readonly agents: readonly number[];
}

export interface FailureModes {
  readonly agents: number;
  /** 1 / Tr ρ² without what chance alone adds to it in so many windows: 1 for all as one, up to `agents`. */
  readonly effective: number;
  /** e^S(ρ) of the spectrum as it is, chance included. */
  readonly spectral: number;
  readonly strongest: readonly FailureMode[];
}

/** What modes are found from: nothing of it changes any more. */
export interface Correlated {
  readonly agents: readonly number[];
  readonly correlations: readonly Float64Array[];
  readonly windows: number;
}

/** How the agents with most failures correlate, or null where too few agents failed in too few windows. */
export function correlated(windows: FailureWindows): Correlated | null {
  const { count } = windows;
  const agents = [...windows.agents()]
    .map((agent) => ({ agent, failures: windows.failures(agent) }))
    .filter(({ failures }) => failures < count)
    .toSorted((a, b) => b.failures - a.failures || a.agent - b.agent)
    .slice(0, AGENTS_MAX)
    .map(({ agent }) => agent);
  if (agents.length < 2 || count < WINDOWS_MIN) return null;
  return { agents, correlations: correlationsOf(windows, agents), windows: count };
}

/** The modes, in steps of a millisecond or less. */
export function* failureModes({
  agents,
  correlations,
  windows,
}: Correlated): Generator<void, FailureModes> {
  const { values, vectors } = yield* symmetricEigen(correlations);
  const order = [...values.keys()].toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const shares = order.map((at) => Math.max(0, values[at] as number) / agents.length);
  const entropy = shares.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
  return {
    agents: agents.length,
    effective: effectiveCount(correlations, windows),
    spectral: Math.exp(entropy),
    strongest: order.slice(0, MODES_SHOWN).map((at, rank) => {
      const vector = vectors[at] as Float64Array;
      return { share: shares[rank] as number, agents: loudest(agents, vector) };
    }),
  };
}

function correlationsOf(windows: FailureWindows, agents: readonly number[]): Float64Array[] {
  const { count } = windows;
  const rates = agents.map((agent) => windows.failures(agent) / count);
  const deviations = rates.map((rate) => Math.sqrt(rate * (1 - rate)));
  return agents.map((a, row) =>
    Float64Array.from(agents, (b, column) => {
      if (row === column) return 1;
      const product = (rates[row] as number) * (rates[column] as number);
      const scale = (deviations[row] as number) * (deviations[column] as number);
      return (windows.together(a, b) / count - product) / scale;
    }),
  );
}

/** m² / Σ Cᵢⱼ²; the square of a correlation of two independent series is 1 / (N − 1) in the mean. */
function effectiveCount(correlations: readonly Float64Array[], count: number): number {
  const size = correlations.length;
  let shared = 0;
  for (const [row, values] of correlations.entries()) {
    for (let column = 0; column < row; column++) {
      shared += 2 * ((values[column] as number) ** 2 - 1 / (count - 1));
    }
  }
  return size ** 2 / (size + Math.max(0, shared));
}

function loudest(agents: readonly number[], vector: Float64Array): number[] {
  const least = LOADING_MIN * Math.max(...vector.map((weight) => weight ** 2));
  return [...vector.keys()]
    .filter((at) => (vector[at] as number) ** 2 >= least)
    .toSorted((a, b) => (vector[b] as number) ** 2 - (vector[a] as number) ** 2)
    .map((at) => agents[at] as number);
}
