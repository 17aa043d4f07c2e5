import type { RunSeed, SeedOptions, SeedOutcome } from './run-seeds.ts';

/**
 * Makes a failure smaller while the same rule breaks: fewer faults, then less time, then fewer nodes.
 *
 * Fewer faults change what is drawn after them little, as each has a generator of its own. At most `runsMax` runs.
 */
export async function shrink(
  run: RunSeed,
  failed: SeedOutcome,
  runsMax = 60,
): Promise<{ readonly options: SeedOptions; readonly outcome: SeedOutcome }> {
  let best: { options: SeedOptions; outcome: SeedOutcome } = { options: {}, outcome: failed };
  let runs = 0;
  const attempt = async (change: SeedOptions): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const options = { ...best.options, ...change };
    const outcome = await run(failed.seed, options);
    if (outcome.failure?.rule !== failed.failure?.rule) return false;
    best = { options, outcome };
    return true;
  };
  for (const fault of failed.faults) {
    await attempt({ without: new Set([...(best.options.without ?? []), fault]) });
  }
  while (best.outcome.faultyMs > 100) {
    if (!(await attempt({ faultyMs: Math.floor(best.outcome.faultyMs / 2) }))) break;
  }
  for (const nodes of [1, 3, 5]) {
    if (nodes < best.outcome.nodes && (await attempt({ nodes }))) break;
  }
  return best;
}

/** The command that runs exactly this again. */
export function replayCommand(suite: string, seed: number, options: SeedOptions): string {
  const parts = ['npm run simulate --', `--suite ${suite}`, `--replay ${seed}`];
  if (options.without !== undefined && options.without.size > 0) {
    parts.push(`--without ${[...options.without].join()}`);
  }
  if (options.nodes !== undefined) parts.push(`--nodes ${options.nodes}`);
  if (options.faultyMs !== undefined) parts.push(`--for-ms ${options.faultyMs}`);
  return parts.join(' ');
}
