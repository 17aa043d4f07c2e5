import { OrchestratorError } from '../../../base/errors.ts';
import type { KernelTeam } from '../../kernels/kernel-team.ts';
import { denseBytes, DENSE_QUBITS_MAX, type Precision } from '../dense-bytes.ts';
import { BOND_MAX_DEFAULT } from '../mps/matrix-product-state.ts';
import { NOISELESS, type NoiseModel } from '../noise/noise-model.ts';

/** A way to represent a state. */
export type Method = 'dense' | 'density' | 'stabilizer' | 'sparse' | 'mps';

export const METHODS: readonly Method[] = ['dense', 'density', 'stabilizer', 'sparse', 'mps'];

export interface RunOptions {
  /** How often the circuit is run, 0 … 2⁵³. Default 1024. */
  readonly shots?: number;
  /** Any integer; equal seeds give equal counts. Default 0. */
  readonly seed?: number;
  /** Default `auto`: chosen for each part of the circuit. */
  readonly method?: Method | 'auto';
  /** Of dense states. Default `f64`. */
  readonly precision?: Precision;
  /** Default none. */
  readonly noise?: NoiseModel;
  /** Threads for dense states. */
  readonly team?: KernelTeam;
  /** Most bytes that states may take. Default 2.5 GiB. */
  readonly bytesMax?: number;
  /** Most operations of one run through the circuit. Default ten million. */
  readonly stepsMax?: number;
  /** Whether exact probabilities are asked for, where they can be had. Default false. */
  readonly probabilities?: boolean;
  /** Most probabilities to list, the largest first. Default 1024. */
  readonly top?: number;
  /** Whether the amplitudes before the final measurements are asked for. Default false. */
  readonly statevector?: boolean;
  /** Most singular values at a bond of a matrix product state. Default 64. */
  readonly bondMax?: number;
  /** Most branches to follow for exact probabilities. Default 4096. */
  readonly branchesMax?: number;
  /** Most different outcomes to count. Default 2²². */
  readonly outcomesMax?: number;
}

export type ResolvedOptions = Required<Omit<RunOptions, 'team'>> & Pick<RunOptions, 'team'>;

const DEFAULTS = {
  shots: 1024,
  seed: 0,
  method: 'auto',
  precision: 'f64',
  noise: NOISELESS,
  bytesMax: 1.25 * denseBytes(DENSE_QUBITS_MAX.f64),
  stepsMax: 10_000_000,
  probabilities: false,
  top: 1024,
  statevector: false,
  bondMax: BOND_MAX_DEFAULT,
  branchesMax: 4096,
  outcomesMax: 2 ** 22,
} as const satisfies Required<Omit<RunOptions, 'team'>>;

const BOUNDS = {
  shots: [0, Number.MAX_SAFE_INTEGER],
  seed: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  bytesMax: [1, Number.MAX_SAFE_INTEGER],
  stepsMax: [1, Number.MAX_SAFE_INTEGER],
  top: [1, 2 ** 22],
  bondMax: [1, 2 ** 14],
  branchesMax: [1, 2 ** 24],
  outcomesMax: [1, 2 ** 24],
} as const;

function refuse(message: string): never {
  throw new OrchestratorError('QUANTUM_OPTIONS_INVALID', message);
}

/**
 * Fills in the defaults and checks every bound.
 *
 * @throws OrchestratorError QUANTUM_OPTIONS_INVALID
 */
export function resolveOptions(options: RunOptions): ResolvedOptions {
  const resolved = { ...DEFAULTS, ...options };
  for (const [name, [min, max]] of Object.entries(BOUNDS)) {
    const value = resolved[name as keyof typeof BOUNDS];
    if (!Number.isInteger(value) || value < min || value > max) {
      refuse(`${name} must be an integer of ${min} to ${max}, got ${value}`);
    }
  }
  if (resolved.method !== 'auto' && !METHODS.includes(resolved.method)) {
    refuse(`method must be auto or one of ${METHODS.join(', ')}, got ${resolved.method}`);
  }
  if (resolved.precision !== 'f32' && resolved.precision !== 'f64') {
    refuse(`precision must be f32 or f64, got ${String(resolved.precision)}`);
  }
  return resolved;
}
