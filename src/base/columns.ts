/**
 * Columns of numbers, all 0 at first, that may be large.
 *
 * V8 counts what array buffers hold beside its heap, and with each new one beyond 64 MiB since its last collection marks a
 * part of the heap at once: up to 275 ms for a column of 8 MiB beside millions of objects, and 5 to 10 ms for each one that
 * follows. What shared buffers hold it does not count. They are read and written alike, and nothing here is shared.
 */

/** Bytes from which on a column has a shared buffer; smaller ones cost less as they are. */
const SHARED_MIN: number = 1 << 20;

export function int32Column(length: number): Int32Array {
  return new Int32Array(bufferOf(length * Int32Array.BYTES_PER_ELEMENT));
}

export function float64Column(length: number): Float64Array {
  return new Float64Array(bufferOf(length * Float64Array.BYTES_PER_ELEMENT));
}

function bufferOf(bytes: number): ArrayBufferLike {
  return bytes < SHARED_MIN ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

const PAGE = 4_096;
/** 0.7 ms a MiB. */
const PROVIDED_AT_ONCE: number = 2 << 20;

/**
 * Has the system provide the memory of columns that hold nothing yet, 2 MiB with each step: it does so when a page is written to
 * first, and whoever writes here and there would wait for all pages at once, 20 ms and more for 64 MiB.
 */
export function* provided(columns: Iterable<Int32Array | Float64Array>): Generator<void, void> {
  let bytes = 0;
  for (const column of columns) {
    const step = PAGE / column.BYTES_PER_ELEMENT;
    for (let at = 0; at < column.length; at += step) {
      column[at] = 0;
      bytes += PAGE;
      if (bytes % PROVIDED_AT_ONCE === 0) yield;
    }
  }
}
