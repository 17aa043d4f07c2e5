/**
 * The quantum engine, usable alone: circuits, simulators, states and their measures, the optimizer, and
 * solvers of Ising problems. Pure: it knows no clock, no chance and no threads but those it is given.
 */
export { Rng } from '../base/rng.ts';
export { isOrchestratorError, OrchestratorError } from '../base/errors.ts';
export { throwIfCanceled, UNWATCHED, type Watch } from './watch.ts';

export { BIT_ORDER, formatBits, type BitPrinting } from './circuit/bit-order.ts';
export { checkCircuit } from './circuit/check-circuit.ts';
export {
  circuit,
  CircuitBuilder,
  type BuildPart,
  type ControlInput,
} from './circuit/circuit-builder.ts';
export { circuitStats, countGates, type CircuitStats } from './circuit/circuit-stats.ts';
export type { Circuit, Register } from './circuit/circuit.ts';
export type {
  BinaryOperator,
  ClassicalType,
  Expression,
  UnaryOperator,
  Variable,
} from './circuit/classical.ts';
export { compose, inverse } from './circuit/combine-circuits.ts';
export { findGate, GATE_NAMES, type GateName, type GateSpec } from './circuit/gate-table.ts';
export { isClifford } from './circuit/is-clifford.ts';
export type {
  Control,
  GateOperation,
  Operation,
  UnitaryOperation,
  UnitaryPart,
} from './circuit/operation.ts';

export { drawSvg, type SvgOptions } from './draw/draw-svg.ts';
export { drawText, type TextOptions } from './draw/draw-text.ts';
export { parseQasm, type QasmOptions } from './qasm/parse-qasm.ts';
export { toQasm2 } from './qasm/to-qasm2.ts';
export { toQasm3 } from './qasm/to-qasm3.ts';

export {
  add,
  adjoint,
  kronecker,
  multiply,
  scale,
  subtract,
  trace,
  type ComplexVector,
} from './linear/arithmetic.ts';
export {
  identity,
  matrix,
  zeros,
  type ComplexMatrix,
  type Scalar,
} from './linear/complex-matrix.ts';
export { eigenHermitian, type HermitianEigen } from './linear/hermitian-eigen.ts';
export { evolution, logarithm, squareRoot } from './linear/matrix-function.ts';
export { randomUnitary } from './linear/random-unitary.ts';
export { singularValues, type SingularValues } from './linear/singular-values.ts';

export { applyUnitary } from './states/apply-unitary.ts';
export {
  applyChannel,
  channelFromChoi,
  choiMatrix,
  composeChannels,
  krausChannel,
  tensorChannels,
} from './states/channel.ts';
export {
  asDensity,
  densityFromMatrix,
  isDensity,
  maximallyMixed,
  mixture,
  pureDensity,
  randomDensity,
  tensorDensities,
  type DensityMatrix,
  type MixturePart,
  type QuantumState,
} from './states/density-matrix.ts';
export { expectation } from './states/expectation.ts';
export type { Kraus } from './states/kraus.ts';
export {
  basisProbabilities,
  measure,
  measureInBasis,
  measurePauli,
  probabilitiesOf,
  project,
  projectPauli,
  sampleCounts,
  type Measurement,
  type PauliMeasurement,
} from './states/measurement.ts';
export {
  blochVector,
  correlationMatrix,
  zzCorrelations,
  type QubitMatrix,
} from './states/measures/correlation.ts';
export { fidelity, relativeEntropy, traceDistance } from './states/measures/distance.ts';
export {
  concurrence,
  entanglementOfFormation,
  logarithmicNegativity,
  negativity,
} from './states/measures/entanglement.ts';
export {
  conditionalEntropy,
  entropyOfQubits,
  mutualInformation,
  purity,
  relativeEntropyOfCoherence,
  renyiEntropy,
  shannonEntropy,
  vonNeumannEntropy,
} from './states/measures/entropy.ts';
export {
  schmidtCoefficients,
  schmidtDecomposition,
  type SchmidtDecomposition,
} from './states/measures/schmidt.ts';
export {
  amplitudeDamping,
  bitFlip,
  bitPhaseFlip,
  depolarizing,
  generalizedAmplitudeDamping,
  pauliChannel,
  phaseDamping,
  phaseFlip,
  thermalRelaxation,
  type Relaxation,
} from './states/noise-channels.ts';
export { partialTrace } from './states/partial-trace.ts';
export {
  formatPauli,
  parsePauli,
  parsePauliSum,
  type PauliSum,
  type PauliTerm,
  type PauliTermSource,
} from './states/pauli.ts';
export { confuse, readoutChannel, readoutError, readThrough } from './states/readout-error.ts';
export {
  basisState,
  bitstringState,
  innerProduct,
  randomState,
  stateFromAmplitudes,
  tensorStates,
  type StateVector,
} from './states/state-vector.ts';

export type { KernelTeam, TeamJob } from './kernels/kernel-team.ts';
export { DenseState, type DenseOptions } from './simulate/dense-state.ts';
export type { GateNoise, NoiseModel, ReadoutNoise } from './simulate/noise/noise-model.ts';
export { parseNoiseModel } from './simulate/noise/parse-noise-model.ts';
export { chooseMethod, type MethodChoice } from './simulate/run/choose-method.ts';
export { METHODS, type Method, type RunOptions } from './simulate/run/run-options.ts';
export { runCircuit, type PartResult, type RunResult } from './simulate/run-circuit.ts';

export {
  optimizeCircuit,
  type CircuitCost,
  type CouplingMap,
  type Level,
  type Metric,
  type OptimizeOptions,
  type OptimizeResult,
  type PassReport,
  type StateRunner,
} from './optimize/index.ts';

export {
  assignmentQuality,
  assignmentToQubo,
  BINARY_FORMATS,
  COSTS_MAX,
  cutWeight,
  EXACT_SPINS_MAX,
  ISING_METHODS,
  isingEnergy,
  isingProblem,
  isingToMaxCut,
  isingToQubo,
  maxCutGraph,
  maxCutToIsing,
  maxCutToQubo,
  PAIRS_MAX,
  QAOA_SPINS_MAX,
  quboProblem,
  quboToIsing,
  quboValue,
  readAssignments,
  readBqp,
  readGset,
  readQubo,
  solveAssignment,
  solveBinaryFile,
  solveIsing,
  solveMaxCut,
  solveQubo,
  spinsToBits,
  VARIABLES_MAX,
  type AssignmentOptions,
  type AssignmentProblem,
  type AssignmentQuality,
  type AssignmentQubo,
  type AssignmentSolution,
  type BinaryFormat,
  type BinarySolution,
  type Improvement,
  type IsingMethod,
  type IsingOptions,
  type IsingProblem,
  type IsingSolution,
  type MaxCutGraph,
  type MaxCutOfIsing,
  type Pairs,
  type QaoaReport,
  type QuboPenalties,
  type QuboProblem,
  type SearchLimits,
  type StopReason,
} from './ising/index.ts';
