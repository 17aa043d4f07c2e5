import type { ComplexMatrix } from '../../linear/complex-matrix.ts';
import type { Kraus } from '../../states/kraus.ts';
import { asPauli } from '../stabilizer/clifford-action.ts';

/** A Pauli string that a channel applies with some probability; never the identity. */
export interface PauliError {
  readonly x: number;
  readonly z: number;
  readonly probability: number;
}

/** Entries may be off by this much: rounding of square roots. */
const TOLERANCE = 1e-12;

/** The matrix without its norm, and with a positive entry in its first column. */
function normalized({ rows, re, im }: ComplexMatrix): ComplexMatrix {
  let x = 0;
  for (let r = 1; r < rows; r++) {
    if (Math.hypot(re[r * rows], im[r * rows]) > Math.hypot(re[x * rows], im[x * rows])) x = r;
  }
  // Of a Pauli string, every entry that is not zero has the same modulus.
  const size = Math.hypot(re[x * rows], im[x * rows]) ** 2;
  const [pr, pi] = [re[x * rows] / size, im[x * rows] / size];
  return {
    rows,
    columns: rows,
    re: re.map((value, i) => value * pr + im[i] * pi),
    im: im.map((value, i) => value * pr - re[i] * pi),
  };
}

function pauliOf(operator: ComplexMatrix): Omit<PauliError, 'probability'> | null {
  const real = normalized(operator);
  // With an odd number of Ys the entries are imaginary.
  const imaginary = { ...real, re: real.im.map((value) => -value), im: real.re };
  return asPauli(real, TOLERANCE) ?? asPauli(imaginary, TOLERANCE);
}

const known = new WeakMap<Kraus, readonly PauliError[] | null>();

function findMixture({ operators }: Kraus): readonly PauliError[] | null {
  const errors = new Map<string, PauliError>();
  for (const operator of operators) {
    const weight =
      operator.re.reduce((sum, value, i) => sum + value * value + operator.im[i] ** 2, 0) /
      operator.rows;
    if (weight <= 0) continue;
    const pauli = pauliOf(operator);
    if (pauli === null) return null;
    const { x, z } = pauli;
    if (x === 0 && z === 0) continue;
    const probability = (errors.get(`${x},${z}`)?.probability ?? 0) + weight;
    errors.set(`${x},${z}`, { x, z, probability });
  }
  return [...errors.values()];
}

/** The Pauli errors that a channel is a mixture of, identity left out, or null where it is none. */
export function pauliMixture(channel: Kraus): readonly PauliError[] | null {
  let mixture = known.get(channel);
  if (mixture === undefined) {
    mixture = findMixture(channel);
    known.set(channel, mixture);
  }
  return mixture;
}
