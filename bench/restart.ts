/**
 * A million queued tasks: what each costs in memory, and how long a restart takes after the process
 * was killed without warning.
 */
import { startWorker, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';

const RUNS = isQuick() ? 1 : 3;
const TASKS = isQuick() ? 100_000 : 1_000_000;

type Held = Record<'openMs' | 'queued' | 'heapUsed' | 'rss', number>;

const measures = new Measures();
for (let run = 0; run < RUNS; run++) {
  await withFolder(async (folder) => {
    const first = startWorker('holder', [folder]);
    const empty = await first.ask<Held>({});
    const full = await first.ask<Held>({ submit: TASKS });
    await first.kill();
    const second = startWorker('holder', [folder]);
    const back = await second.ask<Held>({});
    if (back.queued !== TASKS)
      throw new Error(`${TASKS} tasks were acknowledged, ${back.queued} came back`);
    measures.add('restart after kill -9, until it serves', 's', back.openMs / 1000);
    measures.add('heap per queued task', 'bytes', (full.heapUsed - empty.heapUsed) / TASKS);
    measures.add(
      'heap per queued task after the restart',
      'bytes',
      (back.heapUsed - empty.heapUsed) / TASKS,
    );
    measures.add(
      'resident set per queued task after the restart',
      'bytes',
      (back.rss - empty.rss) / TASKS,
    );
    await second.kill();
  });
}
report('restart', measures.all, { tasks: TASKS });
