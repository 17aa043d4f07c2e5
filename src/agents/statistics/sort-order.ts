import { WORK_PER_STEP, type Steps } from '../steps.ts';

/** Length of the runs that are sorted by insertion before merging starts. */
const RUN_LENGTH = 16;

/**
 * Indices of the values that are not NaN, ascending by value; equal values keep their order.
 *
 * A bottom-up merge sort that can pause, as the built-in sort of a long array cannot.
 * O(n log n) time, two arrays of n indices.
 */
export function* sortOrder(values: Float64Array): Steps<Uint32Array> {
  let order: Uint32Array = presentIndices(values);
  yield undefined;
  for (let start = 0; start < order.length; start += RUN_LENGTH) {
    if (start % WORK_PER_STEP === 0) yield undefined;
    sortRun(order, values, start);
  }
  let target: Uint32Array = new Uint32Array(order.length);
  for (let width = RUN_LENGTH; width < order.length; width *= 2) {
    yield* mergeRuns({ source: order, target, values, width });
    [order, target] = [target, order];
  }
  return order;
}

/** The values at `order`'s indices, one after the other. */
export function gather(values: Float64Array, order: Uint32Array): Float64Array {
  const gathered = new Float64Array(order.length);
  for (let index = 0; index < order.length; index += 1) gathered[index] = values[order[index]!]!;
  return gathered;
}

function presentIndices(values: Float64Array): Uint32Array {
  const indices = new Uint32Array(values.length);
  let count = 0;
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isNaN(values[index])) indices[count++] = index;
  }
  return indices.slice(0, count);
}

function sortRun(order: Uint32Array, values: Float64Array, start: number): void {
  const end = Math.min(start + RUN_LENGTH, order.length);
  for (let next = start + 1; next < end; next += 1) {
    const moved = order[next]!;
    const value = values[moved]!;
    let place = next;
    for (; place > start && values[order[place - 1]!]! > value; place -= 1) {
      order[place] = order[place - 1]!;
    }
    order[place] = moved;
  }
}

interface Merge {
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  readonly values: Float64Array;
  readonly width: number;
}

function* mergeRuns({ source, target, values, width }: Merge): Steps<void> {
  const count = source.length;
  for (let start = 0; start < count; start += 2 * width) {
    const middle = Math.min(start + width, count);
    const end = Math.min(start + 2 * width, count);
    let left = start;
    let right = middle;
    for (let place = start; place < end; place += 1) {
      if (place % WORK_PER_STEP === WORK_PER_STEP - 1) yield undefined;
      const takeLeft =
        right >= end || (left < middle && values[source[left]!]! <= values[source[right]!]!);
      target[place] = takeLeft ? source[left++]! : source[right++]!;
    }
  }
}
