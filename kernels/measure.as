// Sums over amplitudes, one for each chunk of them; always in double precision.
import { nextOffset } from "./bits";

// Σ |a|² of the amplitudes of a chunk whose offset has the bits `base` under `skip`, in selected lanes.
@inline
function weight<T>(re: usize, im: usize, skip: u32, count: u32, mask: v128): f64 {
  let sum = f64x2.splat(0);
  let more = f64x2.splat(0);
  let i: u32 = 0;
  for (let k: u32 = 0; k < count; k++) {
    const xr = v128.and(v128.load(re + i), mask);
    const xi = v128.and(v128.load(im + i), mask);
    if (sizeof<T>() == 8) {
      sum = f64x2.add(sum, f64x2.mul(xr, xr));
      more = f64x2.add(more, f64x2.mul(xi, xi));
    } else {
      const a = f64x2.promote_low_f32x4(xr);
      const b = f64x2.promote_low_f32x4(xi);
      const c = f64x2.promote_low_f32x4(v128.shuffle<f32>(xr, xr, 2, 3, 0, 1));
      const d = f64x2.promote_low_f32x4(v128.shuffle<f32>(xi, xi, 2, 3, 0, 1));
      sum = f64x2.add(sum, f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
      more = f64x2.add(more, f64x2.add(f64x2.mul(c, c), f64x2.mul(d, d)));
    }
    i = nextOffset(i, skip, 16);
  }
  sum = f64x2.add(sum, more);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// The job: re, im, chunk bytes, skip, base, vectors of a chunk, where the sums go, and the lanes' mask.
export function weights<T>(job: usize, from: u32, to: u32): void {
  const bytes = load<u32>(job, 8);
  const skip = load<u32>(job, 12);
  const base = load<u32>(job, 16);
  const count = load<u32>(job, 20);
  const out: usize = load<u32>(job, 24);
  const mask = v128.load(job, 32);
  for (let chunk = from; chunk < to; chunk++) {
    const start: usize = chunk * bytes + base;
    const sum = weight<T>(load<u32>(job) + start, load<u32>(job, 4) + start, skip, count, mask);
    store<f64>(out + (<usize>chunk << 3), sum);
  }
}

// Σ (−1)^|i & z| conj(a[i ^ x])·a[i]: the job's words are re, im, chunk amplitudes, x, z, unused, and
// where each chunk's pair of sums goes.
export function pauli<T>(job: usize, from: u32, to: u32): void {
  const re: usize = load<u32>(job);
  const im: usize = load<u32>(job, 4);
  const size = load<u32>(job, 8);
  const x = load<u32>(job, 12);
  const z = load<u32>(job, 16);
  const out: usize = load<u32>(job, 24);
  const shift: usize = sizeof<T>() == 8 ? 3 : 2;
  for (let chunk = from; chunk < to; chunk++) {
    let sumRe: f64 = 0;
    let sumIm: f64 = 0;
    const start = chunk * size;
    for (let k: u32 = 0; k < size; k++) {
      const i = start + k;
      const a = <usize>i << shift;
      const b = <usize>(i ^ x) << shift;
      const ar = <f64>load<T>(re + a);
      const ai = <f64>load<T>(im + a);
      const br = <f64>load<T>(re + b);
      const bi = <f64>load<T>(im + b);
      const sign: f64 = popcnt(i & z) & 1 ? -1 : 1;
      sumRe += sign * (br * ar + bi * ai);
      sumIm += sign * (br * ai - bi * ar);
    }
    store<f64>(out + (<usize>chunk << 4), sumRe);
    store<f64>(out + (<usize>chunk << 4), sumIm, 8);
  }
}
