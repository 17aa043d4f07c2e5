/** A helper of a team: sleeps until there is a job, works on its turns, and sleeps again. */
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import type { WasmMemory, WasmModule } from '../../../quantum/kernels/wasm-api.ts';
import { instantiateKernels, type WasmKernelSet } from '../../../quantum/kernels/wasm-module.ts';
import { DroppedMemory } from './dropped-memory.ts';
import { nativeThreadId } from './native-thread.ts';
import { FIELD, finishTurns, readJob, takeTurn, type ControlJob } from './team-control.ts';

/** What a helper is given when it starts. */
export interface HelperData {
  readonly control: Int32Array;
  /** Its room among those of the memory; the caller's is 0. */
  readonly room: number;
  readonly module: WasmModule;
  readonly port: MessagePort;
}

/** The memory to work on from now on; null drops the last one. */
export interface MemoryMessage {
  readonly id: number;
  readonly memory: WasmMemory | null;
}

/** Looks at the next job this often before it sleeps: about as long as waking up takes. */
const SPINS = 4000;
/** Without a job for so long it lets go of the memory that it worked on. */
const IDLE_MS = 500;

const { control, module, port, room } = workerData as HelperData;
let attached: { readonly id: number; readonly kernels: WasmKernelSet } | null = null;
const dropped = new DroppedMemory();

/** The kernels on the memory with this id; null if it has been replaced already. */
function kernelsOn(memoryId: number): WasmKernelSet | null {
  if (attached?.id === memoryId) return attached.kernels;
  attached = null;
  const newest = newestMemory();
  const memory = newest?.id === memoryId ? newest.memory : null;
  if (memory === null) {
    dropped.collect();
    return null;
  }
  attached = { id: memoryId, kernels: instantiateKernels(module, memory) };
  return attached.kernels;
}

function newestMemory(): MemoryMessage | null {
  let newest: MemoryMessage | null = null;
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return newest;
    newest = received.message as MemoryMessage;
    dropped.add(newest.memory?.buffer.byteLength ?? 0);
  }
}

function work(job: ControlJob): void {
  const kernels = kernelsOn(job.memoryId);
  if (kernels === null) return;
  const kernel = kernels[job.kernel];
  for (;;) {
    const turn = takeTurn(control, job);
    if (turn < 0) return;
    const from = turn * job.unitsPerTurn;
    const to = Math.min(job.units, from + job.unitsPerTurn);
    try {
      kernel(job.pointer, from, to, job.rooms + room * job.roomBytes);
    } catch {
      // The caller throws for it; without this it would wait for ever.
      Atomics.store(control, FIELD.failures, 1);
    }
    finishTurns(control, 1);
  }
}

function sleepUntilJob(seen: number): void {
  const waitMs = attached === null ? Infinity : IDLE_MS;
  if (Atomics.wait(control, FIELD.sequence, seen, waitMs) !== 'timed-out') return;
  attached = null;
  // The caller sends the memory again: what it posts until it sees this is done without this helper.
  Atomics.add(control, FIELD.releases, 1);
  dropped.collect();
}

function serve(): void {
  let seen = 0;
  let spins = 0;
  while (Atomics.load(control, FIELD.isClosing) === 0) {
    const sequence = Atomics.load(control, FIELD.sequence);
    if (sequence === seen) {
      if (spins++ > SPINS) sleepUntilJob(seen);
      continue;
    }
    const job = readJob(control, sequence);
    if (job === null) continue;
    seen = sequence;
    spins = 0;
    work(job);
  }
}

Atomics.store(control, FIELD.firstThread + room - 1, nativeThreadId());
port.postMessage('ready');
serve();
