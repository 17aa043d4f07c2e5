import { inSlices, throwIfCanceled, type Watch } from './watch.ts';

/** Items that are sorted at once, and merged between two looks at the watch. */
const RUN = 1024;
const MERGED_BETWEEN_LOOKS = 8192;

/**
 * The items in order, equal ones as they were; looks at the watch every millisecond or so, which one
 * sort of a hundred thousand would keep waiting for fifty.
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function sortedInSlices(
  items: readonly number[],
  compare: (a: number, b: number) => number,
  watch: Watch,
): number[] {
  let from = [...items];
  inSlices(items.length, RUN, watch, (start, end) => {
    const run = items.slice(start, end).sort(compare);
    for (let k = 0; k < run.length; k++) from[start + k] = run[k];
  });
  let to = Array.from<number>({ length: items.length });
  for (let width = RUN; width < items.length; width *= 2) {
    merge({ from, to, width }, compare, watch);
    [from, to] = [to, from];
  }
  return from;
}

/** Merges neighbouring runs of one width into runs of twice that. */
function merge(
  {
    from,
    to,
    width,
  }: { readonly from: readonly number[]; readonly to: number[]; readonly width: number },
  compare: (a: number, b: number) => number,
  watch: Watch,
): void {
  const { length } = from;
  for (let start = 0; start < length; start += 2 * width) {
    const middle = Math.min(length, start + width);
    const end = Math.min(length, start + 2 * width);
    let [a, b] = [start, middle];
    for (let at = start; at < end; at++) {
      if (at % MERGED_BETWEEN_LOOKS === 0) throwIfCanceled(watch);
      const isFirst = b === end || (a < middle && compare(from[a], from[b]) <= 0);
      to[at] = from[isFirst ? a++ : b++];
    }
  }
}
