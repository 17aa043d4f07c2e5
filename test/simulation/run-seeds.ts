import type { Simulation } from './kernel/simulation.ts';
import { SimulationFailure } from './simulation-failure.ts';

/** What a reader may change about a seed: to see more of it, or to make its failure smaller. */
export interface SeedOptions {
  readonly nodes?: number;
  readonly without?: ReadonlySet<string>;
  readonly faultyMs?: number;
  /** How many of the last lines of the trace are kept. Default none. */
  readonly traceLines?: number;
}

/** What a run of one seed came to. */
export interface SeedOutcome {
  readonly seed: number;
  readonly failure: SimulationFailure | undefined;
  readonly events: number;
  readonly virtualMs: number;
  /** Of the whole trace; equal for equal runs. */
  readonly hash: string;
  readonly faults: readonly string[];
  readonly nodes: number;
  readonly faultyMs: number;
  readonly lines: readonly string[];
}

/** What a run says of itself, from what it played. */
export function outcomeOf(
  seed: number,
  { nowUs, events, trace }: Simulation,
  played: Pick<SeedOutcome, 'failure' | 'faultyMs' | 'nodes'> & {
    readonly faults: Iterable<string>;
  },
): SeedOutcome {
  const { failure, faults, faultyMs, nodes } = played;
  const { hash, lines } = trace;
  const virtualMs = nowUs / 1_000;
  return { seed, failure, events, virtualMs, hash, faults: [...faults], nodes, faultyMs, lines };
}

export type RunSeed = (seed: number, options?: SeedOptions) => SeedOutcome | Promise<SeedOutcome>;

export interface SeedsResult {
  readonly seeds: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly failures: readonly SeedOutcome[];
}

/** One seed in this many is run twice, to see that nothing but the seed decides. */
const TWICE_EVERY = 20;

/** Runs one seed, some of them twice; a run that differs from its repetition is a failure too. */
export async function runSeed(run: RunSeed, seed: number): Promise<SeedOutcome> {
  const outcome = await run(seed);
  if (outcome.failure !== undefined || seed % TWICE_EVERY !== 0) return outcome;
  const again = await run(seed);
  if (again.hash === outcome.hash && again.events === outcome.events) return outcome;
  const detail = `${outcome.hash} after ${outcome.events} events, then ${again.hash} after ${again.events}`;
  return { ...outcome, failure: new SimulationFailure('two runs of one seed differ', detail) };
}

/** Runs seeds in order until they are through or `isOver`. */
export async function runSeeds(
  run: RunSeed,
  seeds: Iterable<number>,
  watch: {
    readonly isOver?: () => boolean;
    readonly onOutcome?: (outcome: SeedOutcome) => void | Promise<void>;
  } = {},
): Promise<SeedsResult> {
  let [count, events, virtualMs] = [0, 0, 0];
  const failures: SeedOutcome[] = [];
  for (const seed of seeds) {
    if (watch.isOver?.() === true) break;
    const outcome = await runSeed(run, seed);
    count += 1;
    events += outcome.events;
    virtualMs += outcome.virtualMs;
    if (outcome.failure !== undefined) failures.push(outcome);
    await watch.onOutcome?.(outcome);
  }
  return { seeds: count, events, virtualMs, failures };
}
