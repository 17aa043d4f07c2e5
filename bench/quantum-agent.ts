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
import { JobHost, type JobName, type JobRequest } from '../src/agents/index.ts';
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

function optimization(qasm: string): JobRequest<'optimize-circuit'> {
  return {
    qasm,
    level: 2,
    metric: 'twoQubit',
    objective: 'unitary',
    basis: null,
    coupling: null,
    timeMs: 60_000,
    seed: 1,
    version: 3,
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

/** Runs a job for some time, cancels it, and waits for its end. */
async function cancelAfter<Name extends JobName>(
  label: string,
  job: readonly [Name, JobRequest<Name>],
  runMs: number,
): Promise<void> {
  const controller = new AbortController();
  const stop = watchTurns();
  const running = host.run(...job, { signal: controller.signal });
  const ended = running.then(
    () => {
      throw new Error(`${label} must take longer than ${runMs} ms`);
    },
    () => performance.now(),
  );
  await sleep(runMs);
  const { busyMs, lateMs } = stop();
  const canceledAt = performance.now();
  controller.abort(new Error('no longer wanted'));
  measures.add(`${label}: cancel until the task ends`, 'ms', (await ended) - canceledAt);
  measures.add(`${label}: longest turn of the event loop, processor time`, 'ms', busyMs);
  measures.add(`${label}: lateness of a timer of 1 ms, 99th percentile`, 'ms', lateMs);
}

const sizes = isQuick() ? [20, 24] : [20, 22, 24, 26, 27];
const runs = isQuick() ? 2 : 5;
for (const qubits of sizes) {
  for (let run = 0; run < runs; run++) {
    const job = ['run-circuit', request(qubits, 300)] as const;
    await cancelAfter(`${qubits} qubits`, job, 1000 + 37 * run);
  }
}
const circuit = layers(20, 3_300);
for (let run = 0; run < runs; run++) {
  const job = ['optimize-circuit', optimization(circuit)] as const;
  await cancelAfter('optimizer, 100,000 gates', job, 1500 + 1370 * run);
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
