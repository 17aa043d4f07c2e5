/** Reads amplitudes in the order of logical qubits. */
import { gatherBits, type Amplitudes } from '../kernels/kernel-step.ts';
import { inSlices, type Watch } from '../watch.ts';

/** About a millisecond of adding up. */
const AMPLITUDES_PER_LOOK = 2 ** 16;

/** Physical indices of logical ones: bits change places, by a table for each half of them. */
export class IndexMap {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #lowBits: number;

  /** @param placeOf - the physical qubit of each logical one */
  constructor(placeOf: readonly number[]) {
    this.#lowBits = placeOf.length >> 1;
    this.#low = spread(placeOf.slice(0, this.#lowBits));
    this.#high = spread(placeOf.slice(this.#lowBits));
  }

  physical(logical: number): number {
    const low = this.#low[logical & (this.#low.length - 1)];
    return low | this.#high[logical >>> this.#lowBits];
  }
}

/** For each number of that many bits, those bits at their places. */
function spread(places: readonly number[]): Uint32Array {
  const result = new Uint32Array(2 ** places.length);
  for (const [k, place] of places.entries()) {
    for (let rest = 0; rest < 1 << k; rest++) result[rest | (1 << k)] = result[rest] | (1 << place);
  }
  return result;
}

/** Σ |a|² of all amplitudes with the same bits at `places`, for each such bits. */
export function distribution(
  { im, qubits, re }: Amplitudes,
  places: readonly number[],
  watch: Watch,
): Float64Array {
  const result = new Float64Array(2 ** places.length);
  const outcomeOf = new OutcomeMap(qubits, places);
  inSlices(re.length, AMPLITUDES_PER_LOOK, watch, (from, to) => {
    for (let i = from; i < to; i++) {
      result[outcomeOf.outcome(i)] += re[i] * re[i] + im[i] * im[i];
    }
  });
  return result;
}

/** The bits of an index at some places, by a table for each half of the index. */
class OutcomeMap {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #lowBits: number;

  constructor(qubits: number, places: readonly number[]) {
    this.#lowBits = qubits >> 1;
    const table = (bits: number, shift: number): Uint32Array =>
      Uint32Array.from({ length: 2 ** bits }, (_, half) => gatherBits(half * 2 ** shift, places));
    this.#low = table(this.#lowBits, 0);
    this.#high = table(qubits - this.#lowBits, this.#lowBits);
  }

  outcome(index: number): number {
    return this.#low[index & (this.#low.length - 1)] | this.#high[index >>> this.#lowBits];
  }
}
