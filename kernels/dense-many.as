// A matrix on any number of qubits, one amplitude at a time.
//
// Data: size, then the offsets of the amplitudes that an item joins, then the matrix from the next
// multiple of 8 bytes on, as pairs of f64.
import { nextOffset, spreadBits } from "./bits";
import { STEP_BASE, STEP_DATA, STEP_SKIP } from "./layout";

export function denseMany<T>(
  re: usize,
  im: usize,
  step: usize,
  from: u32,
  count: u32,
  room: usize,
): void {
  const skip = load<u32>(step, STEP_SKIP);
  const base = load<u32>(step, STEP_BASE);
  const data: usize = load<u32>(step, STEP_DATA);
  const size = load<u32>(data);
  const offsets = data + 4;
  const matrix = (offsets + (<usize>size << 2) + 7) & ~7;
  const shift: u32 = sizeof<T>() == 8 ? 3 : 2;
  let i = spreadBits(from, skip >> shift) << shift;
  for (let item: u32 = 0; item < count; item++) {
    for (let k: u32 = 0; k < size; k++) {
      const at: usize = base + i + load<u32>(offsets + (<usize>k << 2));
      store<f64>(room + (<usize>k << 4), <f64>load<T>(re + at));
      store<f64>(room + (<usize>k << 4), <f64>load<T>(im + at), 8);
    }
    let entry = matrix;
    for (let row: u32 = 0; row < size; row++) {
      let sumRe: f64 = 0;
      let sumIm: f64 = 0;
      for (let k: u32 = 0; k < size; k++, entry += 16) {
        const ar = load<f64>(entry);
        const ai = load<f64>(entry, 8);
        const xr = load<f64>(room + (<usize>k << 4));
        const xi = load<f64>(room + (<usize>k << 4), 8);
        sumRe += ar * xr - ai * xi;
        sumIm += ar * xi + ai * xr;
      }
      const at: usize = base + i + load<u32>(offsets + (<usize>row << 2));
      store<T>(re + at, <T>sumRe);
      store<T>(im + at, <T>sumIm);
    }
    i = nextOffset(i, skip, 1 << shift);
  }
}
