/**
 * What users of a cluster notice of a leader that dies: time from `kill -9` to the next acknowledged submit and to the next
 * task done, for a client and an agent that know all nodes, over many kills; and what that makes of a year.
 *
 *   npm run bench -- failover [--quick]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, Client } from '../dist/client/index.js';
import { Cluster } from './harness/cluster.ts';
import { withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import { quantile } from './harness/statistics.ts';

const KILLS = isQuick() ? 8 : 50;
/** Failures a day that the availability is computed for. */
const FAILURES_A_DAY = 1;
const DAY_MS = 86_400_000;

const ACKNOWLEDGED = 'kill -9 of the leader to the next acknowledged submit';
const measures = new Measures();

await withFolder(async (folder) => {
  const cluster = await Cluster.start(folder, 3);
  const client = new Client({ url: cluster.urls });
  const agent = new Agent({
    id: 'echo',
    url: cluster.urls,
    capabilities: ['echo'],
    handler: () => 1,
  });
  await agent.start();
  await (await client.submit({ type: 'echo' })).result();
  for (let n = 0; n < KILLS; n++) {
    const { id } = await cluster.leader();
    const startMs = performance.now();
    await cluster.kill(id);
    const elected = cluster
      .leader()
      .then(() => measures.add('… to the next leader', 'ms', performance.now() - startMs));
    const handle = await client.submit({ type: 'echo' });
    measures.add(ACKNOWLEDGED, 'ms', performance.now() - startMs);
    await handle.result();
    measures.add('… to the next task done', 'ms', performance.now() - startMs);
    await elected;
    await cluster.run(id);
    await delay(500);
  }
  await agent.stop();
  await client.close();
  await cluster.stop();
});

const waits = measures.all.find(({ name }) => name === ACKNOWLEDGED)?.values ?? [];
const sorted = [...waits].sort((a, b) => a - b);
const meanMs = waits.reduce((sum, one) => sum + one, 0) / waits.length;
for (const share of [0.9, 0.99]) {
  measures.add(`${ACKNOWLEDGED}: p${share * 100}`, 'ms', quantile(sorted, share));
}
// Not served for the mean of the waits, so many times a day.
const availability = 1 - (FAILURES_A_DAY * meanMs) / DAY_MS;
report('failover', measures.all, { kills: KILLS, meanMs, failuresADay: FAILURES_A_DAY });
console.log(
  `availability: 1 - ${FAILURES_A_DAY} × ${Math.round(meanMs)} ms / ${DAY_MS} ms = ${(availability * 100).toFixed(5)} %`,
);
