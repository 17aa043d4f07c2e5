/**
 * Conversions between Ising, QUBO and max-cut that keep every value.
 *
 * A spin +1 is a bit 1 and side 1. Coefficients are only added, doubled, halved and quartered, so that
 * problems of integers (below 2⁵⁰ in sum) are converted without any rounding.
 */
import { isingProblem, type IsingProblem } from './ising-problem.ts';
import { maxCutGraph, type MaxCutGraph } from './max-cut-graph.ts';
import { quboProblem, type QuboProblem } from './qubo-problem.ts';
import type { Pairs } from './symmetric-rows.ts';

/** The Ising problem whose energy equals the QUBO's value when sᵢ = 2xᵢ − 1. */
export function quboToIsing(qubo: QuboProblem): IsingProblem {
  let offset = qubo.offset;
  const fields = new Float64Array(qubo.size);
  const coupling = new Float64Array(qubo.quadratic.length);
  for (let i = 0; i < qubo.size; i++) {
    fields[i] = qubo.linear[i] / 2;
    offset += qubo.linear[i] / 2;
    for (let k = qubo.rowStart[i]; k < qubo.rowStart[i + 1]; k++) {
      coupling[k] = qubo.quadratic[k] / 4;
      fields[i] += coupling[k];
      offset += coupling[k] / 2;
    }
  }
  const { size, rowStart, column } = qubo;
  return { size, fields, rowStart, column, coupling, offset };
}

/** The QUBO whose value equals the Ising energy when xᵢ = (1 + sᵢ) / 2. */
export function isingToQubo(ising: IsingProblem): QuboProblem {
  let offset = ising.offset;
  const linear = new Float64Array(ising.size);
  const quadratic = new Float64Array(ising.coupling.length);
  for (let i = 0; i < ising.size; i++) {
    linear[i] = 2 * ising.fields[i];
    offset -= ising.fields[i];
    for (let k = ising.rowStart[i]; k < ising.rowStart[i + 1]; k++) {
      quadratic[k] = 4 * ising.coupling[k];
      linear[i] -= 2 * ising.coupling[k];
      offset += ising.coupling[k] / 2;
    }
  }
  const { size, rowStart, column } = ising;
  return { size, linear, rowStart, column, quadratic, offset };
}

/** The Ising problem whose energy is minus the weight of the cut between spins −1 and +1. */
export function maxCutToIsing(graph: MaxCutGraph): IsingProblem {
  let offset = 0;
  const half = graph.weight.map((weight) => weight / 2);
  for (const weight of half) offset -= weight;
  const couplings = { first: graph.first, second: graph.second, value: half };
  return isingProblem(new Float64Array(graph.size), couplings, offset);
}

/** A graph one vertex larger, and what to take its cuts from to have energies. */
export interface MaxCutOfIsing {
  /** Its last vertex stands for the fields: a spin is +1 where it is on that vertex's side. */
  readonly graph: MaxCutGraph;
  /** Energy = offset − weight of the cut. */
  readonly offset: number;
}

/** The max-cut problem of an Ising problem: one more vertex, joined to every spin that has a field. */
export function isingToMaxCut(ising: IsingProblem): MaxCutOfIsing {
  let offset = ising.offset;
  const edges = upperPairs(ising);
  for (let e = 0; e < edges.value.length; e++) {
    offset += edges.value[e];
    edges.value[e] *= 2;
  }
  for (let i = 0; i < ising.size; i++) {
    if (ising.fields[i] === 0) continue;
    offset += ising.fields[i];
    edges.first.push(i);
    edges.second.push(ising.size);
    edges.value.push(2 * ising.fields[i]);
  }
  return { graph: maxCutGraph(ising.size + 1, edges), offset };
}

/** The QUBO whose value is minus the weight of the cut between bits 0 and 1. */
export function maxCutToQubo(graph: MaxCutGraph): QuboProblem {
  const linear = new Float64Array(graph.size);
  for (let e = 0; e < graph.weight.length; e++) {
    linear[graph.first[e]] -= graph.weight[e];
    linear[graph.second[e]] -= graph.weight[e];
  }
  const pairs: Pairs = {
    first: graph.first,
    second: graph.second,
    value: graph.weight.map((weight) => 2 * weight),
  };
  return quboProblem(linear, pairs);
}

function upperPairs(ising: IsingProblem): { first: number[]; second: number[]; value: number[] } {
  const pairs = { first: [] as number[], second: [] as number[], value: [] as number[] };
  for (let i = 0; i < ising.size; i++) {
    for (let k = ising.rowStart[i]; k < ising.rowStart[i + 1]; k++) {
      if (ising.column[k] < i) continue;
      pairs.first.push(i);
      pairs.second.push(ising.column[k]);
      pairs.value.push(ising.coupling[k]);
    }
  }
  return pairs;
}

/** Bits of spins: +1 becomes 1, −1 becomes 0. */
export function spinsToBits(spins: Int8Array): Uint8Array {
  const bits = new Uint8Array(spins.length);
  for (let i = 0; i < spins.length; i++) bits[i] = spins[i] > 0 ? 1 : 0;
  return bits;
}
