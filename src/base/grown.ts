/** Copies a column into a larger one. */
export function grown<Column extends Uint8Array | Int32Array | Float32Array | Float64Array>(
  from: Column,
  to: Column,
): Column {
  to.set(from);
  return to;
}

/** The power of two, `min` at least, that is enough for `count`. `min` is one. */
export function capacityFor(count: number, min: number): number {
  let capacity = min;
  while (capacity < count) capacity *= 2;
  return capacity;
}

/** Rows up to which columns are doubled: copying so many takes well below a millisecond. */
const DOUBLED_MAX = 65_536;
const GROWN_AT_ONCE = 1_048_576;

/**
 * Rows that a full column gets room for. One that outgrows 65,536 gets room for a million at once: what is not
 * used of so large a block takes addresses and no memory, since the system only provides pages that are written, and
 * nobody waits while megabytes are copied time and again.
 */
export function grownCapacity(rows: number): number {
  if (rows < DOUBLED_MAX) return rows * 2;
  return rows < GROWN_AT_ONCE ? GROWN_AT_ONCE : rows * 2;
}
