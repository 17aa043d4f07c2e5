/** The definition of each operation, written out over all amplitudes: slow, and what the others must agree with. */
import type { Rng } from '../../../base/rng.ts';
import type { Watch } from '../../watch.ts';
import { gateAction } from '../gate-action.ts';
import type { UnitaryPart } from '../../circuit/operation.ts';
import type { Outcomes, SimulatedState } from '../simulated-state.ts';
import { uniform } from '../../linear/random-unitary.ts';

export class PlainState implements SimulatedState {
  readonly qubits: number;
  re: Float64Array;
  im: Float64Array;

  constructor(qubits: number) {
    this.qubits = qubits;
    this.re = new Float64Array(2 ** qubits);
    this.im = new Float64Array(2 ** qubits);
    this.re[0] = 1;
  }

  applyAll(operations: readonly UnitaryPart[], _watch: Watch): void {
    for (const operation of operations) this.#apply(operation);
  }

  #apply(operation: UnitaryPart): void {
    const size = this.re.length;
    const re = new Float64Array(size);
    const im = new Float64Array(size);
    if (operation.kind === 'global-phase') {
      const [c, s] = [Math.cos(operation.angle), Math.sin(operation.angle)];
      for (let i = 0; i < size; i++) {
        re[i] = c * this.re[i] - s * this.im[i];
        im[i] = s * this.re[i] + c * this.im[i];
      }
    } else {
      const { matrix, targets, controls } = gateAction(operation);
      for (let i = 0; i < size; i++) {
        if (controls.some(({ qubit, value }) => ((i >> qubit) & 1) !== value)) {
          re[i] = this.re[i];
          im[i] = this.im[i];
          continue;
        }
        const row = targets.reduce((sum, qubit, k) => sum + (((i >> qubit) & 1) << k), 0);
        for (let column = 0; column < matrix.columns; column++) {
          const from = targets.reduce(
            (j, qubit, k) => (j & ~(1 << qubit)) | (((column >> k) & 1) << qubit),
            i,
          );
          const at = row * matrix.columns + column;
          re[i] += matrix.re[at] * this.re[from] - matrix.im[at] * this.im[from];
          im[i] += matrix.re[at] * this.im[from] + matrix.im[at] * this.re[from];
        }
      }
    }
    this.re = re;
    this.im = im;
  }

  probability(index: number): number {
    return this.re[index] ** 2 + this.im[index] ** 2;
  }

  probabilityOfOne(qubit: number): number {
    let sum = 0;
    for (let i = 0; i < this.re.length; i++) if ((i >> qubit) & 1) sum += this.probability(i);
    return sum;
  }

  collapse(qubit: number, outcome: 0 | 1): void {
    const one = this.probabilityOfOne(qubit);
    const scale = 1 / Math.sqrt(outcome === 1 ? one : 1 - one);
    for (let i = 0; i < this.re.length; i++) {
      const factor = ((i >> qubit) & 1) === outcome ? scale : 0;
      this.re[i] *= factor;
      this.im[i] *= factor;
    }
  }

  sample(qubits: readonly number[], shots: number, rng: Rng): Outcomes {
    const outcomes = new Map<bigint, number>();
    for (let shot = 0; shot < shots; shot++) {
      let rest = uniform(rng);
      let i = 0;
      while (i < this.re.length - 1 && (rest -= this.probability(i)) >= 0) i++;
      const key = qubits.reduce((sum, q, k) => sum | (BigInt((i >> q) & 1) << BigInt(k)), 0n);
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    }
    return outcomes;
  }

  copy(): PlainState {
    const twin = new PlainState(this.qubits);
    twin.re = this.re.slice();
    twin.im = this.im.slice();
    return twin;
  }
}
