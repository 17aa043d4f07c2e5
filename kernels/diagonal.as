// Factors: the same for all that controls select, or from tables.
import { firstOffset, isPaired, nextOffset, spreadBits, VECTOR_BYTES } from "./bits";
import {
  DIAGONAL_FIRST,
  DIAGONAL_ROW_BYTES,
  DIAGONAL_TABLES,
  STEP_BASE,
  STEP_DATA,
  STEP_SKIP,
  STEP_VARIANT,
} from "./layout";

@inline
function scaleAt<T>(re0: usize, im0: usize, fr: v128, fi: v128, i: usize): void {
  const xr = v128.load(re0 + i);
  const xi = v128.load(im0 + i);
  v128.store(re0 + i, v128.sub<T>(v128.mul<T>(fr, xr), v128.mul<T>(fi, xi)));
  v128.store(im0 + i, v128.add<T>(v128.mul<T>(fr, xi), v128.mul<T>(fi, xr)));
}

// Data: a factor for each lane, real parts and then imaginary parts.
export function scale<T>(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const re0 = re + base;
  const im0 = im + base;
  const fr = v128.load(data);
  const fi = v128.load(data, 16);
  let i = firstOffset(from, skip);
  if (isPaired(from, count, skip)) {
    for (let k: u32 = 0; k < count; k += 2) {
      scaleAt<T>(re0, im0, fr, fi, i);
      scaleAt<T>(re0, im0, fr, fi, i + VECTOR_BYTES);
      i = nextOffset(i, skip, 2 * VECTOR_BYTES);
    }
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    scaleAt<T>(re0, im0, fr, fi, i);
    i = nextOffset(i, skip, VECTOR_BYTES);
  }
}

// The offset of an entry for an amplitude at a place of its block and a block at `index`.
function entryOffset(table: usize, place: u32, index: u32): u32 {
  let result: u32 = 0;
  let bit = table + 16;
  const local = load<u32>(table, 8);
  for (let k: u32 = 0; k < local; k++, bit += 8) {
    result |= ((place >> load<u32>(bit)) & 1) << load<u32>(bit, 4);
  }
  const global = load<u32>(table, 12);
  for (let k: u32 = 0; k < global; k++, bit += 8) {
    result |= ((index >> load<u32>(bit)) & 1) << load<u32>(bit, 4);
  }
  return result;
}

function tableEnd(table: usize): usize {
  return table + 16 + (<usize>(load<u32>(table, 8) + load<u32>(table, 12)) << 3);
}

// Rows of neighbouring amplitudes times a row of the first table, and one entry of each further table.
//
// The step's variant says what there is: 0 = both, 1 = no further tables, 2 = nothing but those.
export function diagonal<T>(
  re: usize,
  im: usize,
  step: usize,
  from: u32,
  count: u32,
  index: u32,
): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const variant = load<u32>(step, STEP_VARIANT);
  const rowBytes = load<u32>(data, DIAGONAL_ROW_BYTES);
  const tables = load<u32>(data, DIAGONAL_TABLES);
  const first = data + DIAGONAL_FIRST;
  const shift = ctz(rowBytes);
  let i = spreadBits(from, skip >> shift) << shift;
  for (let k: u32 = 0; k < count; k++) {
    const place = base + i;
    let fr: T = 1;
    let fi: T = 0;
    let table = tableEnd(first);
    for (let t: u32 = 1; t < tables; t++) {
      const at: usize = entryOffset(table, place, index);
      const tr = load<T>(<usize>load<u32>(table) + at);
      const ti = load<T>(<usize>load<u32>(table, 4) + at);
      const x = fr;
      fr = x * tr - fi * ti;
      fi = x * ti + fi * tr;
      table = tableEnd(table);
    }
    if (variant == 2) {
      scaleRow<T>(re + place, im + place, rowBytes, fr, fi);
    } else {
      const at: usize = entryOffset(first, place, index);
      const rowRe: usize = load<u32>(first) + at;
      const rowIm: usize = load<u32>(first, 4) + at;
      if (variant == 1) multiplyRow<T>(re + place, im + place, rowRe, rowIm, rowBytes);
      else multiplyScaledRow<T>(re + place, im + place, rowRe, rowIm, rowBytes, fr, fi);
    }
    i = nextOffset(i, skip, rowBytes);
  }
}

@inline
function multiplyAt<T>(re: usize, im: usize, fr: v128, fi: v128): void {
  const xr = v128.load(re);
  const xi = v128.load(im);
  v128.store(re, v128.sub<T>(v128.mul<T>(fr, xr), v128.mul<T>(fi, xi)));
  v128.store(im, v128.add<T>(v128.mul<T>(fr, xi), v128.mul<T>(fi, xr)));
}

function scaleRow<T>(re: usize, im: usize, rowBytes: u32, factorRe: T, factorIm: T): void {
  const fr = v128.splat<T>(factorRe);
  const fi = v128.splat<T>(factorIm);
  for (let offset: usize = 0; offset < rowBytes; offset += VECTOR_BYTES) {
    multiplyAt<T>(re + offset, im + offset, fr, fi);
  }
}

function multiplyRow<T>(re: usize, im: usize, rowRe: usize, rowIm: usize, rowBytes: u32): void {
  for (let offset: usize = 0; offset < rowBytes; offset += VECTOR_BYTES) {
    const tr = v128.load(rowRe + offset);
    const ti = v128.load(rowIm + offset);
    multiplyAt<T>(re + offset, im + offset, tr, ti);
  }
}

function multiplyScaledRow<T>(
  re: usize,
  im: usize,
  rowRe: usize,
  rowIm: usize,
  rowBytes: u32,
  factorRe: T,
  factorIm: T,
): void {
  const fr = v128.splat<T>(factorRe);
  const fi = v128.splat<T>(factorIm);
  for (let offset: usize = 0; offset < rowBytes; offset += VECTOR_BYTES) {
    const tr = v128.load(rowRe + offset);
    const ti = v128.load(rowIm + offset);
    const gr = v128.sub<T>(v128.mul<T>(fr, tr), v128.mul<T>(fi, ti));
    const gi = v128.add<T>(v128.mul<T>(fr, ti), v128.mul<T>(fi, tr));
    multiplyAt<T>(re + offset, im + offset, gr, gi);
  }
}
