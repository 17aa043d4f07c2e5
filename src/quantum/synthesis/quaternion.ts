/**
 * One-qubit unitaries without their phase, as unit quaternions w − i·(x·X + y·Y + z·Z).
 *
 * The product of quaternions is the product of unitaries; q and −q are the same rotation.
 */
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { followedBy, H, HANDEDNESS, LOCAL_CLIFFORDS, S, X, Y, type LocalClifford } from './axis.ts';

/** [w, x, y, z] */
export type Quaternion = readonly [w: number, x: number, y: number, z: number];

export const ONE: Quaternion = [1, 0, 0, 0];

/** The unitary that does `earlier` and then `later`. */
export function multiply(later: Quaternion, earlier: Quaternion): Quaternion {
  const [a, b, c, d] = later;
  const [e, f, g, h] = earlier;
  return [
    a * e - b * f - c * g - d * h,
    a * f + b * e + c * h - d * g,
    a * g - b * h + c * e + d * f,
    a * h + b * g - c * f + d * e,
  ];
}

/** Place of an axis in a quaternion. */
function place(axis: number): 1 | 2 | 3 {
  return axis === X ? 1 : axis === Y ? 2 : 3;
}

/** e^{−i·angle/2·P} */
export function rotation(axis: number, angle: number): Quaternion {
  const result: [number, number, number, number] = [Math.cos(angle / 2), 0, 0, 0];
  result[place(axis)] = Math.sin(angle / 2);
  return result;
}

/** The phase that {@link fromMatrix} leaves out: half of the determinant's. */
export function phaseOf({ re, im }: ComplexMatrix): number {
  const detRe = re[0] * re[3] - im[0] * im[3] - re[1] * re[2] + im[1] * im[2];
  const detIm = re[0] * im[3] + im[0] * re[3] - re[1] * im[2] - im[1] * re[2];
  return Math.atan2(detIm, detRe) / 2;
}

/** A 2×2 unitary without its phase. */
export function fromMatrix(matrix: ComplexMatrix): Quaternion {
  // Without the phase it is [[w − iz, −y − ix], [y − ix, w + iz]].
  const { re, im } = matrix;
  const phase = phaseOf(matrix);
  const [c, s] = [Math.cos(-phase), Math.sin(-phase)];
  const real = (k: number): number => re[k] * c - im[k] * s;
  const imaginary = (k: number): number => re[k] * s + im[k] * c;
  const w = (real(0) + real(3)) / 2;
  const z = (imaginary(3) - imaginary(0)) / 2;
  const y = (real(2) - real(1)) / 2;
  const x = -(imaginary(1) + imaginary(2)) / 2;
  const norm = Math.hypot(w, x, y, z);
  return [w / norm, x / norm, y / norm, z / norm];
}

/** Angles of R_A(first)·R_B(second)·R_A(third) … as written in time: `first` acts first. */
export type EulerAngles = readonly [first: number, second: number, third: number];

/** Below this an angle counts as zero; it is what rounding leaves, not an approximation. */
export const ANGLE_EPSILON = 1e-12;

/** Takes a rotation apart into turns about `outer`, then `inner`, then `outer` (two distinct axes). */
export function euler(q: Quaternion, outer: number, inner: number): EulerAngles {
  const across = outer ^ inner;
  const w = q[0];
  const a = q[place(outer)];
  const b = q[place(inner)];
  const c = q[place(across)] * HANDEDNESS[4 * outer + inner];
  const cosine = Math.hypot(w, a);
  const sine = Math.hypot(b, c);
  const sum = cosine < ANGLE_EPSILON ? 0 : 2 * Math.atan2(a, w);
  const difference = sine < ANGLE_EPSILON ? sum : 2 * Math.atan2(c, b);
  if (cosine < ANGLE_EPSILON) return [-difference, Math.PI, 0];
  if (sine < ANGLE_EPSILON) return [sum, 0, 0];
  return [(sum - difference) / 2, 2 * Math.atan2(sine, cosine), (sum + difference) / 2];
}

/** Whether two quaternions are one rotation, to rounding. */
export function isSameRotation(p: Quaternion, q: Quaternion): boolean {
  const dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3];
  const sign = dot < 0 ? -1 : 1;
  return p.every((value, k) => Math.abs(value - sign * q[k]) < ANGLE_EPSILON);
}

/** Quaternion of each one-qubit Clifford, by its number. */
export const CLIFFORD_QUATERNIONS: readonly Quaternion[] = (() => {
  const result: Quaternion[] = [];
  const generators: readonly (readonly [LocalClifford, Quaternion])[] = [
    [H, [0, Math.SQRT1_2, 0, Math.SQRT1_2]],
    [S, [Math.SQRT1_2, 0, 0, Math.SQRT1_2]],
  ];
  result[0] = ONE;
  const queue = [0];
  for (const c of queue) {
    for (const [generator, q] of generators) {
      const next = followedBy(c, generator);
      if (result[next] !== undefined) continue;
      result[next] = multiply(q, result[c]);
      queue.push(next);
    }
  }
  return result.slice(0, LOCAL_CLIFFORDS);
})();
