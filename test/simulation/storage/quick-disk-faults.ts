import type { Chance } from '../kernel/chance.ts';

/** How the disk of one node behaves. Rates are probabilities of a flush. */
export interface DiskFaults {
  drawFlush(chance: Chance): { readonly delayUs: number; readonly failure: string | null };
  /** Whether a chunk of an arriving snapshot finds no room. */
  refusesChunk(chance: Chance): boolean;
}

export const HEALTHY_DISK: DiskFaults = {
  drawFlush: (chance) => ({ delayUs: 100 + chance.exponential(200), failure: null }),
  refusesChunk: () => false,
};

/** Draws how a disk behaves while the given faults are on; the same draws whichever they are. */
export function drawDiskFaults(chance: Chance, on: ReadonlySet<string>): DiskFaults {
  const meanUs = chance.between(500, 30_000);
  const stallRate = chance.unit() * 0.02;
  const stallMeanUs = chance.between(50_000, 2_000_000);
  const failureRate = chance.unit() * 0.003;
  const fullRate = chance.unit() * 0.003;
  const flushMeanUs = on.has('slow-disk') ? meanUs : 200;
  return {
    drawFlush(draw) {
      let delayUs = 100 + draw.exponential(flushMeanUs);
      if (on.has('stall') && draw.happens(stallRate)) delayUs += draw.exponential(stallMeanUs);
      let failure: string | null = null;
      if (on.has('flush-error') && draw.happens(failureRate)) failure = 'EIO: flush failed';
      if (on.has('disk-full') && draw.happens(fullRate)) failure = 'ENOSPC: no room';
      return { delayUs, failure };
    },
    refusesChunk: (draw) => on.has('disk-full') && draw.happens(fullRate * 50),
  };
}
