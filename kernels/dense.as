// Matrices on one and two qubits, a vector of neighbouring amplitudes at a time.
//
// Every coefficient is a vector: lanes that a control on a low qubit leaves alone hold the identity's.
import { firstOffset, isPaired, nextOffset, VECTOR_BYTES } from "./bits";
import { STEP_A, STEP_B, STEP_BASE, STEP_DATA, STEP_SKIP } from "./layout";

// `vector` with lanes exchanged: 0 = pairs of f64, 1 = neighbouring f32, 2 = pairs of f32, 3 = both.
@inline
export function permuteLanes(vector: v128, variant: i32): v128 {
  if (variant == 0) return v128.shuffle<f64>(vector, vector, 1, 0);
  if (variant == 1) return v128.shuffle<f32>(vector, vector, 1, 0, 3, 2);
  if (variant == 2) return v128.shuffle<f32>(vector, vector, 2, 3, 0, 1);
  return v128.shuffle<f32>(vector, vector, 3, 2, 1, 0);
}

@inline
function real<T>(data: usize, k: i32): v128 {
  return v128.load(data + (k << 5));
}

@inline
function imaginary<T>(data: usize, k: i32): v128 {
  return v128.load(data + (k << 5), 16);
}

@inline
function denseHighAt<T>(re0: usize, im0: usize, re1: usize, im1: usize, ar: v128, ai: v128, br: v128, bi: v128, cr: v128, ci: v128, dr: v128, di: v128, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  const yr = v128.load(re1 + i);
  const yi = v128.load(im1 + i);
  v128.store(
    re0 + i,
    v128.sub<T>(
      v128.add<T>(v128.mul<T>(ar, xr), v128.mul<T>(br, yr)),
      v128.add<T>(v128.mul<T>(ai, xi), v128.mul<T>(bi, yi)),
    ),
  );
  v128.store(
    im0 + i,
    v128.add<T>(
      v128.add<T>(v128.mul<T>(ar, xi), v128.mul<T>(ai, xr)),
      v128.add<T>(v128.mul<T>(br, yi), v128.mul<T>(bi, yr)),
    ),
  );
  v128.store(
    re1 + i,
    v128.sub<T>(
      v128.add<T>(v128.mul<T>(cr, xr), v128.mul<T>(dr, yr)),
      v128.add<T>(v128.mul<T>(ci, xi), v128.mul<T>(di, yi)),
    ),
  );
  v128.store(
    im1 + i,
    v128.add<T>(
      v128.add<T>(v128.mul<T>(cr, xi), v128.mul<T>(ci, xr)),
      v128.add<T>(v128.mul<T>(dr, yi), v128.mul<T>(di, yr)),
    ),
  );
}

// One high qubit: item i pairs vectors i and i + A.
export function denseHigh<T>(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const re0 = re + base;
  const im0 = im + base;
  const re1 = re0 + load<u32>(step, STEP_A);
  const im1 = im0 + load<u32>(step, STEP_A);
  const ar = real<T>(data, 0);
  const ai = imaginary<T>(data, 0);
  const br = real<T>(data, 1);
  const bi = imaginary<T>(data, 1);
  const cr = real<T>(data, 2);
  const ci = imaginary<T>(data, 2);
  const dr = real<T>(data, 3);
  const di = imaginary<T>(data, 3);
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      denseHighAt<T>(re0, im0, re1, im1, ar, ai, br, bi, cr, ci, dr, di, i);
      denseHighAt<T>(re0, im0, re1, im1, ar, ai, br, bi, cr, ci, dr, di, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    denseHighAt<T>(re0, im0, re1, im1, ar, ai, br, bi, cr, ci, dr, di, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

@inline
function realHighAt<T>(re0: usize, im0: usize, re1: usize, im1: usize, a: v128, b: v128, c: v128, d: v128, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  const yr = v128.load(re1 + i);
  const yi = v128.load(im1 + i);
  v128.store(re0 + i, v128.add<T>(v128.mul<T>(a, xr), v128.mul<T>(b, yr)));
  v128.store(im0 + i, v128.add<T>(v128.mul<T>(a, xi), v128.mul<T>(b, yi)));
  v128.store(re1 + i, v128.add<T>(v128.mul<T>(c, xr), v128.mul<T>(d, yr)));
  v128.store(im1 + i, v128.add<T>(v128.mul<T>(c, xi), v128.mul<T>(d, yi)));
}

// The same for a matrix of real numbers, at less than half the arithmetic.
export function realHigh<T>(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const re0 = re + base;
  const im0 = im + base;
  const re1 = re0 + load<u32>(step, STEP_A);
  const im1 = im0 + load<u32>(step, STEP_A);
  const a = real<T>(data, 0);
  const b = real<T>(data, 1);
  const c = real<T>(data, 2);
  const d = real<T>(data, 3);
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      realHighAt<T>(re0, im0, re1, im1, a, b, c, d, i);
      realHighAt<T>(re0, im0, re1, im1, a, b, c, d, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    realHighAt<T>(re0, im0, re1, im1, a, b, c, d, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

@inline
function denseLowAt<T>(re0: usize, im0: usize, ar: v128, ai: v128, br: v128, bi: v128, variant: i32, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  const yr = permuteLanes(xr, variant);
  const yi = permuteLanes(xi, variant);
  v128.store(
    re0 + i,
    v128.sub<T>(
      v128.add<T>(v128.mul<T>(ar, xr), v128.mul<T>(br, yr)),
      v128.add<T>(v128.mul<T>(ai, xi), v128.mul<T>(bi, yi)),
    ),
  );
  v128.store(
    im0 + i,
    v128.add<T>(
      v128.add<T>(v128.mul<T>(ar, xi), v128.mul<T>(ai, xr)),
      v128.add<T>(v128.mul<T>(br, yi), v128.mul<T>(bi, yr)),
    ),
  );
}

// One low qubit: its two amplitudes are lanes of one vector.
@inline
export function denseLow<T>(
  re: usize,
  im: usize,
  step: usize,
  from: u32,
  count: u32,
  variant: i32,
): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const re0 = re + base;
  const im0 = im + base;
  const ar = real<T>(data, 0);
  const ai = imaginary<T>(data, 0);
  const br = real<T>(data, 1);
  const bi = imaginary<T>(data, 1);
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      denseLowAt<T>(re0, im0, ar, ai, br, bi, variant, i);
      denseLowAt<T>(re0, im0, ar, ai, br, bi, variant, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    denseLowAt<T>(re0, im0, ar, ai, br, bi, variant, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

@inline
function realLowAt<T>(re0: usize, im0: usize, a: v128, b: v128, variant: i32, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  v128.store(
    re0 + i,
    v128.add<T>(v128.mul<T>(a, xr), v128.mul<T>(b, permuteLanes(xr, variant))),
  );
  v128.store(
    im0 + i,
    v128.add<T>(v128.mul<T>(a, xi), v128.mul<T>(b, permuteLanes(xi, variant))),
  );
}

@inline
export function realLow<T>(
  re: usize,
  im: usize,
  step: usize,
  from: u32,
  count: u32,
  variant: i32,
): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const re0 = re + base;
  const im0 = im + base;
  const a = real<T>(data, 0);
  const b = real<T>(data, 1);
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      realLowAt<T>(re0, im0, a, b, variant, i);
      realLowAt<T>(re0, im0, a, b, variant, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    realLowAt<T>(re0, im0, a, b, variant, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

// Σ coefficient_k · vector_k of four complex vectors: its real, then its imaginary part.
@inline
function sumRe<T>(
  data: usize, k: i32,
  xr: v128, xi: v128, yr: v128, yi: v128, zr: v128, zi: v128, wr: v128, wi: v128,
): v128 {
  return v128.sub<T>(
    v128.add<T>(
      v128.add<T>(v128.mul<T>(xr, real<T>(data, k)), v128.mul<T>(yr, real<T>(data, k + 1))),
      v128.add<T>(v128.mul<T>(zr, real<T>(data, k + 2)), v128.mul<T>(wr, real<T>(data, k + 3))),
    ),
    v128.add<T>(
      v128.add<T>(v128.mul<T>(xi, imaginary<T>(data, k)), v128.mul<T>(yi, imaginary<T>(data, k + 1))),
      v128.add<T>(v128.mul<T>(zi, imaginary<T>(data, k + 2)), v128.mul<T>(wi, imaginary<T>(data, k + 3))),
    ),
  );
}

@inline
function sumIm<T>(
  data: usize, k: i32,
  xr: v128, xi: v128, yr: v128, yi: v128, zr: v128, zi: v128, wr: v128, wi: v128,
): v128 {
  return v128.add<T>(
    v128.add<T>(
      v128.add<T>(v128.mul<T>(xi, real<T>(data, k)), v128.mul<T>(yi, real<T>(data, k + 1))),
      v128.add<T>(v128.mul<T>(zi, real<T>(data, k + 2)), v128.mul<T>(wi, real<T>(data, k + 3))),
    ),
    v128.add<T>(
      v128.add<T>(v128.mul<T>(xr, imaginary<T>(data, k)), v128.mul<T>(yr, imaginary<T>(data, k + 1))),
      v128.add<T>(v128.mul<T>(zr, imaginary<T>(data, k + 2)), v128.mul<T>(wr, imaginary<T>(data, k + 3))),
    ),
  );
}

// Two high qubits: item i joins vectors i, i + A, i + B and i + A + B.
export function denseHighHigh<T>(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const a = load<u32>(step, STEP_A);
  const b = load<u32>(step, STEP_B);
  let i = firstOffset(from, skip);
  for (let k: u32 = 0; k < count; k++) {
    const r0 = re + base + i;
    const i0 = im + base + i;
    const xr = v128.load(r0);
    const xi = v128.load(i0);
    const yr = v128.load(r0 + a);
    const yi = v128.load(i0 + a);
    const zr = v128.load(r0 + b);
    const zi = v128.load(i0 + b);
    const wr = v128.load(r0 + a + b);
    const wi = v128.load(i0 + a + b);
    v128.store(r0, sumRe<T>(data, 0, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(i0, sumIm<T>(data, 0, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(r0 + a, sumRe<T>(data, 4, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(i0 + a, sumIm<T>(data, 4, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(r0 + b, sumRe<T>(data, 8, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(i0 + b, sumIm<T>(data, 8, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(r0 + a + b, sumRe<T>(data, 12, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(i0 + a + b, sumIm<T>(data, 12, xr, xi, yr, yi, zr, zi, wr, wi));
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

// One high and one low qubit: vectors i and i + A, and the same two with lanes exchanged.
@inline
export function denseHighLow<T>(
  re: usize,
  im: usize,
  step: usize,
  from: u32,
  count: u32,
  variant: i32,
): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const a = load<u32>(step, STEP_A);
  let i = firstOffset(from, skip);
  for (let k: u32 = 0; k < count; k++) {
    const r0 = re + base + i;
    const i0 = im + base + i;
    const xr = v128.load(r0);
    const xi = v128.load(i0);
    const zr = v128.load(r0 + a);
    const zi = v128.load(i0 + a);
    const yr = permuteLanes(xr, variant);
    const yi = permuteLanes(xi, variant);
    const wr = permuteLanes(zr, variant);
    const wi = permuteLanes(zi, variant);
    v128.store(r0, sumRe<T>(data, 0, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(i0, sumIm<T>(data, 0, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(r0 + a, sumRe<T>(data, 4, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(i0 + a, sumIm<T>(data, 4, xr, xi, yr, yi, zr, zi, wr, wi));
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

// Both qubits low, which only f32 has: all four amplitudes are lanes of one vector.
export function denseLowLow(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  let i = firstOffset(from, skip);
  for (let k: u32 = 0; k < count; k++) {
    const r0 = re + base + i;
    const i0 = im + base + i;
    const xr = v128.load(r0);
    const xi = v128.load(i0);
    const yr = permuteLanes(xr, 1);
    const yi = permuteLanes(xi, 1);
    const zr = permuteLanes(xr, 2);
    const zi = permuteLanes(xi, 2);
    const wr = permuteLanes(xr, 3);
    const wi = permuteLanes(xi, 3);
    v128.store(r0, sumRe<f32>(data, 0, xr, xi, yr, yi, zr, zi, wr, wi));
    v128.store(i0, sumIm<f32>(data, 0, xr, xi, yr, yi, zr, zi, wr, wi));
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}
