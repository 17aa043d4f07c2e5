/** Copies a column into a larger one. */
export function grown<Column extends Int32Array | Float32Array | Float64Array>(
  from: Column,
  to: Column,
): Column {
  to.set(from);
  return to;
}
