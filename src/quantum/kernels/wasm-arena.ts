import { invariant } from '../../base/invariant.ts';
import type { Amplitudes, Floats } from './kernel-step.ts';
import type { KernelTeam } from './kernel-team.ts';
import type { Precision } from './kernels.ts';
import { ProgramWriter } from './program-writer.ts';
import { wasmApi, type WasmMemory } from './wasm-api.ts';
import { instantiateKernels, kernelModule, type WasmKernelSet } from './wasm-module.ts';

/** log2 of the amplitudes of a block: its two parts fill half of a core's second-level cache. */
export const BLOCK_BITS: Readonly<Record<Precision, number>> = { f64: 15, f32: 16 };

const PAGE_BYTES = 65_536;
/** The compiler keeps the first bytes of a memory to itself. */
const HEAD_BEGIN = 1024;
/** A stage's own fields, or those of another job. */
const PROGRAM_BEGIN = HEAD_BEGIN + 128;
const PROGRAM_END = 2 ** 21;
/** Items of large matrices, and a gathered block with a gap between its parts; see `kernels/stage.as`. */
const ROOM_EXTRA_BYTES = 8192;
/** Keeps the two parts of an amplitude off the same lines of a cache. */
const PART_GAP_BYTES = 2112;

/** A memory with kernels on it: a program, a room for each thread, and amplitudes. */
export interface WasmArena {
  readonly memory: WasmMemory;
  readonly kernels: WasmKernelSet;
  readonly writer: ProgramWriter;
  readonly words: Int32Array;
  /** Where a job's own fields are. */
  readonly head: number;
  readonly programEnd: number;
  readonly rooms: number;
  readonly roomBytes: number;
  readonly re: number;
  readonly im: number;
  readonly amplitudes: Amplitudes;
}

/** What an arena is for. */
export interface ArenaShape {
  readonly qubits: number;
  readonly precision: Precision;
  /** Whose threads share the memory; null for one thread with a memory of its own. */
  readonly team: KernelTeam | null;
}

/**
 * Allocates the memory; null where the platform cannot run such kernels.
 *
 * @throws RangeError when the platform has no more memory
 */
export function openArena({ qubits, precision, team }: ArenaShape): WasmArena | null {
  const module = kernelModule(team === null ? 'plain' : 'shared');
  const api = wasmApi();
  if (module === null || api === null) return null;
  const bytesPerReal = precision === 'f64' ? 8 : 4;
  const partBytes = bytesPerReal * 2 ** qubits;
  const roomBytes =
    ROOM_EXTRA_BYTES + 2 * bytesPerReal * 2 ** Math.min(BLOCK_BITS[precision], qubits);
  const re = PROGRAM_END + (team?.size ?? 1) * roomBytes;
  const im = re + partBytes + PART_GAP_BYTES;
  const pages = Math.ceil((im + partBytes) / PAGE_BYTES);
  invariant(pages <= 65_536, 'a state fits into a 32-bit memory');
  const memory = team?.newMemory(pages) ?? new api.Memory({ initial: pages, maximum: pages });
  return {
    memory,
    kernels: instantiateKernels(module, memory),
    writer: new ProgramWriter(memory.buffer, PROGRAM_BEGIN, PROGRAM_END, precision),
    words: new Int32Array(memory.buffer, 0, PROGRAM_END / 4),
    head: HEAD_BEGIN,
    programEnd: PROGRAM_END,
    rooms: PROGRAM_END,
    roomBytes,
    re,
    im,
    amplitudes: {
      qubits,
      re: floatsOf(memory, precision, re, 2 ** qubits),
      im: floatsOf(memory, precision, im, 2 ** qubits),
    },
  };
}

function floatsOf(memory: WasmMemory, precision: Precision, at: number, length: number): Floats {
  return precision === 'f64'
    ? new Float64Array(memory.buffer, at, length)
    : new Float32Array(memory.buffer, at, length);
}
