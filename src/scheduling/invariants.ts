/**
 * What must hold between agents, links and pools after every call; for tests.
 *
 *   S1  a pool's members are exactly the agents that meet its requirement, each once; while it is built, some of them
 *   S2  an agent's links name exactly the pools it is a member of, under its number there
 *   S3  a member is available to its pool exactly when its agent is able, and sits where it says
 */
import { invariant } from '../base/invariant.ts';
import { meetsRequirement } from '../core/index.ts';
import type { AgentTable } from './agent-table.ts';
import type { Links } from './links.ts';
import type { Pool } from './pool.ts';

/** Throws where an invariant is broken. O(agents · pools). */
export function checkPools(
  pools: readonly Pool[],
  table: AgentTable,
  { links, unfinished }: { readonly links: Links; readonly unfinished: ReadonlySet<Pool> },
): void {
  let memberships = 0;
  for (const pool of pools) {
    memberships += pool.size;
    checkMembers(pool, table, unfinished.has(pool));
  }
  const known = new Set(pools);
  for (const agent of table.indices()) {
    for (let link = links.first(agent); link >= 0; link = links.next(link)) {
      memberships -= 1;
      const pool = links.poolOf(link);
      invariant(known.has(pool), 'S2: a link names a pool that exists');
      invariant(pool.agentOf(links.memberOf(link)) === agent, 'S2: a link names its own agent');
    }
  }
  invariant(memberships === 0, 'S2: there is a link for each membership');
}

function checkMembers(pool: Pool, table: AgentTable, isUnfinished: boolean): void {
  const members = new Set<number>();
  let available = 0;
  let ready = 0;
  for (let member = 0; member < pool.numbersUsed; member++) {
    const agent = pool.agentOf(member);
    if (agent < 0) continue;
    members.add(agent);
    if (pool.isAvailable(member)) available += 1;
    if (table.agentAt(agent).state === 'ready') ready += 1;
    invariant(pool.isAvailable(member) === table.isAble(agent), 'S3: availability is up to date');
  }
  invariant(members.size === pool.size, 'S1: an agent is a member once');
  for (const agent of table.indices()) {
    const { id, spec } = table.agentAt(agent);
    const isMeant = (pool.requires.agent ?? id) === id;
    const meets = isMeant && meetsRequirement(spec, pool.requires);
    const isMissing = isUnfinished && !members.has(agent);
    invariant(
      isMissing || meets === members.has(agent),
      'S1: who meets the requirement is a member',
    );
  }
  invariant(available === pool.availableCount, 'S3: available members are counted');
  invariant(ready === pool.readyCount, 'S3: ready members are counted');
  for (let position = 0; position < pool.availableCount; position++) {
    const member = pool.availableAt(position);
    invariant(pool.isAvailable(member), 'S3: who is listed as available is');
  }
}
