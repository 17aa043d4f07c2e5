/** Runs small circuits without chance: every outcome of every measurement, with its probability. */
import { identity, zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { formatBits } from '../bit-order.ts';
import type { Circuit } from '../circuit.ts';
import { convert, evaluate, isTrue, storeBits, type ClassicalValue } from '../evaluate.ts';
import type { Operation } from '../operation.ts';
import { applyTo } from '../unitary-power.ts';

/** Branches that are less likely are left out. */
const PROBABILITY_MIN = 1e-12;
const STEPS_MAX = 100_000;

interface Branch {
  readonly state: ComplexMatrix;
  readonly bits: Uint8Array;
  readonly values: ClassicalValue[];
  readonly probability: number;
}

type Jump = 'none' | 'break' | 'continue' | 'end';

interface Ended {
  readonly branch: Branch;
  readonly jump: Jump;
}

class Run {
  readonly #circuit: Circuit;
  readonly #qubits: readonly number[];
  #steps = 0;

  constructor(circuit: Circuit) {
    this.#circuit = circuit;
    this.#qubits = Array.from({ length: circuit.qubits }, (_, k) => k);
  }

  all(operations: readonly Operation[], start: Branch): Ended[] {
    let open: Branch[] = [start];
    const done: Ended[] = [];
    for (const operation of operations) {
      const next: Branch[] = [];
      for (const ended of open.flatMap((branch) => this.#one(operation, branch))) {
        if (ended.jump === 'none') next.push(ended.branch);
        else done.push(ended);
      }
      open = next;
    }
    return [...done, ...open.map((branch): Ended => ({ branch, jump: 'none' }))];
  }

  #one(operation: Operation, branch: Branch): Ended[] {
    if (++this.#steps > STEPS_MAX) throw new Error('the circuit does not end');
    const stay = (next: Branch): Ended[] => [{ branch: next, jump: 'none' }];
    switch (operation.kind) {
      case 'gate':
      case 'unitary':
      case 'global-phase': {
        const state = copied(branch.state);
        applyTo(state, operation, this.#qubits);
        return stay({ ...branch, state });
      }
      case 'measure':
        return this.#measured(branch, operation.qubit).map(({ outcome, branch: next }) => {
          const bits = next.bits.slice();
          bits[operation.bit] = outcome;
          return { branch: { ...next, bits }, jump: 'none' };
        });
      case 'reset':
        return this.#measured(branch, operation.qubit).map(({ outcome, branch: next }) => {
          const state = copied(next.state);
          const flip = { kind: 'gate', name: 'x', params: [], qubits: [operation.qubit] } as const;
          if (outcome === 1) applyTo(state, { ...flip, controls: [] }, this.#qubits);
          return { branch: { ...next, state }, jump: 'none' };
        });
      case 'barrier':
        return stay(branch);
      case 'if': {
        const side = isTrue(this.#value(operation.condition, branch)) ? 'then' : 'otherwise';
        return this.all(operation[side], branch);
      }
      case 'while':
        return this.#loop(operation, branch);
      case 'assign': {
        const { type } = this.#circuit.variables[operation.variable];
        const values = [...branch.values];
        values[operation.variable] = convert(this.#value(operation.value, branch), type);
        return stay({ ...branch, values });
      }
      case 'store': {
        const bits = branch.bits.slice();
        storeBits(this.#value(operation.value, branch), operation.bits, bits);
        return stay({ ...branch, bits });
      }
      case 'break':
      case 'continue':
      case 'end':
        return [{ branch, jump: operation.kind }];
      case 'channel':
        throw new Error('channels are not run here');
    }
  }

  #loop(operation: Operation & { kind: 'while' }, start: Branch): Ended[] {
    const done: Ended[] = [];
    let open = [start];
    while (open.length > 0) {
      const next: Branch[] = [];
      const rounds = open.flatMap((branch): Ended[] =>
        isTrue(this.#value(operation.condition, branch))
          ? this.all(operation.body, branch)
          : [{ branch, jump: 'break' }],
      );
      for (const { branch, jump } of rounds) {
        if (jump === 'end') done.push({ branch, jump });
        else if (jump === 'break') done.push({ branch, jump: 'none' });
        else if (branch.probability > 1e-7) next.push(branch);
      }
      open = next;
    }
    return done;
  }

  #value(expression: Parameters<typeof evaluate>[0], { bits, values }: Branch): ClassicalValue {
    return evaluate(expression, { bits, values, variables: this.#circuit.variables });
  }

  #measured(branch: Branch, qubit: number): { outcome: 0 | 1; branch: Branch }[] {
    const { state } = branch;
    return ([0, 1] as const).flatMap((outcome) => {
      let weight = 0;
      const next = zeros(state.rows, 1);
      for (let i = 0; i < state.rows; i++) {
        if (((i >> qubit) & 1) !== outcome) continue;
        next.re[i] = state.re[i];
        next.im[i] = state.im[i];
        weight += state.re[i] ** 2 + state.im[i] ** 2;
      }
      const probability = branch.probability * weight;
      if (probability < PROBABILITY_MIN) return [];
      const scale = 1 / Math.sqrt(weight);
      next.re.forEach((re, i) => (next.re[i] = re * scale));
      next.im.forEach((im, i) => (next.im[i] = im * scale));
      return [{ outcome, branch: { ...branch, state: next, probability } }];
    });
  }
}

function copied({ rows, columns, re, im }: ComplexMatrix): ComplexMatrix {
  return { rows, columns, re: re.slice(), im: im.slice() };
}

function run(circuit: Circuit): Branch[] {
  const state = zeros(2 ** circuit.qubits, 1);
  state.re[0] = 1;
  const values = circuit.variables.map(({ initial }) => initial);
  const bits = new Uint8Array(circuit.bits);
  const start = { state, bits, values, probability: 1 };
  return new Run(circuit).all(circuit.operations, start).map(({ branch }) => branch);
}

/** Probabilities of the classical bits at the end, bit 0 rightmost. */
export function bitProbabilities(circuit: Circuit): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { bits, probability } of run(circuit)) {
    const text = Array.from(bits).toReversed().join('');
    sums.set(text, (sums.get(text) ?? 0) + probability);
  }
  return sums;
}

/**
 * Probabilities of bits and qubits together, as if all qubits were measured at the end:
 * "bits|qubits".
 */
export function fullProbabilities(circuit: Circuit): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { bits, state, probability } of run(circuit)) {
    for (let i = 0; i < state.rows; i++) {
      const weight = probability * (state.re[i] ** 2 + state.im[i] ** 2);
      if (weight < 1e-9) continue;
      const key = `${Array.from(bits).toReversed().join('')}|${formatBits(i, circuit.qubits)}`;
      sums.set(key, (sums.get(key) ?? 0) + weight);
    }
  }
  return sums;
}

/** The matrix of a circuit of unitary operations. */
export function unitaryOf(circuit: Circuit): ComplexMatrix {
  const matrix = identity(2 ** circuit.qubits);
  const qubits = Array.from({ length: circuit.qubits }, (_, k) => k);
  for (const operation of circuit.operations) {
    const { kind } = operation;
    if (kind === 'barrier' || kind === 'measure') continue;
    if (kind !== 'gate' && kind !== 'unitary' && kind !== 'global-phase') {
      throw new Error(`'${kind}' has no matrix`);
    }
    applyTo(matrix, operation, qubits);
  }
  return matrix;
}

/** Largest difference of two matrices' entries, the second turned by the phase that fits best. */
export function distance(a: ComplexMatrix, b: ComplexMatrix, isUpToPhase: boolean): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.re.length; i++) {
    re += a.re[i] * b.re[i] + a.im[i] * b.im[i];
    im += a.im[i] * b.re[i] - a.re[i] * b.im[i];
  }
  const angle = isUpToPhase ? Math.atan2(im, re) : 0;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  let max = 0;
  for (let i = 0; i < a.re.length; i++) {
    const bRe = b.re[i] * c - b.im[i] * s;
    const bIm = b.re[i] * s + b.im[i] * c;
    max = Math.max(max, Math.hypot(a.re[i] - bRe, a.im[i] - bIm));
  }
  return max;
}
