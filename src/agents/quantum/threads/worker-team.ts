import { availableParallelism } from 'node:os';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { OrchestratorError } from '../../../base/errors.ts';
import { invariant } from '../../../base/invariant.ts';
import type { Turn } from '../../../quantum/kernels/kernels.ts';
import type { KernelTeam, TeamJob } from '../../../quantum/kernels/kernel-team.ts';
import { wasmApi, type WasmMemory, type WasmModule } from '../../../quantum/kernels/wasm-api.ts';
import { kernelModule } from '../../../quantum/kernels/wasm-module.ts';
import { DroppedMemory } from './dropped-memory.ts';
import type { HelperData, MemoryMessage } from './helper-thread.ts';
import { isThreadGone } from './native-thread.ts';
import {
  FIELD,
  FIELD_COUNT,
  finishTurns,
  takeTurn,
  TEAM_SIZE_MAX,
  writeJob,
} from './team-control.ts';

const PAGE_BYTES = 65_536;
/** Looks at the helpers' progress before sleeping. */
const SPINS = 10_000;
/** Between two looks at what may end the job. */
const SLEEP_MS = 5;
/** Sleeps without any progress after which helpers are looked for. */
const SLEEPS_BEFORE_LOOK = 20;
/** A helper that makes no progress for so many sleeps is lost all the same: a pause of the machine is one. */
const SLEEPS_MAX = 6_000;

interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
}

/**
 * A team of worker threads.
 *
 * The caller's thread blocks while a job runs: it has to be one that may. Helpers sleep between jobs, keep
 * no process alive, and let go of the memory they worked on last when it is dropped everywhere else, or
 * half a second after the last job. One that ends between jobs is done without.
 */
export class WorkerTeam implements KernelTeam {
  readonly size: number;
  readonly #control: Int32Array;
  readonly #helpers: readonly Helper[];
  #memoryId = 0;
  /** Not a weak reference: looking at one keeps its target until the thread's event loop turns. */
  readonly #ids = new WeakMap<WasmMemory, number>();
  readonly #forgotten: FinalizationRegistry<number>;
  readonly #dropped = new DroppedMemory();
  #releases = 0;
  /** Whether a helper ended within a job. */
  #isLost = false;
  #isWhole = true;
  #isClosed = false;

  private constructor(control: Int32Array, helpers: readonly Helper[]) {
    this.size = helpers.length + 1;
    this.#control = control;
    this.#helpers = helpers;
    for (const { worker } of helpers) {
      worker.once('exit', () => {
        this.#isWhole = false;
      });
    }
    this.#forgotten = new FinalizationRegistry((id) => {
      if (id === this.#memoryId) this.#attach(null);
    });
  }

  /**
   * Starts the helpers of a team of `size` threads, by default one for each processor.
   *
   * Resolves to null where the platform lacks what the kernels need, or a team would be one thread.
   */
  static async start(
    size: number = Math.min(TEAM_SIZE_MAX, availableParallelism()),
  ): Promise<WorkerTeam | null> {
    const module = kernelModule('shared');
    if (module === null || size < 2) return null;
    const bytes = new SharedArrayBuffer(FIELD_COUNT * Int32Array.BYTES_PER_ELEMENT);
    const control = new Int32Array(bytes);
    const starting = Array.from({ length: size - 1 }, (_, k) =>
      startHelper(control, module, k + 1),
    );
    return new WorkerTeam(control, await Promise.all(starting));
  }

  /** False once a helper has ended: another team is faster. */
  get isWhole(): boolean {
    return this.#isWhole && !this.#isLost;
  }

  /** Shares of the job at hand that threads are at work on, the caller's among them. */
  get sharesTaken(): number {
    const done = Atomics.load(this.#control, FIELD.ticketsDone);
    return (Atomics.load(this.#control, FIELD.ticketNext) - done) | 0;
  }

  /** How often a helper has let go of its memory for want of jobs. */
  get releases(): number {
    return Atomics.load(this.#control, FIELD.releases);
  }

  newMemory(pages: number): WasmMemory {
    const api = wasmApi();
    invariant(api !== null, 'a platform with a team has WebAssembly');
    this.#dropped.add(pages * PAGE_BYTES);
    return new api.Memory({ initial: pages, maximum: pages, shared: true });
  }

  run(job: TeamJob, work: (from: number, to: number) => void, turn: Turn): void {
    invariant(!this.#isClosed, 'a closed team runs no job');
    if (this.#isLost) throw teamLost('a team whose helper was lost works no more');
    const control = this.#control;
    const { releases } = this;
    if (this.#ids.get(job.memory) !== this.#memoryId || releases !== this.#releases) {
      this.#releases = releases;
      this.#attach(job.memory);
    }
    const turns = Math.ceil(job.units / job.unitsPerTurn);
    const ticketFirst = Atomics.load(control, FIELD.ticketNext);
    const own = { ticketFirst, turns };
    const { kernel, pointer, roomBytes, rooms, units, unitsPerTurn } = job;
    const shape = { kernel, pointer, units, unitsPerTurn, rooms, roomBytes };
    writeJob(control, { memoryId: this.#memoryId, ...shape, ...own });
    try {
      for (let k = takeTurn(control, own); k >= 0; k = takeTurn(control, own)) {
        const from = k * unitsPerTurn;
        try {
          work(from, Math.min(units, from + unitsPerTurn));
        } finally {
          finishTurns(control, 1);
        }
        turn();
      }
      this.#awaitTurns((ticketFirst + turns) | 0, turn);
    } catch (error) {
      while (takeTurn(control, own) >= 0) finishTurns(control, 1);
      if (!this.#isLost) this.#awaitTurns((ticketFirst + turns) | 0, null);
      throw error;
    }
    const failures = Atomics.exchange(control, FIELD.failures, 0);
    invariant(failures === 0, 'a kernel fails in no thread');
  }

  /** Ends the helpers; resolves once they are gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    Atomics.store(this.#control, FIELD.isClosing, 1);
    Atomics.add(this.#control, FIELD.sequence, 2);
    Atomics.notify(this.#control, FIELD.sequence);
    await Promise.all(this.#helpers.map(({ worker }) => worker.terminate()));
  }

  /** Blocks until all tickets before `end` are done. */
  #awaitTurns(end: number, turn: Turn | null): void {
    const control = this.#control;
    const done = (): number => Atomics.load(control, FIELD.ticketsDone);
    for (let spins = 0; ((end - done()) | 0) > 0; spins++) {
      if (spins > SPINS) return this.#sleepUntil(end, turn);
    }
  }

  #sleepUntil(end: number, turn: Turn | null): void {
    const control = this.#control;
    Atomics.store(control, FIELD.isAwaited, 1);
    try {
      let sleeps = 0;
      for (;;) {
        const known = Atomics.load(control, FIELD.ticketsDone);
        if (((end - known) | 0) <= 0) return;
        const woken = Atomics.wait(control, FIELD.ticketsDone, known, SLEEP_MS);
        sleeps = woken === 'timed-out' ? sleeps + 1 : 0;
        if (sleeps % SLEEPS_BEFORE_LOOK === SLEEPS_BEFORE_LOOK - 1) this.#lookForHelpers(sleeps);
        turn?.();
      }
    } finally {
      Atomics.store(control, FIELD.isAwaited, 0);
    }
  }

  /** Throws if a helper is gone, or has not done anything for long. */
  #lookForHelpers(sleeps: number): void {
    const isGone = this.#helpers.some((_, k) =>
      isThreadGone(Atomics.load(this.#control, FIELD.firstThread + k)),
    );
    if (!isGone && sleeps < SLEEPS_MAX) return;
    this.#isLost = true;
    const got = isGone ? 'its end' : `no progress for ${(SLEEPS_MAX * SLEEP_MS) / 1000} s`;
    throw teamLost(`a helper thread must finish its share, got ${got}`);
  }

  /** Sends the helpers another memory to work on, or takes the last one away from them. */
  #attach(memory: WasmMemory | null): void {
    if (this.#isClosed) return;
    this.#memoryId = (this.#memoryId + 1) | 0;
    if (memory !== null) {
      this.#ids.set(memory, this.#memoryId);
      this.#forgotten.register(memory, this.#memoryId);
    }
    const message: MemoryMessage = { id: this.#memoryId, memory };
    for (const { port } of this.#helpers) port.postMessage(message);
    if (memory !== null) return;
    // A job without turns wakes the helpers up, which then let go of the memory.
    const ticketFirst = Atomics.load(this.#control, FIELD.ticketNext);
    const nothing = { pointer: 0, units: 0, unitsPerTurn: 1, rooms: 0, roomBytes: 0, turns: 0 };
    writeJob(this.#control, {
      ...nothing,
      ticketFirst,
      memoryId: this.#memoryId,
      kernel: 'stage64',
    });
  }
}

function teamLost(message: string, options?: ErrorOptions): OrchestratorError {
  return new OrchestratorError('QUANTUM_TEAM_LOST', message, {}, options);
}

function startHelper(control: Int32Array, module: WasmModule, room: number): Promise<Helper> {
  const { port1, port2 } = new MessageChannel();
  const data: HelperData = { control, room, module, port: port2 };
  // Run from source and from the build alike.
  const file = import.meta.url.endsWith('.ts')
    ? new URL('./helper-thread.ts', import.meta.url)
    : new URL('./helper-thread.js', import.meta.url);
  const worker = new Worker(file, { workerData: data, transferList: [port2] });
  return new Promise((resolve, reject) => {
    worker.once('error', (error) => {
      reject(teamLost('a helper thread must start', { cause: error }));
    });
    port1.once('message', () => {
      worker.unref();
      port1.unref();
      resolve({ worker, port: port1 });
    });
  });
}
