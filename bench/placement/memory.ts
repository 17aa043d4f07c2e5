/** What a dispatcher keeps for its choices, in bytes an agent. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Agent } from '../../src/core/index.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Policy, Truth } from './policy.ts';
import { recordsOf } from './records.ts';

/** Small fleets are measured several times over: so many agents are enough to tell. */
const AGENTS_MIN = 20_000;
/** Tasks that are sent and end, so that what is only kept of those heard of is there. */
const TASKS_MAX = 10_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const NO_TRUTH: Truth = { load: () => 0, speed: () => 1, backlogMs: () => 0, isWell: () => true };

/**
 * Bytes an agent that a dispatcher has reserved after some tasks: table, pool and what the policy keeps. The records of
 * core that it points to are not among them.
 */
export function bytesPerAgent(policy: Policy, agents: number): number {
  const setting = policy.setting ?? {};
  const records = recordsOf(new Float64Array(agents).fill(1), 64, policy, setting);
  const copies = Math.ceil(AGENTS_MIN / agents);
  const before = reserved();
  const kept = Array.from({ length: copies }, () => used(records, policy));
  const bytes = reserved() - before;
  // Whoever is asked is alive until then.
  return kept.every(({ hasRoom }) => hasRoom) ? bytes / copies / agents : Number.NaN;
}

function used(records: readonly Agent[], policy: Policy): Dispatcher {
  const setting = policy.setting ?? {};
  const known = { policy, setting, records, truth: NO_TRUTH, hedging: null, ownOrder: false };
  const dispatcher = new Dispatcher({ ...known, seed: 1 });
  for (let task = 0; task < Math.min(TASKS_MAX, records.length); task++) {
    dispatcher.ended(dispatcher.send(task, -1), 1_000, true, task);
  }
  return dispatcher;
}

function reserved(): number {
  collectGarbage();
  collectGarbage();
  const { external, heapUsed } = process.memoryUsage();
  return heapUsed + external;
}
