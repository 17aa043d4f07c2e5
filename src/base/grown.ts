/** Copies a column into a larger one. */
export function grown<Column extends Int32Array | Float32Array | Float64Array>(
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
