import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { DenseState } from '../../../quantum/simulate/dense-state.ts';
import type { UnitaryPart } from '../../../quantum/circuit/operation.ts';
import { randomGate } from '../../../quantum/simulate/testing/random-circuit.ts';
import { UNWATCHED } from '../../../quantum/watch.ts';
import { WorkerTeam } from './worker-team.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);

let team: WorkerTeam;

beforeAll(async () => {
  const started = await WorkerTeam.start(3);
  if (started === null) throw new Error('this platform has no shared memory for kernels');
  team = started;
});

afterAll(async () => {
  await team.close();
});

/** A random gate on each qubit, so that no amplitude is zero, and then others. */
function operationsOn(qubits: number, count: number, seed: number): UnitaryPart[] {
  const rng = Rng.fromSeed(seed);
  const first = Array.from({ length: qubits }, (_, q): UnitaryPart => {
    const params = [1 + rng.unit(), rng.unit() * 6, rng.unit() * 6];
    return { kind: 'gate', name: 'u', params, qubits: [q], controls: [] };
  });
  return [...first, ...Array.from({ length: count }, () => randomGate(qubits, rng))];
}

function apart(a: DenseState, b: DenseState): number {
  const x = a.amplitudes();
  const y = b.amplitudes();
  let most = 0;
  for (let k = 0; k < x.re.length; k++) {
    most = Math.max(most, Math.abs(x.re[k]! - y.re[k]!), Math.abs(x.im[k]! - y.im[k]!));
  }
  return most;
}

describe('a team of three threads', () => {
  test.each([16, 17, 18])('gives the amplitudes of one thread for %i qubits', (qubits) => {
    const operations = operationsOn(qubits, 80, SEED + qubits);
    const together = DenseState.create(qubits, { team });
    const alone = DenseState.create(qubits);
    expect(together.engine).toEqual({ kernels: 'wasm', threads: 3 });
    together.applyAll(operations, UNWATCHED);
    alone.applyAll(operations, UNWATCHED);
    expect(apart(together, alone), `seed ${SEED}`).toBeLessThan(1e-12);
    for (let q = 0; q < qubits; q++) {
      expect(together.probabilityOfOne(q)).toBeCloseTo(alone.probabilityOfOne(q), 12);
    }
    together.collapse(3, 1);
    alone.collapse(3, 1);
    expect(apart(together, alone), `seed ${SEED}`).toBeLessThan(1e-12);
  });

  test('works on several states in turn', () => {
    const states = [1, 2, 3].map((k) => ({
      together: DenseState.create(16, { team, precision: 'f32' }),
      alone: DenseState.create(16, { precision: 'f32' }),
      operations: operationsOn(16, 10, SEED + k),
    }));
    for (let round = 0; round < 10; round++) {
      for (const { alone, operations, together } of states) {
        together.applyAll(operations, UNWATCHED);
        alone.applyAll(operations, UNWATCHED);
      }
    }
    for (const { alone, together } of states) expect(apart(together, alone)).toBeLessThan(1e-5);
  });

  test('leaves small states to the caller', () => {
    expect(DenseState.create(15, { team }).engine.threads).toBe(1);
  });

  test('lets go of the memory of states that are dropped', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const qubits = 20;
    const use = (): void => {
      DenseState.create(qubits, { team }).applyAll(operationsOn(qubits, 4, SEED), UNWATCHED);
    };
    use();
    const before = process.memoryUsage().rss;
    for (let k = 0; k < 12; k++) use();
    // Twelve states are four times as much.
    const isBack = (): boolean => process.memoryUsage().rss - before < 3 * 2 ** (qubits + 4);
    // Helpers let go in their own time.
    for (let k = 0; k < 500 && !isBack(); k++) {
      collectGarbage();
      await new Promise(setImmediate);
    }
    expect(isBack()).toBe(true);
  });

  test('takes memory for few of the states that were made without a pause', () => {
    const qubits = 20;
    const before = process.memoryUsage().rss;
    let most = 0;
    for (let k = 0; k < 100; k++) {
      DenseState.create(qubits, { team }).applyAll(operationsOn(qubits, 1, SEED), UNWATCHED);
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    // All of them would take 1600 MiB and more.
    expect(most).toBeLessThan(900 * 2 ** 20);
  });

  test('is canceled between turns and works on afterwards', () => {
    let looks = 0;
    const watch = { ...UNWATCHED, isCanceled: () => ++looks > 20 };
    const state = DenseState.create(18, { team });
    const operations = operationsOn(18, 400, SEED);
    expect(() => state.applyAll(operations, watch)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_CANCELED' }),
    );
    expect(looks).toBe(21);
    const next = DenseState.create(16, { team });
    const alone = DenseState.create(16);
    const few = operationsOn(16, 20, SEED + 1);
    next.applyAll(few, UNWATCHED);
    alone.applyAll(few, UNWATCHED);
    expect(apart(next, alone)).toBeLessThan(1e-12);
  });
});

test('a closed team is gone, and one thread is no team', async () => {
  const other = await WorkerTeam.start(2);
  await other?.close();
  await other?.close();
  const state = DenseState.create(16, { team: other! });
  expect(() => state.applyAll(operationsOn(16, 3, 1), UNWATCHED)).toThrow(/closed team/);
  expect(await WorkerTeam.start(1)).toBeNull();
});
