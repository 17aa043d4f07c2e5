import type { Pool } from '../pool.ts';
import { Born } from '../strategies/born.ts';
import { BornZones } from '../strategies/born-zones.ts';
import { emptyBins, fidelityOf, type DispatchFidelity } from './dispatch-record.ts';

/** What can be measured of the Born strategies' states. What is null was not measured. */
export interface BornStatus {
  /** Pools with a Born strategy and an available agent. */
  readonly pools: number;
  /** Of what `born` and `born+zones` dispatched last, over all pools; null before 256 recorded dispatches. */
  readonly dispatchFidelity: DispatchFidelity | null;
  /** |⟨τ|ψ⟩|² of the pool where it is lowest, 0..1. */
  readonly targetFidelity: number | null;
  /** Entropy of the Born distribution of the pool where it is lowest, in bits. */
  readonly entropyBits: number | null;
}

/** Measures all states. O(pools + their available members, at most 131,072 of each). */
export function bornStatus(pools: Iterable<Pool>): BornStatus {
  const bins = emptyBins();
  let count = 0;
  let targetFidelity = Number.POSITIVE_INFINITY;
  let entropyBits = Number.POSITIVE_INFINITY;
  for (const { strategies } of pools) {
    let isCounted = false;
    for (const strategy of strategies.learning) {
      if (!(strategy instanceof Born || strategy instanceof BornZones)) continue;
      strategy.addDispatches(bins);
      const measures = strategy.measures();
      if (measures === null) continue;
      isCounted = true;
      targetFidelity = Math.min(targetFidelity, measures.targetFidelity);
      entropyBits = Math.min(entropyBits, measures.entropyBits);
    }
    if (isCounted) count += 1;
  }
  return {
    pools: count,
    dispatchFidelity: fidelityOf(bins),
    targetFidelity: count === 0 ? null : targetFidelity,
    entropyBits: count === 0 ? null : entropyBits,
  };
}
