// Permutations: amplitudes change places, and no arithmetic is done.
import { firstOffset, isPaired, nextOffset, VECTOR_BYTES } from "./bits";
import { permuteLanes } from "./dense";
import { STEP_A, STEP_B, STEP_BASE, STEP_DATA, STEP_SKIP } from "./layout";

@inline
function exchangeAt(re0: usize, im0: usize, re1: usize, im1: usize, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  v128.store(re0 + i, v128.load(re1 + i));
  v128.store(im0 + i, v128.load(im1 + i));
  v128.store(re1 + i, xr);
  v128.store(im1 + i, xi);
}

// Exchanges vectors i + A and i + B.
export function exchange(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const a = load<u32>(step, STEP_A) + base;
  const b = load<u32>(step, STEP_B) + base;
  const re0 = re + a;
  const im0 = im + a;
  const re1 = re + b;
  const im1 = im + b;
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      exchangeAt(re0, im0, re1, im1, i);
      exchangeAt(re0, im0, re1, im1, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    exchangeAt(re0, im0, re1, im1, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

@inline
function exchangeLanesAt(re0: usize, im0: usize, re1: usize, im1: usize, mask: v128, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  const yr = v128.load(re1 + i);
  const yi = v128.load(im1 + i);
  v128.store(re0 + i, v128.bitselect(yr, xr, mask));
  v128.store(im0 + i, v128.bitselect(yi, xi, mask));
  v128.store(re1 + i, v128.bitselect(xr, yr, mask));
  v128.store(im1 + i, v128.bitselect(xi, yi, mask));
}

// The same for the lanes that a mask selects.
export function exchangeLanes(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const mask = v128.load(load<u32>(step, STEP_DATA));
  const a = load<u32>(step, STEP_A) + base;
  const b = load<u32>(step, STEP_B) + base;
  const re0 = re + a;
  const im0 = im + a;
  const re1 = re + b;
  const im1 = im + b;
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      exchangeLanesAt(re0, im0, re1, im1, mask, i);
      exchangeLanesAt(re0, im0, re1, im1, mask, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    exchangeLanesAt(re0, im0, re1, im1, mask, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

@inline
function flipLanesAt(re0: usize, im0: usize, mask: v128, variant: i32, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  v128.store(re0 + i, v128.bitselect(permuteLanes(xr, variant), xr, mask));
  v128.store(im0 + i, v128.bitselect(permuteLanes(xi, variant), xi, mask));
}

// Exchanges lanes within each vector, where a mask selects them.
@inline
export function flipLanes(
  re: usize,
  im: usize,
  step: usize,
  from: u32,
  count: u32,
  variant: i32,
): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const mask = v128.load(load<u32>(step, STEP_DATA));
  const re0 = re + base;
  const im0 = im + base;
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      flipLanesAt(re0, im0, mask, variant, i);
      flipLanesAt(re0, im0, mask, variant, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    flipLanesAt(re0, im0, mask, variant, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}
