/** Chance for continuous quantities: uniform and Gaussian numbers, and unitaries of the Haar measure. */
import type { Rng } from '../../base/rng.ts';
import { type ComplexVector } from './arithmetic.ts';
import { type ComplexMatrix } from './complex-matrix.ts';
import { qr } from './qr.ts';

/**
 * A uniform number in [0, 1) of 53 random bits.
 *
 * `Rng.unit` has 32: too coarse to choose among 2²⁰ outcomes and more without a bias one can see.
 */
export function uniform(rng: Rng): number {
  return ((rng.u32() >>> 5) * 0x400_0000 + (rng.u32() >>> 6)) / 0x20_0000_0000_0000;
}

/** Independent standard complex Gaussians: real and imaginary parts of variance 1 each. */
export function complexGaussians(length: number, rng: Rng): ComplexVector {
  const re = new Float64Array(length);
  const im = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    // Box and Muller, Ann. Math. Statist. 29 (1958) 610; 1 − u keeps the logarithm finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform(rng)));
    const angle = 2 * Math.PI * uniform(rng);
    re[i] = radius * Math.cos(angle);
    im[i] = radius * Math.sin(angle);
  }
  return { re, im };
}

/**
 * A unitary of `size` rows drawn from the Haar measure, in O(size³).
 *
 * Source: Mezzadri, Notices AMS 54 (2007) 592: the Q of a Gaussian matrix, with R's diagonal positive.
 */
export function randomUnitary(size: number, rng: Rng): ComplexMatrix {
  return qr({ rows: size, columns: size, ...complexGaussians(size * size, rng) }).q;
}
