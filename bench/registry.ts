/**
 * A million agents that only are there: what each costs in memory, how fast they register, and how long
 * a restart takes after the process was killed without warning.
 */
import { startWorker, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import type { RegistryFigures, RegistryOrder } from './workers/registry.ts';

const RUNS = isQuick() ? 1 : 3;
const AGENTS = isQuick() ? 100_000 : 1_000_000;

/** The compiler's warm-up is no part of what is measured. */
const WARM_UP = 20_000;

const measures = new Measures();
for (let run = 0; run < RUNS; run++) {
  await withFolder(async (folder) => {
    const first = startWorker('registry', [folder]);
    const ask = (worker: typeof first, order: RegistryOrder): Promise<RegistryFigures> =>
      worker.ask<RegistryFigures>(order);
    const bare = await ask(first, {});
    const empty = await ask(first, { register: { from: 0, to: WARM_UP } });
    const full = await ask(first, { register: { from: WARM_UP, to: AGENTS } });
    await first.kill();
    const second = startWorker('registry', [folder]);
    const back = await ask(second, {});
    if (back.agents !== full.agents)
      throw new Error(`${full.agents} agents registered, ${back.agents} came back`);
    measures.add(
      'registration, durable',
      'agents/s',
      ((AGENTS - WARM_UP) / full.registerMs) * 1_000,
    );
    measures.add(
      'registration, processor time',
      'µs/agent',
      (full.registerCpuMs * 1_000) / (AGENTS - WARM_UP),
    );
    const perAgent = (more: number, less: number): number => (more - less) / (AGENTS - WARM_UP);
    measures.add('held per agent', 'bytes', perAgent(full.heldBytes, empty.heldBytes));
    measures.add('resident set per agent', 'bytes', perAgent(full.rssBytes, empty.rssBytes));
    measures.add('restart after kill -9, until it serves', 's', back.openMs / 1_000);
    measures.add('restart, processor time', 's', back.openCpuMs / 1_000);
    // Less what a process without agents holds, as above.
    const heldAfter = (back.heldBytes - bare.heldBytes) / back.agents;
    measures.add('held per agent after the restart', 'bytes', heldAfter);
    measures.add(
      'held per agent before it, by the same measure',
      'bytes',
      (full.heldBytes - bare.heldBytes) / full.agents,
    );
    measures.add('held by a process without agents', 'MiB', bare.heldBytes / 2 ** 20);
    await second.kill();
  });
}
report('registry', measures.all, { agents: AGENTS });
