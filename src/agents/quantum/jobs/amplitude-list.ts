import { formatBits } from '../../../quantum/circuit/bit-order.ts';
import { sortedInSlices } from '../../../quantum/sorted-in-slices.ts';
import { inSlices, type Watch } from '../../../quantum/watch.ts';

const AMPLITUDES_PER_LOOK = 2 ** 14;

/** One amplitude of a state. */
export interface ListedAmplitude {
  /** The basis state, as a bitstring over all qubits. */
  readonly state: string;
  readonly re: number;
  readonly im: number;
  readonly probability: number;
}

/** The `count` largest amplitudes that are not zero, the largest first. One pass over the state. */
export function amplitudeList(
  { re, im }: { readonly re: Float64Array; readonly im: Float64Array },
  count: number,
  printing: 'q0-right' | 'q0-left',
  watch: Watch,
): readonly ListedAmplitude[] {
  const weight = (k: number): number => re[k]! * re[k]! + im[k]! * im[k]!;
  const byWeight = (a: number, b: number): number => weight(b) - weight(a) || a - b;
  let kept: number[] = [];
  let least = 1e-32;
  inSlices(re.length, AMPLITUDES_PER_LOOK, watch, (from, to) => {
    for (let k = from; k < to; k++) {
      if (weight(k) <= least) continue;
      kept.push(k);
      if (kept.length < 2 * count + 1024) continue;
      kept = sortedInSlices(kept, byWeight, watch).slice(0, count);
      least = weight(kept.at(-1)!);
    }
  });
  const qubits = Math.log2(re.length);
  return sortedInSlices(kept, byWeight, watch)
    .slice(0, count)
    .map((k) => ({
      state: formatBits(k, qubits, printing),
      re: re[k]!,
      im: im[k]!,
      probability: weight(k),
    }));
}
