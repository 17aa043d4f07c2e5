/** The quantum engine, through its agent: results that are known on paper. */
import type { TaskOutcome, TaskView } from '../../contract/index.ts';
import { waitForTask } from '../tasks/wait-for-task.ts';
import type { CheckGroup } from './check.ts';
import { expect } from './expect.ts';
import type { World } from './world.ts';

const WAIT_MS = 15_000;

export function quantumChecks(): CheckGroup {
  return {
    name: 'Quantum engine and agent',
    checks: [
      { title: 'GHZ states of 12 and 1,000 qubits have two outcomes', run: runGhz },
      {
        title: 'the inverse of a Fourier transform brings back what was put in',
        run: transformBack,
      },
      { title: 'a circuit is made smaller, and found equal', run: optimize },
      { title: 'a Bell pair is pure and entangled as much as can be', run: analyze },
      { title: 'the largest cut of a ring is found and proven', run: cut },
      { title: 'tasks are assigned at the least cost', run: assign },
      { title: 'too many qubits are refused with the bytes they need', run: refuse },
      { title: 'a simulation is stopped when its task is canceled', run: cancel },
    ],
  };
}

async function outcomeOf(world: World, type: string, payload: unknown): Promise<TaskOutcome> {
  const { id } = await world.api.post<TaskView>('/tasks', { type, payload });
  return waitForTask(world.api, id, WAIT_MS);
}

async function resultOf<Result>(world: World, type: string, payload: unknown): Promise<Result> {
  const outcome = await outcomeOf(world, type, payload);
  expect(outcome.state === 'completed', `${type} must complete`, outcome);
  return outcome.result as Result;
}

interface Run {
  readonly method: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly probabilities?: Readonly<Record<string, number>>;
}

const HEAD = 'OPENQASM 3.0; include "stdgates.inc";';

async function runGhz(world: World): Promise<string> {
  const ghz = (qubits: number): string =>
    `${HEAD} qubit[${qubits}] q; h q[0]; for int i in [1:${qubits - 1}] { cx q[0], q[i]; }`;
  const methods: string[] = [];
  for (const qubits of [12, 1000]) {
    const payload = { qasm: ghz(qubits), shots: 200, seed: 1 };
    const { counts, method } = await resultOf<Run>(world, 'quantum.circuit.run', payload);
    const seen = Object.keys(counts);
    const isRight = seen.every(
      (bits) => bits === '0'.repeat(qubits) || bits === '1'.repeat(qubits),
    );
    expect(isRight && seen.length === 2, 'all zeros and all ones must be seen, and nothing else');
    methods.push(method);
  }
  return methods.join(', ');
}

async function transformBack(world: World): Promise<string> {
  const qasm = `${HEAD}
    qubit[10] q;
    for int i in [0:9] { ry(0.3 * (i + 1)) q[i]; }
    for int t in [0:9] { h q[9 - t]; for int k in [0:(8 - t)] { cp(pi / 2 ** (9 - t - k)) q[k], q[9 - t]; } }
    for int s in [0:9] { for int k in [0:(s - 1)] { cp(-pi / 2 ** (s - k)) q[k], q[s]; } h q[s]; }
    for int i in [0:9] { ry(-0.3 * (i + 1)) q[i]; }`;
  const payload = { qasm, shots: 100, probabilities: true };
  const { probabilities } = await resultOf<Run>(world, 'quantum.circuit.run', payload);
  const back = probabilities?.['0'.repeat(10)] ?? 0;
  expect(Math.abs(back - 1) < 1e-9, 'all qubits must be 0 again', back);
  return `probability 1 − ${Math.abs(1 - back).toExponential(1)}`;
}

async function optimize(world: World): Promise<string> {
  const qasm = `${HEAD} qubit[3] q; ccx q[0], q[1], q[2]; h q[0]; h q[0]; ccx q[0], q[1], q[2]; t q[1]; t q[1];`;
  const payload = { qasm, timeMs: 1000, seed: 1 };
  const { after, before, verified } = await resultOf<{
    readonly before: { readonly gates: number };
    readonly after: { readonly gates: number };
    readonly verified: string;
  }>(world, 'quantum.circuit.optimize', payload);
  expect(after.gates === 1, 'one gate must be left', after);
  expect(!verified.startsWith('not'), 'the result must be verified', verified);
  return `${before.gates} gates became ${after.gates}, checked by ${verified}`;
}

async function analyze(world: World): Promise<string> {
  const qasm = `${HEAD} qubit[2] q; h q[0]; cx q[0], q[1];`;
  const { concurrence, purity } = await resultOf<{
    readonly purity: number;
    readonly concurrence: number;
  }>(world, 'quantum.state.analyze', { qasm });
  expect(Math.abs(purity - 1) < 1e-9, 'the purity must be 1', purity);
  expect(Math.abs(concurrence - 1) < 1e-6, 'the concurrence must be 1', concurrence);
  return `purity ${purity.toFixed(6)}, concurrence ${concurrence.toFixed(6)}`;
}

async function cut(world: World): Promise<string> {
  const vertices = 101;
  const edges = Array.from({ length: vertices }, (_, k) => [k, (k + 1) % vertices]);
  const payload = { problem: { kind: 'max-cut', vertices, edges }, timeMs: 2000, seed: 1 };
  const { isProven, value } = await resultOf<{
    readonly value: number;
    readonly isProven: boolean;
  }>(world, 'quantum.ising.solve', payload);
  expect(value === 100 && isProven, 'an odd ring of 101 must be cut 100 times', value);
  return '100 of 101 edges';
}

async function assign(world: World): Promise<string> {
  const problem = {
    costs: [
      [1, 9, 9, 2],
      [9, 1, 2, 9],
    ],
    weights: [
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ],
    capacities: [2, 2],
  };
  const payload = { problem, timeMs: 500, seed: 1 };
  const { assignment, cost, feasible } = await resultOf<{
    readonly cost: number;
    readonly feasible: boolean;
    readonly assignment: readonly number[];
  }>(world, 'quantum.assign.solve', payload);
  expect(cost === 6 && feasible, 'the least cost is 6', { cost, assignment });
  return 'cost 6';
}

async function refuse(world: World): Promise<string> {
  const qasm = `${HEAD} qubit[60] q;
    for int l in [0:40] { for int i in [0:59] { u(l + i, 0.4, 0.9) q[i]; } for int i in [0:58] { cx q[i], q[i + 1]; } }`;
  const outcome = await outcomeOf(world, 'quantum.circuit.run', { qasm });
  const error = outcome.error;
  expect(error?.code === 'QUANTUM_TOO_LARGE', 'it must be refused as too large', error);
  expect(/\d+ bytes/.test(error.message), 'the bytes must be named', error.message);
  return error.code;
}

async function cancel(world: World): Promise<string> {
  const qasm = `${HEAD} qubit[22] q;
    for int l in [0:2000] { for int i in [0:21] { u(l + i, 0.4, 0.9) q[i]; } for int i in [0:20] { cx q[i], q[i + 1]; } }`;
  const payload = { qasm, method: 'dense' };
  const { id } = await world.api.post<TaskView>('/tasks', { type: 'quantum.circuit.run', payload });
  for (;;) {
    const { state } = await world.task(id);
    if (state === 'running') break;
    expect(state === 'queued', 'it must be waiting or running', state);
  }
  await world.api.post(`/tasks/${id}/cancel`, {});
  const { state } = await waitForTask(world.api, id, WAIT_MS);
  expect(state === 'canceled', 'it must end canceled', state);
  // The agent has two slots: both must be free for this to end soon.
  const bell = { qasm: `${HEAD} qubit[2] q; h q[0];`, shots: 1 };
  await Promise.all([1, 2].map(() => resultOf(world, 'quantum.circuit.run', bell)));
  return 'and its slot is free again';
}
