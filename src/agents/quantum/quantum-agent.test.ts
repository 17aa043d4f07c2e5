import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { OrchestratorError } from '../../base/errors.ts';
import type { ArtifactRequest, ArtifactSink } from '../../contract/artifact.ts';
import type { HandlerContext } from '../../contract/handler.ts';
import type { AnalyzeStateAnswer } from './jobs/analyze-state-job.ts';
import type { RunCircuitAnswer } from './jobs/run-circuit-job.ts';
import type { SolveIsingAnswer } from './jobs/solve-ising-job.ts';
import { QuantumAgent } from './quantum-agent.ts';
import type { ArtifactAnswer } from './run-to-artifact.ts';

const folder = mkdtempSync(join(tmpdir(), 'uqo-quantum-'));

/** Keeps artifacts in files, and notes what was asked of it. */
class FolderSink implements ArtifactSink {
  readonly begun: ArtifactRequest[] = [];
  readonly ends: string[] = [];
  bytesMax = 1_000;

  begin(request: ArtifactRequest): ReturnType<ArtifactSink['begin']> {
    this.begun.push(request);
    if (request.bytes > this.bytesMax) {
      return Promise.reject(new OrchestratorError('ARTIFACTS_FULL', 'no room'));
    }
    const id = `kept-${this.begun.length}`;
    const file = join(folder, `${id}.draft`);
    const { bytes, ...rest } = request;
    return Promise.resolve({
      id,
      file,
      keep: (sha256) => {
        renameSync(file, join(folder, id));
        this.ends.push('kept');
        const view = { ...rest, id, href: `/kept/${id}`, bytes, sha256, createdAt: '' };
        return Promise.resolve(view);
      },
      discard: () => {
        this.ends.push('discarded');
        rmSync(file, { force: true });
        return Promise.resolve();
      },
    });
  }
}

const sink = new FolderSink();
const agent = new QuantumAgent({ artifacts: sink });

afterAll(async () => {
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});

const nothing = (): void => undefined;

function contextOf(
  signal: AbortSignal = new AbortController().signal,
  progress: (fraction: number) => void = nothing,
): HandlerContext {
  return {
    signal,
    fencingToken: 7,
    attempt: 1,
    heartbeat: nothing,
    progress,
    emit: nothing,
    submit: (): Promise<never> => Promise.reject(new Error('the quantum agent submits no task')),
    reportUsage: () => undefined,
    waitForInput: () => Promise.reject(new Error('the quantum agent asks nobody')),
    lastDetails: undefined,
    parents: {},
    lastError: undefined,
    critique: undefined,
    trace: { traceId: '', spanId: '', traceparent: '' },
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  };
}

async function perform<Result>(type: string, payload: unknown): Promise<Result> {
  return (await agent.handler({ id: 'task-1', type, payload }, contextOf())) as Result;
}

const run = (payload: object): Promise<RunCircuitAnswer> => perform('quantum.circuit.run', payload);

const GHZ = 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; h q[0]; cx q[0],q[1]; cx q[1],q[2];';

describe('quantum.circuit.run', () => {
  test('counts, exact probabilities and amplitudes of one run', async () => {
    const answer = await run({
      qasm: GHZ,
      shots: 1_000_000_000,
      seed: 5,
      probabilities: true,
      statevector: 'top',
    });
    expect(Object.keys(answer.counts).toSorted()).toEqual(['000', '111']);
    expect(answer.counts['000']! + answer.counts['111']!).toBe(1_000_000_000);
    expect(answer.probabilities).toEqual({ '000': 0.5, '111': 0.5 });
    expect(answer.amplitudes?.map(({ state }) => state)).toEqual(['000', '111']);
    expect(answer).toMatchObject({ qubits: 3, shots: 1e9, seed: 5, outcomes: 2 });
    expect(answer.bitOrder).toContain('q[0] is rightmost');
  });

  test('the first bit is rightmost, or leftmost where asked for', async () => {
    const qasm =
      'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[0]; c = measure q;';
    expect((await run({ qasm, shots: 3 })).counts).toEqual({ '01': 3 });
    const left = await run({ qasm, shots: 3, bitOrder: 'q0-left' });
    expect(left.counts).toEqual({ '10': 3 });
    expect(left.bitOrder).toContain('reverse');
  });

  test('one seed gives one result, a drawn one is told', async () => {
    const { counts, seed } = await run({ qasm: GHZ, shots: 500 });
    expect((await run({ qasm: GHZ, shots: 500, seed })).counts).toEqual(counts);
  });

  test('lists no more than top outcomes, and says how many there were', async () => {
    const qasm = 'OPENQASM 3.0; include "stdgates.inc"; qubit[6] q; h q;';
    const answer = await run({ qasm, shots: 10_000, top: 4, probabilities: true });
    expect(Object.keys(answer.counts)).toHaveLength(4);
    expect(Object.keys(answer.probabilities!)).toHaveLength(4);
    expect(answer.probabilityListed).toBeCloseTo(4 / 64, 12);
    expect(answer.outcomes).toBe(64);
  });

  test('lists of long outcomes stay small', async () => {
    const qasm = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2000] q; h q;';
    const answer = await run({ qasm, shots: 4000, top: 4096 });
    expect(answer.outcomes).toBe(4000);
    expect(JSON.stringify(answer.counts).length).toBeLessThan(2 ** 18);
  });

  test('noise and wrong readings change the distribution as they should', async () => {
    const answer = await run({
      qasm: 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; x q[0];',
      shots: 0,
      probabilities: true,
      noise: {
        gates: [{ gates: ['x'], channel: { type: 'bit-flip', probability: 0.1 } }],
        readout: [{ zeroAsOne: 0.2, oneAsZero: 0.05 }],
      },
    });
    expect(answer.probabilities!['1']).toBeCloseTo(0.9 * 0.95 + 0.1 * 0.2, 12);
  });

  test('all amplitudes go into an artifact on demand, in the order of their numbers', async () => {
    const answer = await perform<ArtifactAnswer>('quantum.circuit.run', {
      qasm: GHZ,
      statevector: 'file',
    });
    const { statevector } = answer;
    expect(sink.begun.at(-1)).toMatchObject({ taskId: 'task-1', fencingToken: 7, bytes: 128 });
    expect(statevector).toMatchObject({ format: 'complex128-le', amplitudes: 8, bytes: 128 });
    expect(statevector).toMatchObject({ artifact: 'kept-1', href: '/kept/kept-1' });
    expect(JSON.stringify(answer)).not.toContain(folder);
    const bytes = readFileSync(join(folder, 'kept-1'));
    expect(bytes.length).toBe(128);
    const read = Array.from({ length: 16 }, (_, k) => bytes.readDoubleLE(8 * k));
    expect(read[0]).toBeCloseTo(Math.SQRT1_2, 12);
    expect(read[14]).toBeCloseTo(Math.SQRT1_2, 12);
    expect(read.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 12);
  });

  test('without room for the amplitudes nothing is simulated, and no other attempt helps', async () => {
    const qasm = 'OPENQASM 3.0; qubit[28] q;';
    await expect(run({ qasm, statevector: 'file' })).rejects.toMatchObject({
      code: 'ARTIFACTS_FULL',
      retryable: false,
    });
    expect(sink.begun.at(-1)?.bytes).toBe(16 * 2 ** 28);
  });

  test('a run that fails gives its room back', async () => {
    const payload = { qasm: GHZ, statevector: 'file', budget: { bytes: 1 } };
    await expect(run(payload)).rejects.toMatchObject({ code: 'QUANTUM_TOO_LARGE' });
    expect(sink.ends.at(-1)).toBe('discarded');
    expect(existsSync(join(folder, `kept-${sink.begun.length}.draft`))).toBe(false);
  });

  test('an agent without a place for artifacts refuses a file', async () => {
    const bare = new QuantumAgent();
    const task = {
      id: 't',
      type: 'quantum.circuit.run',
      payload: { qasm: GHZ, statevector: 'file' },
    };
    await expect(Promise.resolve(bare.handler(task, contextOf()))).rejects.toMatchObject({
      code: 'QUANTUM_NO_ARTIFACTS',
    });
    await bare.close();
  });
});

describe('quantum.state.analyze', () => {
  test('a Bell state is pure, maximally entangled and correlated', async () => {
    const answer = await perform<AnalyzeStateAnswer>('quantum.state.analyze', {
      qasm: 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0],q[1];',
      parts: [[0]],
      observables: [
        'ZZ',
        'XX',
        'YY',
        'IZ',
        [{ pauli: 'ZZ', coefficient: 2 }, { pauli: { X: [0, 1] } }],
      ],
      with: { amplitudes: [1, 0, 0, 1], normalise: true },
    });
    expect(answer).toMatchObject({ qubits: 2, representation: 'pure' });
    expect(answer.purity).toBeCloseTo(1, 12);
    expect(answer.entropy).toBeCloseTo(0, 12);
    expect(answer.concurrence).toBeCloseTo(1, 7);
    expect(answer.perQubit[0]!.entropy).toBeCloseTo(1, 12);
    expect(answer.correlations![0]![1]).toBeCloseTo(2, 12);
    expect(answer.parts[0]).toMatchObject({ qubits: [0], schmidt: { rank: 2 } });
    expect(answer.parts[0]!.negativity).toBeCloseTo(0.5, 12);
    for (const [k, value] of [1, 1, -1, 0, 3].entries()) {
      expect(answer.expectations[k]).toBeCloseTo(value, 12);
    }
    expect(answer.comparison!.fidelity).toBeCloseTo(1, 12);
  });

  test('a circuit with noise, and a density matrix, are mixed', async () => {
    const noise = { gates: [{ gates: 'all', channel: { type: 'depolarizing', probability: 1 } }] };
    const qasm = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; x q[0];';
    const noisy = await perform<AnalyzeStateAnswer>('quantum.state.analyze', { qasm, noise });
    const given = await perform<AnalyzeStateAnswer>('quantum.state.analyze', {
      density: [
        [0.5, 0],
        [0, [0.5, 0]],
      ],
    });
    for (const answer of [noisy, given]) {
      expect(answer.representation).toBe('mixed');
      expect(answer.purity).toBeCloseTo(0.5, 12);
      expect(answer.entropy).toBeCloseTo(1, 12);
    }
  });

  test.each([
    [{ amplitudes: [1, 1] }, 'QUANTUM_NOT_NORMALISED'],
    [{ amplitudes: [1, 0, 0] }, 'QUANTUM_DIMENSION_INVALID'],
    [
      {
        density: [
          [1, 0],
          [0, 1],
        ],
      },
      'QUANTUM_NOT_A_STATE',
    ],
    [{ qasm: 'OPENQASM 3.0; qubit[21] q;' }, 'QUANTUM_TOO_LARGE'],
    [{ qasm: 'OPENQASM 3.0; qubit[2] q;', observables: ['Z'] }, 'QUANTUM_PAULI_INVALID'],
    [{ qasm: 'OPENQASM 3.0; qubit[2] q;', parts: [[2]] }, 'QUANTUM_QUBITS_INVALID'],
  ])('%j is refused with %s', async (payload, code) => {
    await expect(perform('quantum.state.analyze', payload)).rejects.toMatchObject({
      code,
      retryable: false,
    });
  });
});

describe('quantum.ising.solve', () => {
  const square = [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 0],
  ];

  test.each([
    [{ kind: 'max-cut', vertices: 4, edges: square }, 4, 'maximise'],
    [{ kind: 'ising', fields: [0, 0, 0, 0], couplings: square }, -4, 'minimise'],
    [{ kind: 'qubo', linear: [-1, -1], quadratic: [[0, 1, 2]] }, -1, 'minimise'],
    [{ kind: 'file', format: 'gset', text: '3 2\n1 2 1\n2 3 5\n' }, 6, 'maximise'],
  ])('%j is solved', async (problem, value, sense) => {
    const payload = { problem, timeMs: 500, seed: 1 };
    const answer = await perform<SolveIsingAnswer>('quantum.ising.solve', payload);
    expect(answer).toMatchObject({ value, sense, isProven: true, seed: 1 });
  });
});

/** Layers of turns and entanglers on all qubits. */
function layers(qubits: number, depth: number): string {
  const lines = [`OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[${qubits}];\ncreg c[${qubits}];`];
  for (let layer = 0; layer < depth; layer++) {
    for (let q = 0; q < qubits; q++) lines.push(`u3(${0.3 + q + layer},0.4,0.9) q[${q}];`);
    for (let q = layer % 2; q + 1 < qubits; q += 2) lines.push(`cx q[${q}],q[${q + 1}];`);
  }
  return `${lines.join('\n')}\nmeasure q -> c;\n`;
}

describe('a canceled task', () => {
  test.each([
    ['quantum.circuit.run', { qasm: layers(23, 300), method: 'dense' }],
    ['quantum.circuit.optimize', { qasm: layers(20, 1500), level: 3, budget: { timeMs: 60_000 } }],
  ])('of %s ends at once', async (type, payload) => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    let canceledAt = 0;
    const progress = (): void => {
      canceledAt = performance.now();
      controller.abort(reason);
    };
    const context = contextOf(controller.signal, progress);
    const task = Promise.resolve(agent.handler({ id: 'canceled', type, payload }, context));
    await expect(task).rejects.toBe(reason);
    // 50 ms are promised, and measured by the benchmark; a machine under test may be busy.
    expect(performance.now() - canceledAt).toBeLessThan(500);
  });
});

describe('garbage', () => {
  test.each([
    ['quantum.circuit.run', null, 'payload'],
    ['quantum.circuit.run', [], 'payload'],
    ['quantum.circuit.run', {}, 'payload.qasm'],
    ['quantum.circuit.run', { qasm: 3 }, 'payload.qasm'],
    ['quantum.circuit.run', { qasm: GHZ, shots: -1 }, 'payload.shots'],
    ['quantum.circuit.run', { qasm: GHZ, shots: 1.5 }, 'payload.shots'],
    ['quantum.circuit.run', { qasm: GHZ, method: 'magic' }, 'payload.method'],
    ['quantum.circuit.run', { qasm: GHZ, top: 1e9 }, 'payload.top'],
    ['quantum.circuit.run', { qasm: GHZ, budget: { timeMs: 0 } }, 'payload.budget.timeMs'],
    ['quantum.circuit.run', { qasm: GHZ, inputs: { a: [] } }, 'payload.inputs.a'],
    ['quantum.circuit.optimize', { qasm: GHZ, level: 4 }, 'payload.level'],
    ['quantum.circuit.optimize', { qasm: GHZ, coupling: [[0]] }, 'payload.coupling[0]'],
    ['quantum.state.analyze', { qasm: GHZ, amplitudes: [1] }, 'payload'],
    ['quantum.state.analyze', { amplitudes: { re: [1, 0], im: [0] } }, 'payload.amplitudes'],
    ['quantum.state.analyze', { density: [[1, 0]] }, 'payload.density'],
    ['quantum.ising.solve', { problem: { kind: 'knapsack' } }, 'payload.problem.kind'],
    [
      'quantum.ising.solve',
      { problem: { kind: 'max-cut', vertices: 2, edges: [[0, 2]] } },
      'payload.problem.edges[0][1]',
    ],
    ['quantum.assign.solve', { problem: { costs: [[1], []] } }, 'payload.problem.costs'],
    ['quantum.unknown', {}, 'type'],
  ])('%s of %j is refused at %s', async (type, payload, path) => {
    await expect(perform(type, payload)).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      retryable: false,
      details: { path },
    });
  });

  test.each([
    [{ qasm: 'h q[' }, 'QASM_SYNTAX'],
    [{ qasm: 'gate a x { '.repeat(2000) }, 'QASM_RECURSION'],
    [{ qasm: 'OPENQASM 3.0; bit c; while (true) { c = 0; }' }, 'QUANTUM_STEPS_EXCEEDED'],
    [{ qasm: 'OPENQASM 3.0; include "stdgates.inc"; qubit q; rx(1/0.0) q;' }, /^QASM_/],
    [
      {
        qasm: GHZ,
        method: 'stabilizer',
        noise: {
          idle: {
            type: 'kraus',
            operators: [
              [
                [1, 0],
                [0, 0.5],
              ],
            ],
          },
        },
      },
      'QUANTUM_NOT_CPTP',
    ],
    [
      {
        qasm: GHZ,
        noise: {
          gates: [{ gates: ['frobnicate'], channel: { type: 'bit-flip', probability: 0.1 } }],
        },
      },
      'QUANTUM_NOISE_INVALID',
    ],
  ])('%j ends with a code of its own, and the agent lives on', async (payload, code) => {
    const end = (await run(payload).catch((error: unknown) => error)) as { code?: string };
    expect(end.code).toMatch(code);
    expect((await run({ qasm: GHZ, shots: 1 })).shots).toBe(1);
  });
});
