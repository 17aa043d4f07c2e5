import type { Turn } from './kernels.ts';
import type { WasmMemory } from './wasm-api.ts';
import type { KernelName } from './wasm-module.ts';

/** Work that threads share: units of one kernel call, in turns of some of them. */
export interface TeamJob {
  readonly memory: WasmMemory;
  readonly kernel: KernelName;
  readonly pointer: number;
  readonly units: number;
  readonly unitsPerTurn: number;
  /** Where the rooms of the threads begin; the caller's is the first. */
  readonly rooms: number;
  readonly roomBytes: number;
}

/**
 * Threads that work on one shared memory together, while the caller blocks.
 *
 * A port: threads belong to the platform, and this room knows none.
 */
export interface KernelTeam {
  /** Threads that work at once, the caller's among them. */
  readonly size: number;
  /**
   * A shared memory of that many pages of 64 KiB, all of them there from the beginning.
   *
   * @throws RangeError when the platform has no more memory
   */
  readonly newMemory: (pages: number) => WasmMemory;
  /**
   * Returns once all units are done, by `work` in the calling thread or by a helper.
   *
   * `turn` is called behind each share of the caller's, and every few milliseconds while it waits for helpers. An
   * error of `work` or `turn` ends the job: it is thrown again once no helper works on the memory any more.
   *
   * @throws OrchestratorError QUANTUM_TEAM_LOST when a helper does not return
   */
  readonly run: (job: TeamJob, work: (from: number, to: number) => void, turn: Turn) => void;
}
