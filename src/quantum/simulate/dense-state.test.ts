import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { itemCount, type Amplitudes } from '../kernels/kernel-step.ts';
import type { GateName } from '../circuit/gate-table.ts';
import type { Precision } from '../kernels/kernels.ts';
import { zeros } from '../linear/complex-matrix.ts';
import { randomUnitary } from '../linear/random-unitary.ts';
import { newAmplitudes, TwinKernels } from '../kernels/twin-kernels.ts';
import { applyStep } from '../kernels/twin.ts';
import { openArena } from '../kernels/wasm-arena.ts';
import { WasmKernels } from '../kernels/wasm-kernels.ts';
import { UNWATCHED } from '../watch.ts';
import { planDense } from './dense-plan.ts';
import { IndexMap } from './dense-readout.ts';
import { DenseState, denseBytes } from './dense-state.ts';
import { gateAction } from './gate-action.ts';
import type { UnitaryPart } from '../circuit/operation.ts';
import { PlainState } from './testing/plain-state.ts';
import { distinct, randomGate } from './testing/random-circuit.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);
const TOLERANCE: Record<Precision, number> = { f64: 1e-12, f32: 1e-5 };

/** A gate on each qubit, then gates of all kinds, some with further controls on 0 or 1, and global phases. */
function randomOperations(qubits: number, count: number, rng: Rng): UnitaryPart[] {
  return Array.from({ length: count }, (_, k) => {
    if (k < qubits) {
      const params = [1 + rng.unit(), rng.unit() * 6, rng.unit() * 6];
      return { kind: 'gate', name: 'u', params, qubits: [k], controls: [] };
    }
    if (rng.below(20) === 0) return { kind: 'global-phase', angle: rng.unit() };
    if (rng.below(12) === 0) return randomUnitaryOperation(qubits, rng);
    const gate = randomGate(qubits, rng);
    const free = distinct(qubits, qubits, rng).filter((qubit) => !gate.qubits.includes(qubit));
    const extra = rng.below(5) === 0 ? free.slice(0, 1 + rng.below(3)) : [];
    const controls = extra.map((qubit) => ({ qubit, value: rng.below(2) as 0 | 1 }));
    return { ...gate, controls };
  });
}

/** Any unitary, a diagonal one, or a swap after which each state has a phase of its own. */
function randomUnitaryOperation(qubits: number, rng: Rng): UnitaryPart {
  const count = Math.min(qubits, 1 + rng.below(3));
  const rows = 2 ** count;
  let matrix = randomUnitary(rows, rng);
  const kind = rng.below(3);
  if (kind > 0) {
    const columnOf = (row: number): number => (kind === 2 && rows === 4 ? [0, 2, 1, 3][row]! : row);
    matrix = zeros(rows);
    for (let row = 0; row < rows; row++) {
      const angle = 6 * rng.unit();
      matrix.re[row * rows + columnOf(row)] = Math.cos(angle);
      matrix.im[row * rows + columnOf(row)] = Math.sin(angle);
    }
  }
  const order = distinct(qubits, qubits, rng);
  const controls = order
    .slice(count, count + rng.below(2))
    .map((qubit) => ({ qubit, value: rng.below(2) as 0 | 1 }));
  return { kind: 'unitary', matrix, qubits: order.slice(0, count), controls, label: 'U' };
}

/** A swap as three controlled gates, which fusion finds, among gates that tell the qubits apart. */
function hiddenSwaps(qubits: number, rng: Rng): UnitaryPart[] {
  const gates: UnitaryPart[] = [];
  const push = (name: GateName, on: readonly number[]): void => {
    const params = name === 'u' ? [rng.unit() * 3, rng.unit() * 6, rng.unit() * 6] : [];
    gates.push({ kind: 'gate', name, params, qubits: on, controls: [] });
  };
  for (let k = 0; k < 12; k++) {
    const [a, b] = distinct(2, qubits, rng) as [number, number];
    push('u', [a]);
    push('cx', [a, b]);
    push('u', [b]);
    const [c, d] = distinct(2, qubits, rng) as [number, number];
    push('cx', [c, d]);
    push('cx', [d, c]);
    push('cx', [c, d]);
    push(k % 2 === 0 ? 't' : 'u', [c]);
  }
  return gates;
}

/** Layers as in benchmarks: what splitting, merging and scheduling are for. */
function layeredOperations(qubits: number, layers: number, rng: Rng): UnitaryPart[] {
  const operations: UnitaryPart[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let q = 0; q < qubits; q++) {
      const params = [rng.unit() * 6, rng.unit() * 6, rng.unit() * 6];
      operations.push({ kind: 'gate', name: 'u', params, qubits: [q], controls: [] });
    }
    const order = distinct(qubits, qubits, rng);
    for (let k = 0; k + 1 < qubits; k += 2) {
      const name = (['cx', 'cz', 'cp', 'swap', 'rzz', 'iswap', 'rxx'] as const)[rng.below(7)]!;
      const params = name === 'cp' || name === 'rzz' || name === 'rxx' ? [rng.unit() * 6] : [];
      operations.push({
        kind: 'gate',
        name,
        params,
        qubits: [order[k]!, order[k + 1]!],
        controls: [],
      });
    }
  }
  return operations;
}

/** Each operation as it is, by the twin. */
function reference(qubits: number, operations: readonly UnitaryPart[]): Amplitudes {
  const amplitudes = newAmplitudes(Math.max(qubits, 0), 'f64');
  amplitudes.re[0] = 1;
  for (const operation of operations) {
    if (operation.kind === 'global-phase') {
      const { angle } = operation;
      const controls = { controlMask: 0, controlValue: 0 };
      const factor = { re: Math.cos(angle), im: Math.sin(angle) };
      applyStep(amplitudes, { kind: 'scale', ...factor, ...controls }, 0, 2 ** qubits);
      continue;
    }
    const { controls, matrix, targets } = gateAction(operation);
    let controlMask = 0;
    let controlValue = 0;
    for (const { qubit, value } of controls) {
      controlMask |= 1 << qubit;
      controlValue |= value << qubit;
    }
    const step = { kind: 'dense', matrix, targets, controlMask, controlValue } as const;
    applyStep(amplitudes, step, 0, itemCount(step, qubits));
  }
  return amplitudes;
}

type Parts = Pick<Amplitudes, 're' | 'im'>;

function difference(a: Parts, b: Parts): number {
  let most = 0;
  for (let i = 0; i < a.re.length; i++) {
    const apart = Math.max(Math.abs(a.re[i]! - b.re[i]!), Math.abs(a.im[i]! - b.im[i]!));
    if (!(apart <= most)) most = apart;
  }
  return most;
}

describe.each([
  ['f64', 'fastest'],
  ['f32', 'fastest'],
  ['f64', 'twin'],
] as const)('a state in %s with the %s kernels', (precision, kernels) => {
  const create = (qubits: number): DenseState => DenseState.create(qubits, { precision, kernels });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('of %i qubits follows the definition', (qubits) => {
    const rng = Rng.fromSeed(SEED + qubits);
    for (let round = 0; round < (qubits < 7 ? 20 : 3); round++) {
      const operations = randomOperations(qubits, 60, rng);
      const state = create(qubits);
      state.applyAll(operations, UNWATCHED);
      const plain = new PlainState(qubits);
      plain.applyAll(operations, UNWATCHED);
      expect(difference(state.amplitudes(), plain), `seed ${SEED}`).toBeLessThan(
        TOLERANCE[precision],
      );
    }
  });

  test.each([13, 14, 15, 16])('of %i qubits follows gates one by one', (qubits) => {
    const rng = Rng.fromSeed(SEED + qubits);
    for (const operations of [
      randomOperations(qubits, 60, rng),
      layeredOperations(qubits, 3, rng),
    ]) {
      const state = create(qubits);
      state.applyAll(operations, UNWATCHED);
      const far = difference(state.amplitudes(), reference(qubits, operations));
      expect(far, `seed ${SEED}`).toBeLessThan(TOLERANCE[precision]);
    }
  });

  test('reads probabilities, outcomes and expectations as they are defined', () => {
    const qubits = 6;
    const rng = Rng.fromSeed(SEED);
    const operations = randomOperations(qubits, 80, rng);
    const state = create(qubits);
    const plain = new PlainState(qubits);
    state.applyAll(operations, UNWATCHED);
    plain.applyAll(operations, UNWATCHED);
    const digits = precision === 'f64' ? 12 : 5;
    for (let q = 0; q < qubits; q++) {
      expect(state.probabilityOfOne(q)).toBeCloseTo(plain.probabilityOfOne(q), digits);
    }
    const probabilities = state.probabilities();
    for (const [k, p] of probabilities.entries()) {
      expect(p).toBeCloseTo(plain.probability(k), digits);
    }
    const marginal = state.probabilities([4, 1]);
    const expected = [0, 0, 0, 0];
    for (let k = 0; k < 64; k++) {
      expected[((k >> 4) & 1) + 2 * ((k >> 1) & 1)]! += plain.probability(k);
    }
    for (const [k, p] of marginal.entries()) expect(p).toBeCloseTo(expected[k]!, digits);
    const letters = 'XYZIYY';
    expect(state.expectationPauli(letters, [0, 1, 2, 3, 4, 5])).toBeCloseTo(
      pauliExpectation(plain, letters),
      digits,
    );
    expect(state.norm()).toBeCloseTo(1, digits);
  });

  test('collapses to the outcome and keeps its copy as it was', () => {
    const rng = Rng.fromSeed(SEED);
    const state = create(5);
    const plain = new PlainState(5);
    const operations = randomOperations(5, 60, rng);
    state.applyAll(operations, UNWATCHED);
    plain.applyAll(operations, UNWATCHED);
    const copy = state.copy();
    const before = copy.amplitudes();
    state.collapse(3, 0);
    plain.collapse(3, 0);
    state.collapse(1, 1);
    plain.collapse(1, 1);
    expect(difference(state.amplitudes(), plain)).toBeLessThan(TOLERANCE[precision]);
    expect(difference(copy.amplitudes(), before)).toBe(0);
  });

  test('draws outcomes at their frequencies', () => {
    const rng = Rng.fromSeed(SEED);
    const state = create(7);
    state.applyAll(randomOperations(7, 80, rng), UNWATCHED);
    const asked = [5, 0, 3];
    const probabilities = state.probabilities(asked);
    for (const shots of [400, 1_000_000]) {
      const outcomes = state.sample(asked, shots, rng);
      let seen = 0;
      for (const [outcome, count] of outcomes) {
        const p = probabilities[Number(outcome)]!;
        const deviation = Math.abs(count - shots * p) / Math.sqrt(shots * p * (1 - p) + 1);
        expect(deviation, `seed ${SEED}`).toBeLessThan(5);
        seen += count;
      }
      expect(seen).toBe(shots);
    }
  });
});

/** ⟨ψ|P|ψ⟩, the letters from qubit 0 on. */
function pauliExpectation(state: PlainState, letters: string): number {
  const copy = state.copy();
  const operations = letters.split('').flatMap((letter, qubit): UnitaryPart[] =>
    letter === 'I'
      ? []
      : [
          {
            kind: 'gate',
            name: letter.toLowerCase() as 'x' | 'y' | 'z',
            params: [],
            qubits: [qubit],
            controls: [],
          },
        ],
  );
  copy.applyAll(operations, UNWATCHED);
  return state.re.reduce((sum, re, k) => sum + re * copy.re[k]! + state.im[k]! * copy.im[k]!, 0);
}

describe('stages', () => {
  test.each([
    [6, 4, 4],
    [9, 6, 4],
    [10, 7, 4],
    [11, 8, 5],
    [12, 12, 12],
  ])('of %i qubits in blocks of %i keep what gates do', (qubits, blockBits, lowBits) => {
    const rng = Rng.fromSeed(SEED + qubits * 100 + blockBits);
    for (let round = 0; round < 12; round++) {
      const operations =
        round % 2 === 0
          ? randomOperations(qubits, 120, rng)
          : [...layeredOperations(qubits, 1 + rng.below(5), rng), ...hiddenSwaps(qubits, rng)];
      const placeOf = distinct(qubits, qubits, rng);
      const plan = planDense(operations, placeOf, {
        qubits,
        blockBits,
        lowBits,
        splits: round % 4 !== 3,
      });
      const arena = openArena({ qubits, precision: 'f64', team: null })!;
      const wasm = new WasmKernels(arena, null);
      const twin = new TwinKernels(newAmplitudes(qubits, 'f64'));
      const expected = reference(qubits, operations);
      for (const { amplitudes, run } of [
        { amplitudes: wasm.amplitudes, run: wasm.run.bind(wasm) },
        { amplitudes: twin.amplitudes, run: twin.run.bind(twin) },
      ]) {
        amplitudes.re[0] = 1;
        run(plan.stages, () => undefined);
        const map = new IndexMap(plan.placeOf);
        const [fr, fi] = plan.factor;
        let most = 0;
        for (let k = 0; k < 2 ** qubits; k++) {
          const at = map.physical(k);
          const re = fr * amplitudes.re[at]! - fi * amplitudes.im[at]!;
          const im = fr * amplitudes.im[at]! + fi * amplitudes.re[at]!;
          most = Math.max(most, Math.abs(re - expected.re[k]!), Math.abs(im - expected.im[k]!));
        }
        expect(most, `round ${round}, seed ${SEED}`).toBeLessThan(1e-12);
      }
    }
  });
});

describe('bounds', () => {
  test('bytes double with each qubit', () => {
    expect(denseBytes(20)).toBe(2 ** 24);
    expect(denseBytes(28, 'f32')).toBe(2 ** 31);
  });

  test('a state that does not fit is refused with the bytes', () => {
    const create = (): DenseState => DenseState.create(20, { bytesMax: 2 ** 23 });
    expect(create).toThrow(
      expect.objectContaining({
        code: 'QUANTUM_TOO_LARGE',
        details: expect.objectContaining({
          bytesNeeded: 2 ** 24,
          bytesAvailable: 2 ** 23,
          qubitsFitting: 19,
        }),
      }),
    );
    expect(() => DenseState.create(28)).toThrow(/at most 27 qubits/);
    expect(() => DenseState.create(29, { precision: 'f32' })).toThrow(/at most 28 qubits/);
  });
});
