import type { ComplexMatrix } from '../linear/complex-matrix.ts';

/** e^{i·phase} · [[cos θ/2, −e^{iλ} sin θ/2], [e^{iφ} sin θ/2, e^{i(φ+λ)} cos θ/2]] */
export interface EulerAngles {
  readonly theta: number;
  readonly phi: number;
  readonly lambda: number;
  readonly phase: number;
}

/** The angles of a unitary of two rows. */
export function eulerAngles({ re, im }: ComplexMatrix): EulerAngles {
  const cos = Math.hypot(re[0], im[0]);
  const sin = Math.hypot(re[2], im[2]);
  const theta = 2 * Math.atan2(sin, cos);
  const angle = (k: number): number => Math.atan2(im[k], re[k]);
  // Where one of the two sides vanishes, its angle is not to be had from it.
  if (cos > sin) {
    const phase = angle(0);
    const sum = angle(3) - phase;
    const phi = sin < 1e-14 ? 0 : angle(2) - phase;
    return { theta, phi, lambda: sum - phi, phase };
  }
  // The entry at (0, 1) has −e^{iλ}.
  const upper = Math.atan2(-im[1], -re[1]);
  if (cos < 1e-14) return { theta, phi: angle(2) - upper, lambda: 0, phase: upper };
  const phase = angle(0);
  return { theta, phi: angle(2) - phase, lambda: upper - phase, phase };
}
