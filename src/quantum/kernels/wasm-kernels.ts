import { bitCount, type Amplitudes, type Controls, type KernelStep } from './kernel-step.ts';
import type { KernelTeam } from './kernel-team.ts';
import type { ChunkWeights, Kernels, Precision, Turn } from './kernels.ts';
import type { KernelStage } from './stage.ts';
import { DENSE_TARGETS_MAX, StepEncoder, type BlockShape } from './step-encoder.ts';
import { runTwin } from './twin-kernels.ts';
import { chunkBitsFor } from './twin-measures.ts';
import type { WasmArena } from './wasm-arena.ts';
import type { KernelName } from './wasm-module.ts';

/** Amplitudes times steps between two turns: some hundred microseconds. */
const WORK_PER_TURN = 2 ** 18;
/** Work on one block between two turns, unless a single step is more: up to four milliseconds. */
const WORK_PER_BLOCK_MAX = 2 ** 23;
/** Bytes of a part whose pages are asked for at once, as in `kernels/touch.as`. */
const TOUCHED_BYTES = 16_384;
/** What they cost: some fifty microseconds where the platform has to find them. */
const TOUCHED_WORK = 2 ** 12;
/** Bytes of a part from which threads ask for its pages together: new memory has to be sent to them first. */
const TOUCHED_SHARED_MIN = 2 ** 21;
/** Work below which waking a thread costs more than it brings: some 70 microseconds of one. */
const WORK_SHARED_MIN = 2 ** 17;

const MODE = { items: 0, blocks: 1, gathered: 2 } as const;

/** Units of a call and what one of them costs, in amplitudes times steps. */
interface Units {
  readonly count: number;
  readonly work: number;
}

/** The kernels in WebAssembly on the amplitudes of an arena. */
export class WasmKernels implements Kernels {
  readonly name = 'wasm';
  readonly amplitudes: Amplitudes;
  readonly threads: number;
  readonly #arena: WasmArena;
  readonly #precision: Precision;
  readonly #team: KernelTeam | null;

  constructor(arena: WasmArena, team: KernelTeam | null) {
    this.#arena = arena;
    this.amplitudes = arena.amplitudes;
    this.#precision = arena.writer.precision;
    this.#team = team;
    this.threads = team?.size ?? 1;
  }

  touch(turn: Turn): void {
    const { head, im, re, words } = this.#arena;
    const { byteLength } = this.amplitudes.re;
    const count = Math.floor(byteLength / TOUCHED_BYTES);
    words.set([re, im, count], head / 4);
    const team = byteLength >= TOUCHED_SHARED_MIN ? this.#team : null;
    this.#call('touch', { count: 2 * count, work: TOUCHED_WORK }, turn, team);
  }

  run(stages: readonly KernelStage[], turn: (stagesDone: number) => void): void {
    for (const [stagesDone, stage] of stages.entries()) {
      let done = 0;
      const stageTurn = (): void => turn(stagesDone);
      while (done < stage.steps.length) done = this.#runSome(stage, done, stageTurn);
    }
  }

  weights(controls: Controls, turn: Turn): ChunkWeights {
    const { qubits } = this.amplitudes;
    const chunkBits = chunkBitsFor(qubits);
    const shift = this.#elementShift;
    const laneBits = 4 - shift;
    const inChunk = controls.controlMask & (2 ** chunkBits - 1);
    const skip = inChunk >>> laneBits;
    const base = (controls.controlValue & inChunk) >>> laneBits;
    const laneMask = inChunk & (2 ** laneBits - 1);
    const lanes = [0, 1, 2, 3].map((word) => {
      const lane = laneBits === 2 ? word : word >> 1;
      return (lane & laneMask) === (controls.controlValue & laneMask) ? -1 : 0;
    });
    const count = 2 ** (chunkBits - laneBits - bitCount(skip));
    const chunks = 2 ** (qubits - chunkBits);
    const out = this.#head([2 ** (chunkBits + shift), skip << 4, base << 4, count], lanes);
    this.#call('weights', { count: chunks, work: 2 ** chunkBits }, turn);
    const sums = new Float64Array(this.#arena.memory.buffer, out, chunks).slice();
    const highMask = controls.controlMask - inChunk;
    const highValue = controls.controlValue & highMask;
    for (let chunk = 0; chunk < chunks; chunk++) {
      if (((chunk * 2 ** chunkBits) & highMask) !== highValue) sums[chunk] = 0;
    }
    return { chunkBits, sums };
  }

  pauli(x: number, z: number, turn: Turn): readonly [re: number, im: number] {
    const { qubits } = this.amplitudes;
    const chunkBits = chunkBitsFor(qubits);
    const chunks = 2 ** (qubits - chunkBits);
    const out = this.#head([2 ** chunkBits, x, z, 0], []);
    this.#call('pauli', { count: chunks, work: 2 ** chunkBits }, turn);
    const pairs = new Float64Array(this.#arena.memory.buffer, out, 2 * chunks);
    let re = 0;
    let im = 0;
    for (let k = 0; k < pairs.length; k += 2) {
      re += pairs[k];
      im += pairs[k + 1];
    }
    return [re, im];
  }

  get #elementShift(): number {
    return this.#precision === 'f64' ? 3 : 2;
  }

  /** Writes the fields of a sum's job; returns where its results will be. */
  #head(fields: readonly number[], lanes: readonly number[]): number {
    const { head, im, programEnd, re, words } = this.#arena;
    // The results may fill what otherwise is the program.
    const out = programEnd / 2;
    words.set([re, im, ...fields, out, 0, ...lanes], head / 4);
    return out;
  }

  /** Encodes as many steps from `begin` as fit, runs them, and returns where it got to. */
  #runSome(stage: KernelStage, begin: number, turn: Turn): number {
    const { steps } = stage;
    const { writer } = this.#arena;
    const isSingle = steps.length === 1;
    const { qubits } = this.amplitudes;
    const shape = isSingle ? wholeShape(qubits) : blockShape(stage, qubits);
    const encoder = new StepEncoder(writer, shape);
    writer.clear();
    let end = begin;
    let work = 0;
    for (; end < steps.length; end++) {
      const more = workOf(steps[end]) * 2 ** shape.localBits;
      const bytes = encodedBytes(steps[end]);
      if (isForTwin(steps[end]) || bytes > writer.free) break;
      if (end > begin && work + more > WORK_PER_BLOCK_MAX) break;
      encoder.encode(steps[end]);
      work += more;
    }
    if (end === begin) {
      runTwin(this.amplitudes, steps[begin], turn);
      return begin + 1;
    }
    if (isSingle) this.#runItems(steps[begin], turn);
    else this.#runBlocks(stage, shape, work, turn);
    return end;
  }

  #stage(mode: number, shape: { localBits: number; lowBits: number; highMask: number }): void {
    const { head, im, re, words } = this.#arena;
    words.set([re, im, mode, shape.localBits, shape.lowBits, shape.highMask], head / 4);
  }

  /** A step alone: its items are the units. */
  #runItems(step: KernelStep, turn: Turn): void {
    const { head, words, writer } = this.#arena;
    const { qubits } = this.amplitudes;
    this.#stage(MODE.items, { localBits: qubits, lowBits: qubits, highMask: 0 });
    for (const at of writer.steps) {
      words.set([1, at], head / 4 + 6);
      const count = words[at / 4 + 4];
      const amplitudes = 2 ** (qubits - bitCount(step.controlMask));
      this.#call('stage', { count, work: (amplitudes * workOf(step)) / count }, turn);
    }
  }

  #runBlocks(stage: KernelStage, shape: BlockShape, work: number, turn: Turn): void {
    const { head, words, writer } = this.#arena;
    const { localBits } = shape;
    const isContiguous = stage.highMask + 2 ** stage.lowBits === 2 ** localBits;
    const mode = isContiguous ? MODE.blocks : MODE.gathered;
    const lowBits = isContiguous ? localBits : stage.lowBits;
    const highMask = isContiguous ? 0 : stage.highMask;
    this.#stage(mode, { localBits, lowBits, highMask });
    words.set([writer.steps.length, writer.steps[0]], head / 4 + 6);
    const count = 2 ** (this.amplitudes.qubits - localBits);
    this.#call('stage', { count, work }, turn);
  }

  #call(
    name: 'stage' | 'weights' | 'pauli' | 'touch',
    units: Units,
    turn: Turn,
    team: KernelTeam | null = this.#team,
  ): void {
    const { head, kernels, memory, roomBytes, rooms } = this.#arena;
    const kernel: KernelName =
      name === 'touch' ? name : `${name}${this.#precision === 'f64' ? '64' : '32'}`;
    const run = kernels[kernel];
    const work = (from: number, to: number): void => run(head, from, to, rooms);
    const { count } = units;
    const turns = powerBelow(WORK_PER_TURN / units.work);
    if (team === null || count === 1 || count * units.work < WORK_SHARED_MIN) {
      for (let from = 0; from < count; from += turns) {
        work(from, Math.min(count, from + turns));
        turn();
      }
      return;
    }
    const unitsPerTurn = Math.min(turns, powerBelow(count / (this.threads * 4)));
    team.run(
      { memory, kernel, pointer: head, units: count, unitsPerTurn, rooms, roomBytes },
      work,
      turn,
    );
  }
}

/** The largest power of two that is no larger, but at least 1: kernels take units in pairs where they can. */
function powerBelow(x: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(x)));
}

/** What a step costs an amplitude, in the cheapest steps: measured, for matrices of eight rows and more by far. */
function workOf(step: KernelStep): number {
  if (step.kind !== 'dense') return 1;
  const { rows } = step.matrix;
  return rows === 2 ? 1 : rows === 4 ? 3 : 2 * rows;
}

/** Steps whose matrix is larger than the kernels take. */
function isForTwin(step: KernelStep): boolean {
  return step.kind === 'dense' && step.targets.length > DENSE_TARGETS_MAX;
}

/** Bytes that a step takes at most once encoded. */
function encodedBytes(step: KernelStep): number {
  const fields = 1024;
  if (step.kind === 'dense') return fields + 20 * step.matrix.rows ** 2;
  if (step.kind !== 'diagonal') return fields;
  return [step.row, ...step.outer].reduce((sum, { re }) => sum + 16 * re.length + 512, fields);
}

function wholeShape(qubits: number): BlockShape {
  return {
    localBits: qubits,
    placeOf: Int8Array.from({ length: 32 }, (_, k) => (k < qubits ? k : -1)),
  };
}

/** Low qubits keep their places within a block; the others follow in order. */
function blockShape({ highMask, lowBits }: KernelStage, qubits: number): BlockShape {
  const placeOf = new Int8Array(32).fill(-1);
  let place = 0;
  for (let qubit = 0; qubit < qubits; qubit++) {
    if (qubit < lowBits || (highMask >>> qubit) & 1) placeOf[qubit] = place++;
  }
  return { localBits: place, placeOf };
}
