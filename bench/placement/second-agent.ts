/** Where the hedge of a task goes: chosen by the code that the product chooses it with. */
import { otherMember } from '../../src/scheduling/avoided.ts';
import { KeptApart, type Apart } from '../../src/scheduling/kept-apart.ts';
import { makeProfile, makeQueue, makeTask } from '../../src/scheduling/testing/fixtures.ts';
import type { AgentId, CopyFacts, Task, TaskExtra } from '../../src/core/index.ts';
import type { Look } from '../../src/scheduling/correlation/steer-clear.ts';

/** `apart`: as the product, clear of what shares failures with the first. `elsewhere`: on any other agent. */
export type HedgeMode = 'apart' | 'elsewhere';

const ORIGINAL = makeTask(0, makeProfile({ queue: makeQueue('work', 'least-loaded') }));

/** A copy as the scheduler sees it: of the facts about copies it only reads whose copy it is. */
const COPY: Task = {
  ...ORIGINAL,
  extra: { copyOf: { taskId: ORIGINAL.id } as CopyFacts } as TaskExtra,
};

/**
 * The member that the copy goes to, or -1 where nobody but the first agent is left.
 *
 * @param first - the agent that the task's own attempt is at
 */
export function secondMember(first: AgentId, mode: HedgeMode, look: Look): number {
  const { choice, strategy, table } = look;
  const known = new KeptApart(table, () => [first]).of(COPY) as Apart;
  const apart = mode === 'apart' ? known : { agents: known.agents, zones: NONE, hosts: NONE };
  return otherMember(COPY, strategy.pick(choice), { ...look, apart });
}

const NONE: ReadonlySet<string> = new Set();
