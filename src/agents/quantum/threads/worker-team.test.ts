import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import type { KernelTeam, TeamJob } from '../../../quantum/kernels/kernel-team.ts';
import { openArena } from '../../../quantum/kernels/wasm-arena.ts';
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

  test('is not woken for a gate that the caller has done by then, but for much new memory', () => {
    let runs = 0;
    const counted: KernelTeam = {
      size: team.size,
      newMemory: (pages) => team.newMemory(pages),
      run: (job, work, turn) => {
        runs++;
        team.run(job, work, turn);
      },
    };
    const runsOf = (qubits: number): number => {
      const state = DenseState.create(qubits, { team: counted });
      runs = 0;
      state.applyAll(operationsOn(1, 0, SEED), UNWATCHED);
      return runs;
    };
    expect([16, 17, 18].map(runsOf)).toEqual([0, 1, 2]);
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

/** A job of two units, each of which takes a while. */
function slowJob(other: WorkerTeam, seconds: number): TeamJob {
  const arena = openArena({ qubits: 16, precision: 'f64', team: other });
  if (arena === null) throw new Error('this platform has no shared memory for kernels');
  // Chunks of so many vectors, all of them the first: every bit of the offset is skipped.
  const { head, im, memory, re, roomBytes, rooms, words } = arena;
  const vectors = seconds * 1e9;
  words.set([re, im, 16, -16, 0, vectors, 2 ** 20, 0, -1, -1, -1, -1], head / 4);
  const shape = { kernel: 'weights64', pointer: head, units: 2, unitsPerTurn: 1 } as const;
  return { memory, rooms, roomBytes, ...shape };
}

/** Waits, as the caller of a job does, until another thread has taken a share of it. */
function untilShared(other: WorkerTeam): void {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  while (other.sharesTaken < 2) Atomics.wait(wait, 0, 0, 1);
}

describe('a caller that waits for a helper', () => {
  test('goes on taking turns', async () => {
    const other = (await WorkerTeam.start(2))!;
    const job = slowJob(other, 0.2);
    let turns = 0;
    other.run(
      job,
      () => untilShared(other),
      () => turns++,
    );
    // Every 5 ms, where the machine has time for it.
    expect(turns).toBeGreaterThan(5);
    await other.close();
  });

  test('ends within a second once the helper is gone, with a code', async () => {
    const other = (await WorkerTeam.start(2))!;
    const job = slowJob(other, 4);
    let lostAtMs = 0;
    const run = (): void =>
      other.run(
        job,
        () => {
          untilShared(other);
          void other.close();
          lostAtMs = performance.now();
        },
        () => undefined,
      );
    expect(run).toThrow(expect.objectContaining({ code: 'QUANTUM_TEAM_LOST' }));
    expect(performance.now() - lostAtMs).toBeLessThan(1000);
    expect(other.isWhole).toBe(false);
  });
});

test('a helper that ends between two jobs is done without', async () => {
  const workers: Worker[] = [];
  const note = (worker: Worker): number => workers.push(worker);
  process.on('worker', note);
  const other = (await WorkerTeam.start(3))!;
  process.off('worker', note);
  const state = DenseState.create(18, { team: other });
  const alone = DenseState.create(18);
  expect(other.isWhole).toBe(true);
  for (let ended = 0; ended < 3; ended++) {
    await workers[ended - 1]?.terminate();
    const operations = operationsOn(18, 20, SEED + ended);
    state.applyAll(operations, UNWATCHED);
    alone.applyAll(operations, UNWATCHED);
  }
  expect(apart(state, alone)).toBeLessThan(1e-12);
  expect(workers).toHaveLength(2);
  expect(other.isWhole).toBe(false);
  await other.close();
});

test('a helper lets go of its memory half a second after a job, and works on it again', async () => {
  const other = (await WorkerTeam.start(2))!;
  const state = DenseState.create(16, { team: other });
  const alone = DenseState.create(16);
  for (let k = 0; k < 2; k++) {
    const operations = operationsOn(16, 20, SEED + k);
    state.applyAll(operations, UNWATCHED);
    alone.applyAll(operations, UNWATCHED);
    expect(other.releases).toBe(k);
    await vi.waitUntil(() => other.releases === k + 1, { timeout: 20_000, interval: 20 });
  }
  expect(apart(state, alone)).toBeLessThan(1e-12);
  await other.close();
});

test('a closed team is gone, and one thread is no team', async () => {
  const other = await WorkerTeam.start(2);
  await other?.close();
  await other?.close();
  const state = DenseState.create(16, { team: other! });
  expect(() => state.applyAll(operationsOn(16, 3, 1), UNWATCHED)).toThrow(/closed team/);
  expect(await WorkerTeam.start(1)).toBeNull();
});
