/**
 * Complex Householder reflectors H = I − τ·v·v†, v₀ = 1, on runs of contiguous entries.
 *
 * τ is complex so that H† turns a vector into a real multiple of e₀, as LAPACK's zlarfg has it.
 */
import type { ComplexVector } from './arithmetic.ts';

/** Below this a run counts as zero: its reciprocal would overflow. Matrices are scaled to 1 before. */
const NEGLIGIBLE = 1e-290;

export interface Reflector {
  /** What H† leaves of the vector: its first entry. */
  readonly beta: number;
  readonly tauRe: number;
  readonly tauIm: number;
}

/** Euclidean norm of entries start … end−1, without underflow. */
export function runNorm({ re, im }: ComplexVector, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += re[i] * re[i] + im[i] * im[i];
  if (sum > 1e-280) return Math.sqrt(sum);
  let max = 0;
  for (let i = start; i < end; i++) max = Math.max(max, Math.abs(re[i]), Math.abs(im[i]));
  if (max === 0) return 0;
  sum = 0;
  for (let i = start; i < end; i++) sum += (re[i] / max) ** 2 + (im[i] / max) ** 2;
  return max * Math.sqrt(sum);
}

/** Makes the reflector of entries start … end−1 and puts its v in their place, first entry 1. */
export function makeReflector(x: ComplexVector, start: number, end: number): Reflector {
  const { re, im } = x;
  const alphaRe = re[start];
  const alphaIm = im[start];
  const rest = runNorm(x, start + 1, end);
  re[start] = 1;
  im[start] = 0;
  if (rest === 0 && alphaIm === 0) return { beta: alphaRe, tauRe: 0, tauIm: 0 };
  const norm = Math.hypot(alphaRe, alphaIm, rest);
  if (norm < NEGLIGIBLE) {
    re.fill(0, start + 1, end);
    im.fill(0, start + 1, end);
    return { beta: 0, tauRe: 0, tauIm: 0 };
  }
  const beta = alphaRe > 0 ? -norm : norm;
  // 1 / (α − β); |α − β| ≥ |β| by the choice of sign.
  const differenceRe = (alphaRe - beta) / norm;
  const differenceIm = alphaIm / norm;
  const size = (differenceRe * differenceRe + differenceIm * differenceIm) * norm;
  const factorRe = differenceRe / size;
  const factorIm = -differenceIm / size;
  for (let i = start + 1; i < end; i++) {
    const vr = re[i] * factorRe - im[i] * factorIm;
    im[i] = re[i] * factorIm + im[i] * factorRe;
    re[i] = vr;
  }
  return { beta, tauRe: (beta - alphaRe) / beta, tauIm: -alphaIm / beta };
}

/** Where a reflector's v lies, and where the run it acts on begins. */
export interface Placement {
  readonly v: ComplexVector;
  readonly start: number;
  readonly length: number;
}

/** x ← (I − τ·v·v†)·x for the run of `x` that begins at `at`; give τ conjugated for H†. */
export function applyReflector(
  x: ComplexVector,
  at: number,
  { v, start, length }: Placement,
  tau: Pick<Reflector, 'tauRe' | 'tauIm'>,
): void {
  let dotRe = 0;
  let dotIm = 0;
  for (let i = 0; i < length; i++) {
    const vr = v.re[start + i];
    const vi = v.im[start + i];
    const xr = x.re[at + i];
    const xi = x.im[at + i];
    dotRe += vr * xr + vi * xi;
    dotIm += vr * xi - vi * xr;
  }
  const factorRe = tau.tauRe * dotRe - tau.tauIm * dotIm;
  const factorIm = tau.tauRe * dotIm + tau.tauIm * dotRe;
  if (factorRe === 0 && factorIm === 0) return;
  for (let i = 0; i < length; i++) {
    const vr = v.re[start + i];
    const vi = v.im[start + i];
    x.re[at + i] -= factorRe * vr - factorIm * vi;
    x.im[at + i] -= factorRe * vi + factorIm * vr;
  }
}
