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

function request(
  qubits: number,
  depth: number,
  more: Partial<JobRequest<'run-circuit'>> = {},
): JobRequest<'run-circuit'> {
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
    ...more,
  };
}

/** A graph whose largest cut no rule finds: a ring with chords. */
function maxCut(vertices: number): JobRequest<'solve-ising'> {
  const lines = [`${vertices} ${3 * vertices}`];
  for (let k = 0; k < vertices; k++) {
    for (const step of [1, 7, 31]) lines.push(`${k + 1} ${((k + step) % vertices) + 1} 1`);
  }
  const problem = { kind: 'file', format: 'gset', text: lines.join('\n') } as const;
  return { problem, timeMs: 60_000, seed: 1, method: 'auto' };
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
// As the agent has it, and for jobs that have one thread.
const host = new JobHost({ niceness: 5 });
const alone = new JobHost({ niceness: 5, threadsMax: 1 });

/** Runs a job for some time, cancels it, and waits for its end. */
async function cancelAfter<Name extends JobName>(
  label: string,
  job: readonly [Name, JobRequest<Name>],
  runMs: number,
  on: JobHost = host,
): Promise<void> {
  const controller = new AbortController();
  const stop = watchTurns();
  const running = on.run(...job, { signal: controller.signal });
  let isDone = false;
  const ended = running.then(
    () => (isDone = true),
    () => undefined,
  );
  await sleep(runMs);
  const { busyMs, lateMs } = stop();
  const canceledAt = performance.now();
  controller.abort(new Error('no longer wanted'));
  await ended;
  const cancelMs = performance.now() - canceledAt;
  if (isDone) console.error(`${label}: ended by itself within ${runMs.toFixed(0)} ms`);
  else measures.add(`${label}: cancel until the task ends`, 'ms', cancelMs);
  measures.add(`${label}: longest turn of the event loop, processor time`, 'ms', busyMs);
  measures.add(`${label}: lateness of a timer of 1 ms, 99th percentile`, 'ms', lateMs);
}

/** Cancels late in a job: its last parts are other work than its first. */
async function cancelLate<Name extends JobName>(
  label: string,
  job: readonly [Name, JobRequest<Name>],
): Promise<void> {
  await alone.run(...job);
  const startMs = performance.now();
  await alone.run(...job);
  const wholeMs = performance.now() - startMs;
  for (const share of isQuick() ? [0.6, 0.8] : [0.3, 0.45, 0.6, 0.7, 0.8]) {
    await cancelAfter(label, job, wholeMs * share, alone);
  }
}

const sizes = isQuick() ? [20, 24] : [20, 22, 24, 26, 27];
const runs = isQuick() ? 2 : 5;
for (const qubits of sizes) {
  for (let run = 0; run < runs; run++) {
    const job = ['run-circuit', request(qubits, 300)] as const;
    await cancelAfter(`${qubits} qubits`, job, 1000 + 37 * run);
  }
}
const largest = isQuick() ? 24 : 27;
for (let run = 0; run < runs; run++) {
  const job = ['run-circuit', request(largest, 300)] as const;
  await cancelAfter(`${largest} qubits, one thread`, job, 1000 + 37 * run, alone);
}
await cancelLate('a million shots of 20 qubits, then the amplitudes', [
  'run-circuit',
  request(20, 2, {
    shots: 1_000_000,
    countsTop: 4096,
    top: 4096,
    amplitudes: 4096,
    probabilities: true,
  }),
]);
await cancelLate('a million shots by matrix product', [
  'run-circuit',
  request(20, 4, { shots: 1_000_000, method: 'mps' }),
]);
for (const method of ['auto', 'discrete-bifurcation', 'quantum-annealing'] as const) {
  for (let run = 0; run < runs; run++) {
    const job = ['solve-ising', { ...maxCut(10_000), method }] as const;
    await cancelAfter(`cut of 10,000 vertices, ${method}`, job, 700 + 530 * run, alone);
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
await alone.close();
report('quantum-agent', measures.all, { sizes });
process.exit(0);
