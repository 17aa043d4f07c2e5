/**
 * Writes steps the way the WebAssembly kernels read them; `kernels/layout.as` has the fields.
 *
 * A bit of an amplitude's index is *low* when it tells lanes of one vector apart, and *outside* when it
 * is the same in a whole block.
 */
import { invariant } from '../../base/invariant.ts';
import {
  bitCount,
  type Controls,
  type DenseStep,
  type DiagonalStep,
  type KernelStep,
  type PhaseTable,
} from './kernel-step.ts';
import type { ProgramWriter } from './program-writer.ts';

/** Numbers of the kernels, as in `kernels/stage.as`. */
const KERNEL = {
  denseHigh: 0,
  realHigh: 1,
  denseLow: 2,
  realLow: 3,
  denseHighHigh: 4,
  denseHighLow: 5,
  denseLowLow: 6,
  denseMany: 7,
  exchange: 8,
  exchangeLanes: 9,
  flipLanes: 10,
  scale: 11,
  diagonal: 12,
} as const;

/** Qubits of a matrix that the kernels take; larger ones are left to the twin. */
export const DENSE_TARGETS_MAX = 8;

/** Where the qubits' bits are within a block. */
export interface BlockShape {
  readonly localBits: number;
  /** The bit of an amplitude's place in its block for each qubit, or −1 for those outside. */
  readonly placeOf: Int8Array;
}

/** The fields that all steps have, in bytes of one part's array. */
interface Frame {
  /** Bits ≥ those of a vector that are fixed, and their value. */
  skip: number;
  base: number;
  laneMask: number;
  laneValue: number;
  blockMask: number;
  blockValue: number;
}

interface Call {
  readonly kernel: number;
  readonly data?: number;
  readonly a?: number;
  readonly b?: number;
  readonly variant?: number;
  /** log2 of the bytes of one item; 4 for vectors. */
  readonly itemShift?: number;
}

/** Complex vectors, one entry for each lane. */
type LaneEntry = (lane: number) => readonly [re: number, im: number];

export class StepEncoder {
  readonly #writer: ProgramWriter;
  readonly #shape: BlockShape;
  readonly #laneBits: number;
  readonly #elementShift: number;

  constructor(writer: ProgramWriter, shape: BlockShape) {
    this.#writer = writer;
    this.#shape = shape;
    this.#elementShift = writer.precision === 'f64' ? 3 : 2;
    this.#laneBits = 4 - this.#elementShift;
  }

  /** Writes a step; `next` is linked by the writer. A swap of low qubits becomes three flips. */
  encode(step: KernelStep): void {
    const frame = this.#frame(step);
    switch (step.kind) {
      case 'dense':
        this.#dense(step, frame);
        return;
      case 'flip':
        this.#flip(step.target, frame);
        return;
      case 'swap':
        this.#swap(step.targets, step, frame);
        return;
      case 'scale': {
        const { re, im } = step;
        const data = this.#lanes([(lane) => (this.#isActive(frame, lane) ? [re, im] : [1, 0])]);
        this.#call(frame, { kernel: KERNEL.scale, data });
        return;
      }
      case 'diagonal':
        this.#diagonal(step, frame);
        return;
    }
  }

  #frame({ controlMask, controlValue }: Controls): Frame {
    const frame: Frame = {
      skip: 0,
      base: 0,
      laneMask: 0,
      laneValue: 0,
      blockMask: 0,
      blockValue: 0,
    };
    for (let rest = controlMask; rest !== 0; rest &= rest - 1) {
      const qubit = 31 - Math.clz32(rest & -rest);
      const value = (controlValue >>> qubit) & 1;
      const place = this.#shape.placeOf[qubit];
      if (place < 0) {
        frame.blockMask |= 1 << qubit;
        frame.blockValue |= value << qubit;
      } else if (place < this.#laneBits) {
        frame.laneMask |= 1 << place;
        frame.laneValue |= value << place;
      } else {
        frame.skip |= 1 << (place + this.#elementShift);
        frame.base |= value << (place + this.#elementShift);
      }
    }
    return frame;
  }

  #isActive({ laneMask, laneValue }: Frame, lane: number): boolean {
    return (lane & laneMask) === laneValue;
  }

  #place(qubit: number): number {
    const place = this.#shape.placeOf[qubit];
    invariant(place >= 0, 'a target is within its block');
    return place;
  }

  #offset(place: number): number {
    return 2 ** (place + this.#elementShift);
  }

  #call(frame: Frame, call: Call): void {
    const itemShift = call.itemShift ?? 4;
    const fixed = bitCount(frame.skip & ~((1 << itemShift) - 1));
    const count = 2 ** (this.#shape.localBits + this.#elementShift - itemShift - fixed);
    this.#writer.step([
      call.kernel,
      0,
      frame.skip,
      frame.base,
      count,
      call.a ?? 0,
      call.b ?? 0,
      frame.blockMask,
      frame.blockValue,
      call.data ?? 0,
      call.variant ?? 0,
    ]);
  }

  /** Writes vectors of real parts and of imaginary parts, one pair for each entry. */
  #lanes(entries: readonly LaneEntry[]): number {
    const lanes = 1 << this.#laneBits;
    const values = new Float64Array(2 * lanes * entries.length);
    for (const [k, entry] of entries.entries()) {
      for (let lane = 0, at = 2 * lanes * k; lane < lanes; lane++, at++) {
        const [re, im] = entry(lane);
        values[at] = re;
        values[at + lanes] = im;
      }
    }
    return this.#writer.floats(values);
  }

  #dense(step: DenseStep, frame: Frame): void {
    if (step.targets.length === 1) this.#denseOne(step, frame);
    else if (step.targets.length === 2) this.#denseTwo(step, frame);
    else this.#denseMany(step, frame);
  }

  #denseOne({ matrix: { re, im }, targets }: DenseStep, frame: Frame): void {
    const isReal = im.every((value) => value === 0);
    const place = this.#place(targets[0]);
    const active = (lane: number): boolean => this.#isActive(frame, lane);
    if (place >= this.#laneBits) {
      const entries = Array.from(re, (_, k): LaneEntry => {
        const off: readonly [number, number] = k === 0 || k === 3 ? [1, 0] : [0, 0];
        return (lane) => (active(lane) ? [re[k], im[k]] : off);
      });
      const a = this.#offset(place);
      const kernel = isReal ? KERNEL.realHigh : KERNEL.denseHigh;
      const data = this.#lanes(entries);
      this.#call({ ...frame, skip: frame.skip | a }, { kernel, a, data });
      return;
    }
    const entry =
      (flip: number): LaneEntry =>
      (lane) => {
        if (!active(lane)) return flip === 0 ? [1, 0] : [0, 0];
        const row = (lane >> place) & 1;
        const at = row * 2 + (row ^ flip);
        return [re[at], im[at]];
      };
    const kernel = isReal ? KERNEL.realLow : KERNEL.denseLow;
    this.#call(frame, { kernel, variant: place + 1, data: this.#lanes([entry(0), entry(1)]) });
  }

  #denseTwo(step: DenseStep, frame: Frame): void {
    const places = step.targets.map((qubit) => this.#place(qubit));
    const high = places.filter((place) => place >= this.#laneBits);
    // Entries of the matrix as lanes see them: `row` and `column` come without the low qubits' bits.
    const entry =
      (row: number, column: number, flip: number): LaneEntry =>
      (lane) => {
        if (!this.#isActive(frame, lane)) return row === column && flip === 0 ? [1, 0] : [0, 0];
        const at = lowState(places, lane) | row;
        const from = lowState(places, lane ^ flip) | column;
        return [step.matrix.re[at * 4 + from], step.matrix.im[at * 4 + from]];
      };
    const lowState = (all: readonly number[], lane: number): number =>
      all.reduce(
        (state, place, k) =>
          place < this.#laneBits ? state | (((lane >> place) & 1) << k) : state,
        0,
      );
    const skip = high.reduce((mask, place) => mask | this.#offset(place), frame.skip);
    if (high.length === 2) {
      const entries: LaneEntry[] = [];
      for (let at = 0; at < 16; at++) entries.push(entry(at >> 2, at & 3, 0));
      const [a, b] = high.map((place) => this.#offset(place));
      const data = this.#lanes(entries);
      this.#call({ ...frame, skip }, { kernel: KERNEL.denseHighHigh, a, b, data });
    } else if (high.length === 1) {
      const low = places.find((place) => place < this.#laneBits) as number;
      const one = 1 << places.indexOf(high[0]);
      const flip = 1 << low;
      const rows = [0, one].flatMap((row) =>
        [0, one].flatMap((column) => [entry(row, column, 0), entry(row, column, flip)]),
      );
      const data = this.#lanes(rows);
      const a = this.#offset(high[0]);
      const variant = low + 1;
      this.#call({ ...frame, skip }, { kernel: KERNEL.denseHighLow, a, variant, data });
    } else {
      const data = this.#lanes([0, 1, 2, 3].map((flip) => entry(0, 0, flip)));
      this.#call(frame, { kernel: KERNEL.denseLowLow, data });
    }
  }

  #denseMany({ matrix, targets }: DenseStep, frame: Frame): void {
    const shift = this.#elementShift;
    const places = targets.map((qubit) => this.#place(qubit));
    const offsets = Array.from({ length: matrix.rows }, (_, row) =>
      places.reduce((sum, place, k) => sum + ((row >> k) & 1) * this.#offset(place), 0),
    );
    const data = this.#writer.matrix(offsets, matrix);
    const targetBits = places.reduce((mask, place) => mask | this.#offset(place), 0);
    const skip = frame.skip | targetBits | (frame.laneMask << shift);
    const base = frame.base | (frame.laneValue << shift);
    this.#call({ ...frame, skip, base }, { kernel: KERNEL.denseMany, data, itemShift: shift });
  }

  #flip(target: number, frame: Frame): void {
    const place = this.#place(target);
    const a = 0;
    const b = this.#offset(place);
    if (place < this.#laneBits) {
      const variant = place + 1;
      const data = this.#laneMask(frame);
      this.#call(frame, { kernel: KERNEL.flipLanes, variant, data });
      return;
    }
    this.#exchange({ ...frame, skip: frame.skip | b }, a, b);
  }

  #exchange(frame: Frame, a: number, b: number): void {
    if (frame.laneMask === 0) this.#call(frame, { kernel: KERNEL.exchange, a, b });
    else {
      this.#call(frame, { kernel: KERNEL.exchangeLanes, a, b, data: this.#laneMask(frame) });
    }
  }

  /** A vector whose active lanes have all bits set. */
  #laneMask(frame: Frame): number {
    const words: number[] = [];
    for (let word = 0; word < 4; word++) {
      const lane = this.#laneBits === 2 ? word : word >> 1;
      words.push(this.#isActive(frame, lane) ? -1 : 0);
    }
    return this.#writer.words(words);
  }

  #swap(targets: readonly [number, number], controls: Controls, frame: Frame): void {
    const [first, second] = targets;
    const places = [this.#place(first), this.#place(second)];
    if (places.every((place) => place >= this.#laneBits)) {
      const [a, b] = places.map((place) => this.#offset(place));
      this.#exchange({ ...frame, skip: frame.skip | a | b }, a, b);
      return;
    }
    const outer = { controlMask: 1 << second, controlValue: 1 << second };
    const inner = {
      controlMask: controls.controlMask | (1 << first),
      controlValue: controls.controlValue | (1 << first),
    };
    this.#flip(first, this.#frame(outer));
    this.#flip(second, this.#frame(inner));
    this.#flip(first, this.#frame(outer));
  }

  #diagonal(step: DiagonalStep, frame: Frame): void {
    invariant(frame.laneMask === 0, 'controls of a diagonal leave the lowest qubits alone');
    const rowShift = step.rowBits + this.#elementShift;
    const tables = [step.row, ...step.outer];
    const words = [1 << rowShift, tables.length];
    for (const table of tables)
      words.push(...this.#table(table, table === step.row ? step.rowBits : 0));
    const data = this.#writer.words(words);
    const variant = step.outer.length === 0 ? 1 : isOnes(step.row) ? 2 : 0;
    this.#call(frame, { kernel: KERNEL.diagonal, data, variant, itemShift: rowShift });
  }

  /** A table's description, and its entries. The first `rowBits` qubits are walked, not looked up. */
  #table(table: PhaseTable, rowBits: number): number[] {
    const local: number[] = [];
    const outside: number[] = [];
    for (const [k, qubit] of table.qubits.entries()) {
      if (k < rowBits) continue;
      const place = this.#shape.placeOf[qubit];
      if (place < 0) outside.push(qubit, k + this.#elementShift);
      else local.push(place + this.#elementShift, k + this.#elementShift);
    }
    const re = this.#writer.floats(table.re);
    const im = this.#writer.floats(table.im);
    return [re, im, local.length / 2, outside.length / 2, ...local, ...outside];
  }
}

function isOnes({ im, re }: PhaseTable): boolean {
  return re.every((value) => value === 1) && im.every((value) => value === 0);
}
