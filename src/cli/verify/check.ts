import { messageOf } from '../../base/errors.ts';
import type { Report } from './report.ts';
import { within } from './within.ts';
import type { World } from './world.ts';

/** One thing that must hold; `run` throws where it does not, and may resolve with figures to show. */
interface Check {
  readonly title: string;
  readonly run: (world: World) => Promise<string | void>;
}

export interface CheckGroup {
  readonly name: string;
  readonly checks: readonly Check[];
  /** Whether the checks after a failed one still mean anything. Default true. */
  readonly isIndependent?: false;
}

/** Longest run of one check, and of all, in milliseconds. */
const CHECK_MS_MAX = 20_000;
const TOTAL_MS_MAX = 55_000;

/** Runs the checks one after the other; false when the rest of the groups cannot run either. */
export async function runChecks(group: CheckGroup, world: World, report: Report): Promise<boolean> {
  let isBroken = false;
  for (const check of group.checks) {
    const leftMs = Math.min(CHECK_MS_MAX, TOTAL_MS_MAX - report.elapsedMs);
    const reason = isBroken ? 'a check before it failed' : leftMs <= 0 ? 'no time was left' : null;
    const hasPassed = await runCheck({ check, group: group.name, leftMs, reason }, world, report);
    if (!hasPassed && group.isIndependent === false) isBroken = true;
  }
  return !isBroken;
}

async function runCheck(
  run: { check: Check; group: string; leftMs: number; reason: string | null },
  world: World,
  report: Report,
): Promise<boolean> {
  const { check, group, leftMs, reason } = run;
  const startedAt = performance.now();
  const tell = (status: 'passed' | 'failed', detail: string | null): void =>
    report.add({
      group,
      title: check.title,
      status,
      durationMs: Math.round(performance.now() - startedAt),
      detail,
    });
  if (reason !== null) {
    tell('failed', `not run: ${reason}`);
    return false;
  }
  try {
    const detail = await within(leftMs, 'the check', check.run(world));
    tell('passed', detail ?? null);
    return true;
  } catch (error) {
    tell('failed', messageOf(error));
    return false;
  }
}
