// New memory asked for page by page, so that threads find it for each other.

// Of a part's array in a unit, and of memory on every platform that matters: larger pages are only asked for more often.
const UNIT_BYTES: usize = 16384;
const PAGE_BYTES: usize = 4096;

// Stores a zero in each page: reading first would have each mapped twice. The job's words are re, im, and the
// units of each part.
export function touchParts(job: usize, from: u32, to: u32): void {
  const re: usize = load<u32>(job);
  const im: usize = load<u32>(job, 4);
  const units = load<u32>(job, 8);
  for (let unit = from; unit < to; unit++) {
    const part = unit < units ? re : im;
    const start = part + <usize>(unit < units ? unit : unit - units) * UNIT_BYTES;
    for (let at: usize = 0; at < UNIT_BYTES; at += PAGE_BYTES) store<u64>(start + at, 0);
  }
}
