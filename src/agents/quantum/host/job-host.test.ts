import { afterAll, expect, test } from 'vitest';
import { JobHost } from './job-host.ts';
import { JobRunner } from './job-runner.ts';
import type { RunCircuitRequest } from '../jobs/run-circuit-job.ts';

const BELL = `OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
`;

/** Layers of turns and entanglers on all qubits: seconds of work from 22 qubits up. */
export function layers(qubits: number, depth: number): string {
  const lines = [`OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[${qubits}];\ncreg c[${qubits}];`];
  for (let layer = 0; layer < depth; layer++) {
    for (let q = 0; q < qubits; q++) lines.push(`u3(${0.3 + q + layer},0.4,0.9) q[${q}];`);
    for (let q = layer % 2; q + 1 < qubits; q += 2) lines.push(`cx q[${q}],q[${q + 1}];`);
  }
  return `${lines.join('\n')}\nmeasure q -> c;\n`;
}

function request(qasm: string, more: Partial<RunCircuitRequest> = {}): RunCircuitRequest {
  return {
    qasm,
    shots: 100,
    seed: 1,
    method: 'auto',
    precision: 'f64',
    probabilities: false,
    top: 10,
    countsTop: null,
    noise: null,
    printing: 'q0-right',
    amplitudes: 0,
    statevectorFile: null,
    listedCharactersMax: null,
    ...more,
  };
}

const host = new JobHost();

afterAll(() => host.close());

test('a job gives its result', async () => {
  const { counts, method, shots } = await host.run('run-circuit', request(BELL));
  expect({ method, shots }).toEqual({ method: 'stabilizer', shots: 100 });
  expect(Object.keys(counts).toSorted()).toEqual(['00', '11']);
  expect(counts['00']! + counts['11']!).toBe(100);
});

test('what a job throws keeps its code, message and details', async () => {
  await expect(host.run('run-circuit', request('qreg q[2]; h q[2];'))).rejects.toMatchObject({
    code: 'QASM_RANGE',
    retryable: false,
    details: { line: 1 },
  });
});

test('a job that needs more bytes than it may take is refused with both numbers', async () => {
  const job = host.run('run-circuit', request(layers(30, 40)), { bytesMax: 2 ** 20 });
  await expect(job).rejects.toMatchObject({
    code: 'QUANTUM_TOO_LARGE',
    details: { bytesNeeded: expect.any(Number), bytesAvailable: 2 ** 20 },
  });
});

test('a signal that is aborted already runs nothing', async () => {
  const signal = AbortSignal.abort(new Error('gone'));
  await expect(host.run('run-circuit', request(BELL), { signal })).rejects.toThrow('gone');
});

test('a job ends within its budget of time', async () => {
  const startMs = performance.now();
  const job = host.run('run-circuit', request(layers(24, 100), { method: 'dense' }), {
    timeMs: 300,
  });
  await expect(job).rejects.toMatchObject({
    code: 'QUANTUM_TIME_EXCEEDED',
    details: { timeMs: 300 },
  });
  expect(performance.now() - startMs).toBeLessThan(5000);
});

test('a job that runs is canceled with the reason of its signal, and reports progress till then', async () => {
  const controller = new AbortController();
  const shares: number[] = [];
  const reason = new Error('no longer wanted');
  const job = host.run('run-circuit', request(layers(24, 100), { method: 'dense' }), {
    signal: controller.signal,
    progress: (share) => {
      shares.push(share);
      if (shares.length === 2) controller.abort(reason);
    },
  });
  await expect(job).rejects.toBe(reason);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  // The threads go on with other jobs.
  expect((await host.run('run-circuit', request(BELL))).shots).toBe(100);
});

test('jobs wait for a thread, and one that is canceled meanwhile never runs', async () => {
  const small = new JobHost({ jobsMax: 1, waitingMax: 2 });
  const blocking = new AbortController();
  const waiting = new AbortController();
  const first = small.run('run-circuit', request(layers(24, 100), { method: 'dense' }), {
    signal: blocking.signal,
  });
  const second = small.run('run-circuit', request(BELL), { signal: waiting.signal });
  const third = small.run('run-circuit', request(BELL));
  await expect(small.run('run-circuit', request(BELL))).rejects.toMatchObject({
    code: 'QUANTUM_HOST_BUSY',
    retryable: true,
  });
  waiting.abort(new Error('second'));
  await expect(second).rejects.toThrow('second');
  blocking.abort(new Error('first'));
  await expect(first).rejects.toThrow('first');
  expect((await third).shots).toBe(100);
  await small.close();
});

test('a job that takes too much heap ends alone: another thread goes on', async () => {
  const small = new JobHost({ jobsMax: 1, heapMibMax: 48 });
  const huge = small.run('run-circuit', request(layers(100, 4000)));
  await expect(huge).rejects.toMatchObject({ code: 'QUANTUM_OUT_OF_MEMORY', retryable: false });
  expect((await small.run('run-circuit', request(BELL))).shots).toBe(100);
  await small.close();
});

test('a job whose thread dies fails with a code, and may be tried again', async () => {
  const runner = new JobRunner({ heapMibMax: 1000, niceness: 0 });
  const running = Promise.withResolvers<void>();
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const job = runner.run(
    {
      id: 1,
      name: 'run-circuit',
      request: request(layers(22, 100), { method: 'dense' }),
      cancel,
      bytesMax: 2 ** 30,
      threads: 1,
      timeMs: 60_000,
    },
    running.resolve as () => void,
  );
  const end = expect(job).rejects.toMatchObject({ code: 'QUANTUM_THREAD_LOST', retryable: true });
  await running.promise;
  await runner.end();
  await end;
  expect(runner.isGone).toBe(true);
});

test('a closed host ends its jobs and takes no more', async () => {
  const other = new JobHost({ jobsMax: 1 });
  const started = Promise.withResolvers<void>();
  const running = other.run('run-circuit', request(layers(24, 100), { method: 'dense' }), {
    progress: () => started.resolve(),
  });
  const waiting = other.run('run-circuit', request(BELL));
  const both = Promise.allSettled([running, waiting]);
  await started.promise;
  await other.close();
  const codes = (await both).map((end) => (end as { reason?: { code?: string } }).reason?.code);
  expect(codes).toEqual(['QUANTUM_HOST_CLOSED', 'QUANTUM_HOST_CLOSED']);
  await expect(other.run('run-circuit', request(BELL))).rejects.toMatchObject({
    code: 'QUANTUM_HOST_CLOSED',
  });
});
