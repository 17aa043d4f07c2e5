/**
 * What the quantum agent's threads cost the event loop, how soon a cancellation takes effect, and whether
 * memory returns.
 *
 *   node bench/quantum-agent.ts [--quick]
 *
 * The event loop's turns are measured in processor time of the main thread: a machine that is busy with
 * other things makes it late, but not busy.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobHost, type JobRequest } from '../src/agents/index.ts';
import { isQuick, report, Measures } from './harness/report.ts';

/** Layers of turns and entanglers on all qubits: no shortcut but a dense state. */
function layers(qubits: number, depth: number): string {
  const lines = [`OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[${qubits}];\ncreg c[${qubits}];`];
  for (let layer = 0; layer < depth; layer++) {
    for (let q = 0; q < qubits; q++) lines.push(`u3(${0.3 + q + layer},0.4,0.9) q[${q}];`);
    for (let q = layer % 2; q + 1 < qubits; q += 2) lines.push(`cx q[${q}],q[${q + 1}];`);
  }
  return `${lines.join('\n')}\nmeasure q -> c;\n`;
}

function request(qubits: number, depth: number): JobRequest<'run-circuit'> {
  return {
    qasm: layers(qubits, depth),
    shots: 1000,
    seed: 1,
    method: 'dense',
    precision: 'f64',
    probabilities: false,
    top: 1000,
    countsTop: 1000,
    noise: null,
    printing: 'q0-right',
    amplitudes: 0,
    statevectorFile: null,
    listedCharactersMax: null,
  };
}

/** Watches the event loop until told to stop: its longest turn in processor time, and how late timers are. */
function watchTurns(): () => { readonly busyMs: number; readonly lateMs: number } {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let [isOn, busyMs] = [true, 0];
  let last = process.threadCpuUsage();
  const turn = (): void => {
    const now = process.threadCpuUsage();
    busyMs = Math.max(busyMs, (now.user + now.system - last.user - last.system) / 1000);
    last = now;
    if (isOn) setTimeout(turn, 1);
  };
  turn();
  return () => {
    isOn = false;
    delay.disable();
    return { busyMs, lateMs: delay.percentile(99) / 1e6 };
  };
}

const measures = new Measures();
// As the agent has it.
const host = new JobHost({ niceness: 5 });
const sizes = isQuick() ? [20, 24] : [20, 22, 24, 26];
for (const qubits of sizes) {
  for (let run = 0; run < (isQuick() ? 2 : 5); run++) {
    const controller = new AbortController();
    const asked = request(qubits, 300);
    const stop = watchTurns();
    const job = host.run('run-circuit', asked, { signal: controller.signal });
    const ended = job.catch(() => performance.now());
    await sleep(1000 + 37 * run);
    const { busyMs, lateMs } = stop();
    const canceledAt = performance.now();
    controller.abort(new Error('no longer wanted'));
    measures.add(
      `${qubits} qubits: cancel until the task ends`,
      'ms',
      ((await ended) as number) - canceledAt,
    );
    measures.add(`${qubits} qubits: longest turn of the event loop, processor time`, 'ms', busyMs);
    measures.add(`${qubits} qubits: lateness of a timer of 1 ms, 99th percentile`, 'ms', lateMs);
  }
}
await sleep(1500);
for (let run = 0; run < 3; run++) {
  const beforeMiB = process.memoryUsage().rss / 2 ** 20;
  await host.run('run-circuit', request(25, 2));
  await sleep(1500);
  const afterMiB = process.memoryUsage().rss / 2 ** 20;
  measures.add(
    '25 qubits (512 MiB): resident memory kept 1.5 s after the job',
    'MiB',
    afterMiB - beforeMiB,
  );
}
await host.close();
report('quantum-agent', measures.all, { sizes });
process.exit(0);
