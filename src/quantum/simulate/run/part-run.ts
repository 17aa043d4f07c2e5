/** Simulates one part: its exact distribution where that is asked for, and shots. */
import type { Rng } from '../../../base/rng.ts';
import type { Circuit } from '../../circuit/circuit.ts';
import type { Watch } from '../../watch.ts';
import { DensityState } from '../density/density-state.ts';
import type { Distribution, ExactState } from '../exact-state.ts';
import { MatrixProductState } from '../mps/matrix-product-state.ts';
import { readoutOf } from '../noise/apply-noise.ts';
import type { Readout } from '../noise/readout.ts';
import { distributionOf, OutcomeCounts } from '../outcome-counts.ts';
import { SparseState } from '../sparse/sparse-state.ts';
import { CliffordRecognizer } from '../stabilizer/clifford-action.ts';
import { frameProgram } from '../stabilizer/frame-program.ts';
import { sampleFrames, type FrameSampling } from '../stabilizer/pauli-frames.ts';
import { referenceSample } from '../stabilizer/reference-sample.ts';
import { StabilizerState } from '../stabilizer/stabilizer-state.ts';
import { bestOrder, type PartPlan } from './choose-method.ts';
import { drawListed } from './draw-listed.ts';
import { DenseExact } from './dense-exact.ts';
import { compileProgram } from './program.ts';
import type { ResolvedOptions } from './run-options.ts';
import { TreeWalk } from './tree-walk.ts';

/** Most outcomes of an exact distribution that is kept. */
const LISTED_MAX = 2 ** 22;
/** Shots from which parts are joined by their distributions. */
export const SHOTS_LISTED_MIN: number = 2 ** 20;

/** What one part gave; outcomes are over the part's bits. */
export interface PartRun {
  readonly bits: readonly number[];
  /** Null where it was not asked for, or cannot be listed. */
  readonly distribution: Distribution | null;
  readonly draw: (shots: number, rng: Rng) => OutcomeCounts;
  /** Known once everything is drawn. */
  readonly truncationError: () => number;
  /** The state before its measurements, where these come last. */
  readonly finalState: () => ExactState | null;
}

/** |0…0⟩ in a plan's representation. */
function makeState({ part, method }: PartPlan, options: ResolvedOptions): ExactState {
  const count = part.qubits.length;
  const { bytesMax, precision, team, bondMax } = options;
  const threads = team === undefined ? {} : { team };
  switch (method) {
    case 'dense':
      return DenseExact.create(count, { precision, bytesMax, ...threads });
    case 'density':
      return DensityState.create(count, { bytesMax, ...threads });
    case 'stabilizer':
      return StabilizerState.create(count);
    case 'sparse':
      return SparseState.create(count, { bytesMax });
    default:
      return MatrixProductState.create(count, { bondMax, order: bestOrder(part).order });
  }
}

/** Pauli frames for a Clifford part that they can follow, or null. */
function framesOf(
  { part }: PartPlan,
  readout: Readout,
  circuit: Circuit,
  watch: Watch,
): FrameSampling | null {
  const steps = frameProgram(part.operations, readout, new CliffordRecognizer());
  if (steps === null) return null;
  const qubits = part.qubits.length;
  const reference = referenceSample(qubits, circuit.bits, part.operations, watch);
  return { qubits, bits: circuit.bits, outcomeBits: part.bits, steps, reference };
}

/** Simulates a part as far as its state is the same for all shots; the rest happens as it is drawn. */
export function runPart(
  plan: PartPlan,
  circuit: Circuit,
  options: ResolvedOptions,
  watch: Watch,
): PartRun {
  const { part, method, bytes } = plan;
  const circuitReadout = readoutOf(options.noise);
  const readout: Readout = (qubit) => circuitReadout(part.qubits[qubit]);
  const walk = new TreeWalk(
    {
      instructions: compileProgram(part.operations),
      bits: circuit.bits,
      variables: circuit.variables,
      create: () => makeState(plan, options),
      readout,
      outcomeBits: part.bits,
      stepsMax: options.stepsMax,
      copiesMax: Math.floor(options.bytesMax / bytes) - 1,
      isMixed: method === 'density',
    },
    watch,
  );
  const isListed = options.probabilities || options.shots > SHOTS_LISTED_MIN;
  const weights = isListed ? walk.weights(options.branchesMax, LISTED_MAX) : null;
  const distribution = weights === null ? null : distributionOf(weights.table, weights.counts);
  const draw = (shots: number, rng: Rng): OutcomeCounts => {
    const counts = new OutcomeCounts(part.bits.length, options.outcomesMax);
    if (distribution !== null) {
      drawListed(distribution, shots, { rng, counts, watch });
      return counts;
    }
    const isFramed = method === 'stabilizer' && !walk.hasOneState && shots > 1;
    const frames = isFramed ? framesOf(plan, readout, circuit, watch) : null;
    if (frames === null) walk.draw(shots, rng, counts);
    else sampleFrames(frames, shots, { rng, counts, watch });
    return counts;
  };
  return {
    bits: part.bits,
    distribution,
    draw,
    truncationError: () => walk.truncationError,
    finalState: () => (walk.hasOneState ? walk.commonState() : null),
  };
}
