import type { CommandLoop } from './command-loop.ts';
import type { EventFeed } from './event-feed.ts';
import { systemProbes } from './load-probes.ts';
import type { Ground } from './open-runtime.ts';
import { Recoveries } from './recoveries.ts';
import { SelfChecks } from './self-checks.ts';
import { Supervisor } from './supervisor.ts';

/** What looks after the rest, and what it found. */
export interface Supervision {
  readonly recoveries: Recoveries;
  readonly checks: SelfChecks;
  readonly supervisor: Supervisor;
}

export function createSupervision(
  ground: Ground,
  parts: {
    readonly feed: EventFeed;
    readonly propose: CommandLoop['propose'];
    readonly makeRoom: () => Promise<void>;
  },
): Supervision {
  const { clock, directory, terms } = ground;
  const options = terms.supervision ?? {};
  const isEnabled = options.enabled ?? terms.clock === undefined;
  const recoveries = new Recoveries({ ...ground, ...parts });
  const probes = terms.probes ?? systemProbes(directory);
  const checks = new SelfChecks({ ...ground, ...parts, probes, recoveries });
  const own = { options, isEnabled, clock, recoveries, checks };
  return { recoveries, checks, supervisor: new Supervisor({ ...ground, ...parts, ...own }) };
}
