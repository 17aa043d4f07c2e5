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
