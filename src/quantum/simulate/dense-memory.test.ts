import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { wasmApi } from '../kernels/wasm-api.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { DenseState } from './dense-state.ts';
import { DensityState } from './density/density-state.ts';
import type { UnitaryPart } from '../circuit/operation.ts';
import { randomGate } from './testing/random-circuit.ts';

const platform = wasmApi();

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function gates(qubits: number, count: number): UnitaryPart[] {
  const rng = Rng.fromSeed(5);
  return Array.from({ length: count }, () => randomGate(qubits, rng));
}

describe('memory', () => {
  test.each(['fastest', 'twin'] as const)(
    'of the %s kernels returns once states are dropped',
    async (kernels) => {
      const qubits = kernels === 'twin' ? 20 : 21;
      const operations = gates(qubits, 6);
      const use = (): void => {
        const state = DenseState.create(qubits, { kernels });
        state.applyAll(operations, UNWATCHED);
        state.copy();
      };
      use();
      collectGarbage();
      // What freed arrays took stays with the C library; the memory of WebAssembly goes back at once.
      const taken = (): number =>
        kernels === 'twin' ? process.memoryUsage().arrayBuffers : process.memoryUsage().rss;
      const before = taken();
      for (let k = 0; k < 12; k++) use();
      // Each round took two states; all of them would be far more than this.
      const isBack = (): boolean => taken() - before < 3 * 2 ** (qubits + 4);
      // It is freed some time after it was collected.
      for (let k = 0; k < 500 && !isBack(); k++) {
        collectGarbage();
        await new Promise(setImmediate);
      }
      expect(isBack()).toBe(true);
    },
  );

  test('of hundreds of states at once is there', () => {
    const states = Array.from({ length: 300 }, () => DenseState.create(13));
    for (const state of states) state.applyAll(gates(13, 3), UNWATCHED);
    expect(states.every((state) => Math.abs(state.norm() - 1) < 1e-12)).toBe(true);
  });

  test('that the platform refuses is an error with a code', () => {
    function Memory(): void {
      throw new RangeError('could not allocate memory');
    }
    vi.stubGlobal('WebAssembly', { ...platform, Memory });
    expect(() => DenseState.create(20)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_OUT_OF_MEMORY' }),
    );
  });
});

describe('a platform', () => {
  test.each([
    ['without WebAssembly', undefined],
    ['whose WebAssembly has no SIMD', { ...platform, validate: () => false }],
  ])('%s has the kernels in TypeScript', async (_, wasm) => {
    vi.stubGlobal('WebAssembly', wasm);
    vi.resetModules();
    const fresh = await import('./dense-state.ts');
    for (const qubits of [5, 14]) {
      const operations = gates(qubits, 40);
      const state = fresh.DenseState.create(qubits);
      expect(state.engine).toEqual({ kernels: 'twin', threads: 1 });
      state.applyAll(operations, UNWATCHED);
      const fast = DenseState.create(qubits, { kernels: 'twin' });
      fast.applyAll(operations, UNWATCHED);
      expect(state.amplitudes()).toEqual(fast.amplitudes());
    }
  });
});

describe('a watch', () => {
  test.each([
    ['fastest', 22, 2 ** 20],
    ['twin', 18, 2 ** 17],
  ] as const)('of the %s kernels is looked at within a gate', (kernels, qubits, amplitudesMax) => {
    let looks = 0;
    const fractions: number[] = [];
    const watch: Watch = {
      nowMs: () => 0,
      isCanceled: () => ++looks === 0,
      progress: (fraction) => fractions.push(fraction),
    };
    const state = DenseState.create(qubits, { kernels });
    for (const name of ['h', 'sx', 'cx', 'rxx'] as const) {
      looks = 0;
      const on = name === 'h' || name === 'sx' ? [qubits - 1] : [qubits - 1, 3];
      const params = name === 'rxx' ? [0.3] : [];
      state.applyAll([{ kind: 'gate', name, params, qubits: on, controls: [] }], watch);
      expect(looks, name).toBeGreaterThanOrEqual(2 ** qubits / amplitudesMax / 2);
    }
    fractions.length = 0;
    state.applyAll(gates(qubits, 12), watch);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  });

  test('is looked at while gates are planned', () => {
    let looks = 0;
    const watch = { ...UNWATCHED, isCanceled: () => ++looks < 0 };
    DenseState.create(4, { kernels: 'fastest' }).applyAll(gates(4, 4000), watch);
    // Once for 64 operations, and some more for the stages.
    expect(looks).toBeGreaterThan(4000 / 64);
  });

  test('ends the work by its cancellation', () => {
    let looks = 0;
    const state = DenseState.create(16);
    const run = (): void =>
      state.applyAll(gates(16, 100), { ...UNWATCHED, isCanceled: () => ++looks === 5 });
    expect(run).toThrow(expect.objectContaining({ code: 'QUANTUM_CANCELED' }));
    expect(looks).toBe(5);
  });
});

describe.each(['fastest', 'twin'] as const)('readings of the %s kernels', (kernels) => {
  const qubits = 20;
  const all = Array.from({ length: qubits }, (_, q) => q);

  test.each<readonly [string, (state: DenseState, watch: Watch) => unknown]>([
    ['sample', (state, watch) => state.sample(all, 10_000, Rng.fromSeed(1), watch)],
    ['probabilities', (state, watch) => state.probabilities(all, watch)],
    ['amplitudes', (state, watch) => state.amplitudes(watch)],
    ['norm', (state, watch) => state.norm(watch)],
    ['probabilityOfOne', (state, watch) => state.probabilityOfOne(3, watch)],
    ['expectationPauli', (state, watch) => state.expectationPauli('XZ', [0, 9], watch)],
    ['copy', (state, watch) => state.copy(watch)],
    ['collapse', (state, watch) => state.collapse(3, 1, watch)],
  ])('look at the watch and end by it: %s', (_, read) => {
    const state = DenseState.create(qubits, { kernels });
    state.applyAll(
      all.map((q): UnitaryPart => ({
        kind: 'gate',
        name: 'h',
        params: [],
        qubits: [q],
        controls: [],
      })),
      UNWATCHED,
    );
    let looks = 0;
    const isCanceled = (): boolean => ++looks < 0;
    read(state, { ...UNWATCHED, isCanceled });
    expect(looks).toBeGreaterThanOrEqual(4);
    looks = -2;
    const canceled = { ...UNWATCHED, isCanceled: () => ++looks === 0 };
    expect(() => read(state, canceled)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_CANCELED' }),
    );
    expect(looks).toBe(0);
  });
});

describe('a copy', () => {
  test('is refused where both states together are more than may be taken', () => {
    const state = DenseState.create(10, { bytesMax: 2 ** 15 });
    expect(() => state.copy().copy()).toThrow(
      expect.objectContaining({
        code: 'QUANTUM_TOO_LARGE',
        details: expect.objectContaining({ bytesNeeded: 2 ** 14, bytesAvailable: 0 }),
      }),
    );
    expect(DenseState.create(10).copy().copy().probabilityOfOne(0)).toBe(0);
  });

  test('of a state that nothing was done to is one', () => {
    const copy = DenseState.create(14).copy();
    copy.applyAll([{ kind: 'gate', name: 'x', params: [], qubits: [2], controls: [] }], UNWATCHED);
    expect(copy.amplitudesAt([4, 0, 5])).toEqual({
      re: Float64Array.of(1, 0, 0),
      im: new Float64Array(3),
    });
  });
});

test('the diagonal of a density matrix of 13 qubits is read without a copy of its GiB', () => {
  const state = DensityState.create(13);
  const before = process.memoryUsage().rss;
  const diagonal = state.diagonal();
  expect([diagonal.length, diagonal[0], diagonal[1]]).toEqual([2 ** 13, 1, 0]);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
});

test('the smallest states are states', () => {
  for (const precision of ['f64', 'f32'] as const) {
    const nothing = DenseState.create(0, { precision });
    nothing.applyAll([{ kind: 'global-phase', angle: 0.5 }], UNWATCHED);
    expect(nothing.amplitudes().re[0]).toBeCloseTo(Math.cos(0.5), 6);
    const one = DenseState.create(1, { precision });
    one.applyAll([{ kind: 'gate', name: 'x', params: [], qubits: [0], controls: [] }], UNWATCHED);
    expect([...one.probabilities()]).toEqual([0, 1]);
    expect(one.sample([0], 10, Rng.fromSeed(1))).toEqual(new Map([[1n, 10]]));
  }
});
