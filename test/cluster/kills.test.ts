/** Leaders and followers are killed and paused under load: what any node acknowledged is done, once. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../src/base/rng.ts';
import { Agent } from '../../src/client/index.ts';
import { AcknowledgedLoad } from './acknowledged-load.ts';
import { ClusterProcesses } from './cluster-processes.ts';

const SECONDS = Number(process.env['SECONDS_OF_KILLS'] ?? 60);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

let cluster: ClusterProcesses;
beforeAll(async () => {
  cluster = await ClusterProcesses.start(['n1', 'n2', 'n3']);
});
afterAll(() => cluster.dispose());

/** Ends or halts one node at a time: more than that no majority could do anything about. */
async function trouble(rng: Rng, endMs: number): Promise<Record<string, number>> {
  const done = { leaderKilled: 0, followerKilled: 0, leaderPaused: 0, followerPaused: 0 };
  while (performance.now() < endMs) {
    const leader = await cluster.leader();
    const isLeader = rng.below(2) === 0;
    const others = cluster.ids.filter((id) => id !== leader);
    const victim = isLeader ? leader : (others[rng.below(others.length)] as string);
    if (rng.below(3) === 0) {
      done[isLeader ? 'leaderPaused' : 'followerPaused'] += 1;
      cluster.pause(victim);
      await delay(200 + rng.below(2_500));
      cluster.goOn(victim);
    } else {
      done[isLeader ? 'leaderKilled' : 'followerKilled'] += 1;
      await cluster.kill(victim);
      await delay(rng.below(1_500));
      await cluster.run(victim);
    }
    await delay(rng.below(1_500));
  }
  return done;
}

test(
  'every acknowledged task is completed with its own result, exactly once',
  { timeout: (SECONDS + 180) * 1_000 },
  async () => {
    console.info(`seed ${SEED}`);
    const handler = (task: { readonly payload: unknown }): unknown => task.payload;
    const agent = new Agent({
      url: cluster.urls,
      id: 'echo',
      capabilities: ['echo', 'once'],
      slots: 50,
      handler,
    });
    await agent.start();
    const urls = [cluster.urls, ...cluster.ids.map((id) => cluster.urlOf(id))];
    const load = new AcknowledgedLoad(urls, true);
    const once = new AcknowledgedLoad(urls, false);
    load.start();
    once.start();
    const done = await trouble(Rng.fromSeed(SEED), performance.now() + SECONDS * 1_000);
    for (const id of cluster.ids) if (!cluster.isRunning(id)) await cluster.run(id);
    await Promise.all([load.stop(), once.stop()]);
    console.info({ ...done, acknowledged: load.count, repeated: load.repeated });
    console.info({ acknowledged: once.count, refused: once.refused });
    expect(load.count).toBeGreaterThan(SECONDS);
    expect(once.count).toBeGreaterThan(SECONDS);
    const { ids, wrong } = await load.verdict();
    expect(wrong).toEqual([]);
    // A key that was sent twice has made one task.
    expect(new Set(ids).size).toBe(ids.length);
    const unkeyed = await once.verdict();
    expect(unkeyed.wrong).toEqual([]);
    await Promise.all([load.close(), once.close()]);
    await agent.stop();

    await cluster.settled();
    const lists = await Promise.all(cluster.ids.map((id) => finishedOf(cluster.urlOf(id), 'echo')));
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[2]).toEqual(lists[0]);
    const kept = new Set(lists[0]);
    expect(ids.filter((id) => !kept.has(id))).toEqual([]);
    // Without keys too, and there is no task besides: none was made twice.
    const [first = ''] = cluster.ids;
    const made = await finishedOf(cluster.urlOf(first), 'once');
    expect(made.toSorted()).toEqual(unkeyed.ids.toSorted());
  },
);

/** Ids of all completed tasks of a type as one node has them. */
async function finishedOf(url: string, type: string): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(
      `${url}/api/v1/tasks?state=completed&type=${type}&limit=1000&stale=ok${at}`,
    );
    const page = (await answer.json()) as { items: { id: string }[]; nextCursor: string | null };
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}
