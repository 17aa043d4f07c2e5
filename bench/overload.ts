/**
 * Five times of what the server can do, for a minute, from several connections and with mixed priorities:
 * how much it still does, how long the most urgent tasks take beside it, what is refused, how it recovers.
 */
import { runOverload, WEIGHTS } from './harness/overload-run.ts';
import { isQuick, Measures, report } from './harness/report.ts';

const RUNS = isQuick() ? 1 : 3;
const PLAN = {
  seconds: isQuick() ? 15 : 60,
  calmSeconds: isQuick() ? 4 : 10,
  factor: 5,
  connections: 8,
  batch: 20,
  probeRate: 100,
  flags: [],
  niceness: process.argv.includes('--server-first') ? -15 : 0,
};

const measures = new Measures();
for (let run = 0; run < RUNS; run++) {
  const figures = await runOverload(PLAN);
  const { atOverload, atPeak, flood, goodput, overloaded, peak, peakAfter, recoveryMs, unloaded } =
    figures;
  measures.add('peak before', 'tasks/s', peak);
  measures.add('peak after', 'tasks/s', peakAfter);
  measures.add('offered', '× peak', sum(flood.offered) / flood.seconds / peak);
  measures.add(
    '… of it held back in the sockets',
    '%',
    (sum(flood.heldBack) / sum(flood.offered)) * 100,
  );
  measures.add('goodput', 'tasks/s', goodput);
  measures.add(
    'goodput of the mean of both peaks',
    '%',
    (goodput / ((peak + peakAfter) / 2)) * 100,
  );
  for (const key of ['takenP50', 'takenP95', 'doneP50', 'doneP95', 'doneP99'] as const) {
    const name = `${key.startsWith('taken') ? 'submit to taken' : 'submit to result'}, ${key.slice(-3).toLowerCase()}`;
    measures.add(`priority 9, unloaded: ${name}`, 'ms', unloaded[key]);
    measures.add(`priority 9, overloaded: ${name}`, 'ms', overloaded[key]);
    measures.add(`priority 9: ${name}`, '× unloaded', overloaded[key] / unloaded[key]);
  }
  for (const [name, { lateP50, lateP95 }] of Object.entries({ unloaded, overloaded })) {
    measures.add(`priority 9, ${name}: its client's event loop late, p50`, 'ms', lateP50);
    measures.add(`priority 9, ${name}: its client's event loop late, p95`, 'ms', lateP95);
  }
  measures.add('priority 9: refused', 'tasks', overloaded.refused);
  for (const [priority, weight] of WEIGHTS.entries()) {
    if (weight === 0) continue;
    const answered = (flood.taken[priority] ?? 0) + (flood.refused[priority] ?? 0);
    measures.add(
      `priority ${priority}: taken of what was read`,
      '%',
      ((flood.taken[priority] ?? 0) / answered) * 100,
    );
  }
  for (const [name, shares] of Object.entries({ peak: atPeak, overloaded: atOverload })) {
    measures.add(`${name}: server's main thread runs`, '%', shares.ran * 100);
    measures.add(`${name}: … is ready and gets no processor`, '%', shares.waited * 100);
    for (const part of ['server', 'agent', 'flood', 'probe'] as const)
      measures.add(`${name}: ${part}, of one processor`, '%', shares[part] * 100);
  }
  measures.add('recovery', 's', recoveryMs / 1000);
  measures.add('memory, most', 'MiB', figures.rssBytesMax / 2 ** 20);
  measures.add("… without pages of the store's file", 'MiB', figures.anonymousBytesMax / 2 ** 20);
}
report('overload', measures.all, PLAN);

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
