/**
 * Simulated quantum annealing: path-integral Monte Carlo of spins in a transverse field that fades away.
 *
 * The system at temperature T becomes `slices` copies at temperature slices × T, each coupled to the next
 * (in a ring) with the strength ½ ln coth(Γ / (slices T)), which grows without bound as Γ falls to zero.
 *
 * Source: Martoňák, Santoro, Tosatti, Physical Review B 66 (2002) 094203.
 */
import { annealState } from './anneal.ts';
import type { SearchContext } from './search-context.ts';
import { newState, randomize, type Block, type SpinState } from './spin-state.ts';

export interface QuantumAnnealingOptions {
  /** Trotter slices, at least 3; default 16. */
  readonly slices?: number;
  /** Passes over all slices of the first run; default 500; each later run has a quarter more. */
  readonly sweeps?: number;
}

/** Temperature of a slice and first transverse field, as shares of the hot temperature of annealing. */
const SLICE_HEAT = 0.35;
const FIELD_FIRST = 2;
const FIELD_LAST = 0.01;

const FINAL_SWEEPS = 20;

/** Runs from random spins until the effort is spent. */
export function searchQuantumAnnealing(
  context: SearchContext,
  options: QuantumAnnealingOptions = {},
): void {
  const { problem, rng, range } = context;
  const slices = Array.from({ length: Math.max(3, options.slices ?? 16) }, () =>
    newState(problem.size),
  );
  let sweeps = options.sweeps ?? 500;
  for (;;) {
    for (const slice of slices) randomize(problem, slice, rng);
    if (!fade(context, slices, Math.ceil(sweeps))) return;
    for (const slice of slices) {
      const schedule = { from: (range.hot * SLICE_HEAT) / 2, sweeps: FINAL_SWEEPS };
      if (!annealState(context, slice, schedule)) return;
    }
    sweeps *= 1.25;
  }
}

/** False once the search has to end. */
function fade(context: SearchContext, slices: readonly SpinState[], sweeps: number): boolean {
  const { range } = context;
  const temperature = range.hot * SLICE_HEAT;
  for (let pass = 0; pass < sweeps; pass++) {
    const left = 1 - pass / sweeps;
    const field = range.hot * (FIELD_LAST + (FIELD_FIRST - FIELD_LAST) * left);
    const binding = -0.5 * Math.log(Math.tanh(field / temperature));
    for (let k = 0; k < slices.length; k++) {
      if (!passOver(context, [slices, k], { temperature, binding })) return false;
    }
  }
  return true;
}

/** False once the search has to end. */
function passOver(
  context: SearchContext,
  slice: readonly [readonly SpinState[], number],
  heat: SliceHeat,
): boolean {
  for (const block of context.blocks) {
    sweepSlice(context, slice, block, heat);
    if (context.effort.spend(2 * block.steps)) return false;
  }
  return true;
}

interface SliceHeat {
  readonly temperature: number;
  /** Coupling of a spin to itself in the next slice, in units of the temperature. */
  readonly binding: number;
}

function sweepSlice(
  { problem, noise }: SearchContext,
  [slices, k]: readonly [readonly SpinState[], number],
  block: Block,
  { temperature, binding }: SliceHeat,
): void {
  const { rowStart, column, coupling } = problem;
  const slice = slices[k];
  const { spins, local } = slice;
  const above = slices[(k + 1) % slices.length].spins;
  const below = slices[(k + slices.length - 1) % slices.length].spins;
  let word = noise.word;
  let drop = 0;
  for (let i = block.from; i < block.to; i++) {
    const spin = spins[i];
    const gain = spin * local[i];
    const rise = 2 * (binding * spin * (above[i] + below[i]) - gain / temperature);
    if (rise > 0) {
      if (rise > 20) continue;
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      if ((word >>> 0) / 0x1_0000_0000 > Math.exp(-rise)) continue;
    }
    drop += gain;
    spins[i] = -spin;
    const step = -2 * spin;
    for (let c = rowStart[i], end = rowStart[i + 1]; c < end; c++) {
      local[column[c]] += step * coupling[c];
    }
  }
  noise.word = word;
  slice.energy -= 2 * drop;
}
