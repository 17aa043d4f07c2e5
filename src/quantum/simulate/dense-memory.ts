/** Where a dense state keeps its amplitudes, and which kernels work on them. */
import { OrchestratorError } from '../../base/errors.ts';
import type { Amplitudes, Controls } from '../kernels/kernel-step.ts';
import type { KernelTeam } from '../kernels/kernel-team.ts';
import type { ChunkWeights, Kernels, Precision, Turn } from '../kernels/kernels.ts';
import type { KernelStage } from '../kernels/stage.ts';
import { newAmplitudes, TwinKernels } from '../kernels/twin-kernels.ts';
import { openArena, type WasmArena } from '../kernels/wasm-arena.ts';
import { WasmKernels } from '../kernels/wasm-kernels.ts';

/** Fewest qubits of a state that is worth a WebAssembly memory of its own. */
const OWN_MEMORY_QUBITS_MIN = 13;
/** Fewest qubits at which threads gain more than their waking costs. */
const TEAM_QUBITS_MIN = 16;

/** Which kernels a state may use. */
export interface KernelChoice {
  readonly precision: Precision;
  readonly team: KernelTeam | null;
  /** `twin` asks for the kernels in TypeScript even where WebAssembly runs. */
  readonly kernels: 'fastest' | 'twin';
}

/**
 * Zeroed amplitudes with the fastest kernels that the platform and the choice allow.
 *
 * @throws OrchestratorError QUANTUM_OUT_OF_MEMORY when the platform refuses the memory
 */
export function openKernels(qubits: number, choice: KernelChoice): Kernels {
  try {
    return open(qubits, choice);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OrchestratorError(
      'QUANTUM_OUT_OF_MEMORY',
      `the platform must have memory for ${qubits} qubits in ${choice.precision}, got a refusal`,
      { qubits, precision: choice.precision },
      { cause: error },
    );
  }
}

function open(qubits: number, { kernels, precision, team }: KernelChoice): Kernels {
  if (kernels === 'twin') return new TwinKernels(newAmplitudes(qubits, precision));
  if (qubits < OWN_MEMORY_QUBITS_MIN) {
    const bench = workbench(precision);
    const own = newAmplitudes(qubits, precision);
    return bench === null ? new TwinKernels(own) : new BorrowingKernels(own, bench);
  }
  if (team !== null && team.size > 1 && qubits >= TEAM_QUBITS_MIN) {
    const shared = openArena({ qubits, precision, team });
    if (shared !== null) return new WasmKernels(shared, team);
  }
  const arena = openArena({ qubits, precision, team: null });
  if (arena !== null) return new WasmKernels(arena, null);
  return new TwinKernels(newAmplitudes(qubits, precision));
}

const workbenches = new Map<Precision, WasmArena | null>();

/** One small memory for all small states: opening one for each would cost more than their gates. */
function workbench(precision: Precision): WasmArena | null {
  let bench = workbenches.get(precision);
  if (bench === undefined) {
    bench = openArena({ qubits: OWN_MEMORY_QUBITS_MIN - 1, precision, team: null });
    workbenches.set(precision, bench);
  }
  return bench;
}

/** A small state's own arrays, which visit the workbench whenever gates are applied. */
class BorrowingKernels implements Kernels {
  readonly name = 'wasm';
  readonly threads = 1;
  readonly amplitudes: Amplitudes;
  readonly #bench: WasmArena;
  readonly #twin: TwinKernels;

  constructor(amplitudes: Amplitudes, bench: WasmArena) {
    this.amplitudes = amplitudes;
    this.#bench = bench;
    this.#twin = new TwinKernels(amplitudes);
  }

  touch(): void {
    // So little memory is there when it is asked for.
  }

  run(stages: readonly KernelStage[], turn: (stagesDone: number) => void): void {
    const { im, qubits, re } = this.amplitudes;
    const borrowed = this.#bench.amplitudes;
    const there: Amplitudes = {
      qubits,
      re: borrowed.re.subarray(0, re.length),
      im: borrowed.im.subarray(0, im.length),
    };
    there.re.set(re);
    there.im.set(im);
    new WasmKernels({ ...this.#bench, amplitudes: there }, null).run(stages, turn);
    re.set(there.re);
    im.set(there.im);
  }

  weights(controls: Controls, turn: Turn): ChunkWeights {
    return this.#twin.weights(controls, turn);
  }

  pauli(x: number, z: number, turn: Turn): readonly [re: number, im: number] {
    return this.#twin.pauli(x, z, turn);
  }
}
