import { TestCluster } from './test-cluster.ts';

/** How one seed went. */
export interface SeedResult {
  readonly seed: number;
  /** Inputs given to cores. */
  readonly events: number;
  /** Why it failed, or null. */
  readonly failure: string | null;
  readonly trace: readonly string[];
}

/** Runs a cluster of its own from one seed; the same seed gives the same run. */
export function runSeed(seed: number, isTraced = false): SeedResult {
  const cluster = new TestCluster(seed, isTraced);
  let failure: string | null = null;
  try {
    cluster.run();
  } catch (error) {
    failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (isTraced && error instanceof Error) cluster.trace.push(error.stack ?? '');
  }
  return { seed, events: cluster.events, failure, trace: cluster.trace };
}
