import type { Rng } from '../../../base/rng.ts';
import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import type { Amplitudes, Controls, KernelStep, PhaseTable } from '../kernel-step.ts';

/** Numbers in [−1, 1); no kernel asks for a unitary. */
export function randomMatrix(rows: number, rng: Rng, isReal = false): ComplexMatrix {
  const result = zeros(rows);
  for (let k = 0; k < result.re.length; k++) {
    result.re[k] = 2 * rng.unit() - 1;
    result.im[k] = isReal ? 0 : 2 * rng.unit() - 1;
  }
  return result;
}

export function fillRandomly({ re, im }: Amplitudes, rng: Rng): void {
  for (let i = 0; i < re.length; i++) {
    re[i] = 2 * rng.unit() - 1;
    im[i] = 2 * rng.unit() - 1;
  }
}

/** Up to `count` of the qubits that are not in `taken`, each on 0 or 1. */
export function randomControls(
  qubits: readonly number[],
  taken: number,
  count: number,
  rng: Rng,
): Controls {
  const free = qubits.filter((qubit) => ((taken >>> qubit) & 1) === 0);
  let controlMask = 0;
  let controlValue = 0;
  for (let k = 0; k < count && free.length > 0; k++) {
    const [qubit] = free.splice(rng.below(free.length), 1) as [number];
    controlMask |= 1 << qubit;
    controlValue |= rng.below(2) << qubit;
  }
  return { controlMask, controlValue };
}

function randomTable(qubits: readonly number[], rng: Rng): PhaseTable {
  const { re, im } = randomMatrix(2 ** qubits.length, rng);
  const size = 2 ** qubits.length;
  return { qubits, re: re.slice(0, size), im: im.slice(0, size) };
}

/** A diagonal step on a state of that many qubits, with rows of at most 2^rowBitsMax amplitudes. */
export function randomDiagonal(qubits: number, rowBitsMax: number, rng: Rng): KernelStep {
  const rowBits = Math.min(8, rowBitsMax, 2 + rng.below(7));
  const lowest = Array.from({ length: rowBits }, (_, k) => k);
  const others = Array.from({ length: qubits - rowBits }, (_, k) => rowBits + k);
  const some = (max: number): number[] =>
    others.filter(() => rng.below(2) === 0).slice(0, rng.below(max + 1));
  const outer = Array.from({ length: rng.below(4) }, () => randomTable(some(5), rng));
  return {
    kind: 'diagonal',
    rowBits,
    row: randomTable([...lowest, ...some(4)], rng),
    outer,
    ...randomControls(others, 0, rng.below(3), rng),
  };
}
