/**
 * What a team's threads share beside the amplitudes: the job at hand, and counters to divide it by.
 *
 * A job's turns have tickets that follow on those of the job before. A thread takes a ticket by comparing
 * and exchanging, so that one which is late can neither take nor waste a ticket of a later job. Tickets
 * wrap at 32 bits; only differences count.
 */
import type { KernelName } from '../../../quantum/kernels/wasm-module.ts';

/** Fields of the control block, each a 32-bit integer. */
export const FIELD = {
  /** Odd while the job's fields are being written; a new even number for each job. */
  sequence: 0,
  memoryId: 1,
  kernel: 2,
  pointer: 3,
  units: 4,
  unitsPerTurn: 5,
  rooms: 6,
  roomBytes: 7,
  ticketFirst: 8,
  turns: 9,
  /** The next ticket to take. */
  ticketNext: 10,
  /** Tickets done so far, over all jobs. */
  ticketsDone: 11,
  /** Other than 0 once a helper failed. */
  failures: 12,
  /** Other than 0 once helpers shall end. */
  isClosing: 13,
  /** Other than 0 while the caller sleeps until tickets are done. */
  isAwaited: 14,
  /** How often a helper has let go of its memory. */
  releases: 15,
  /** The native thread of the first helper, or 0; those of the others follow. */
  firstThread: 16,
} as const;

/** Threads beyond which the memory's bandwidth is all used. */
export const TEAM_SIZE_MAX = 16;

export const FIELD_COUNT: number = FIELD.firstThread + TEAM_SIZE_MAX;

export const KERNEL_NAMES: readonly KernelName[] = [
  'stage64',
  'stage32',
  'weights64',
  'weights32',
  'pauli64',
  'pauli32',
  'touch',
];

/** A consistent copy of a job's fields. */
export interface ControlJob {
  readonly sequence: number;
  readonly memoryId: number;
  readonly kernel: KernelName;
  readonly pointer: number;
  readonly units: number;
  readonly unitsPerTurn: number;
  readonly rooms: number;
  readonly roomBytes: number;
  readonly ticketFirst: number;
  readonly turns: number;
}

/** The job of an even sequence, or null if it changed while it was read. */
export function readJob(control: Int32Array, sequence: number): ControlJob | null {
  const field = (at: number): number => Atomics.load(control, at);
  const job: ControlJob = {
    sequence,
    memoryId: field(FIELD.memoryId),
    kernel: KERNEL_NAMES[field(FIELD.kernel)] ?? 'stage64',
    pointer: field(FIELD.pointer),
    units: field(FIELD.units),
    unitsPerTurn: field(FIELD.unitsPerTurn),
    rooms: field(FIELD.rooms),
    roomBytes: field(FIELD.roomBytes),
    ticketFirst: field(FIELD.ticketFirst),
    turns: field(FIELD.turns),
  };
  return sequence % 2 === 0 && field(FIELD.sequence) === sequence ? job : null;
}

/** Publishes a job and wakes those who sleep. */
export function writeJob(control: Int32Array, job: Omit<ControlJob, 'sequence'>): void {
  Atomics.add(control, FIELD.sequence, 1);
  Atomics.store(control, FIELD.memoryId, job.memoryId);
  Atomics.store(control, FIELD.kernel, KERNEL_NAMES.indexOf(job.kernel));
  Atomics.store(control, FIELD.pointer, job.pointer);
  Atomics.store(control, FIELD.units, job.units);
  Atomics.store(control, FIELD.unitsPerTurn, job.unitsPerTurn);
  Atomics.store(control, FIELD.rooms, job.rooms);
  Atomics.store(control, FIELD.roomBytes, job.roomBytes);
  Atomics.store(control, FIELD.ticketFirst, job.ticketFirst);
  Atomics.store(control, FIELD.turns, job.turns);
  Atomics.add(control, FIELD.sequence, 1);
  Atomics.notify(control, FIELD.sequence);
}

/** Takes the job's next turn: its number, or −1 when none is left. */
export function takeTurn(
  control: Int32Array,
  job: Pick<ControlJob, 'ticketFirst' | 'turns'>,
): number {
  for (;;) {
    const ticket = Atomics.load(control, FIELD.ticketNext);
    const turn = (ticket - job.ticketFirst) | 0;
    if (turn < 0 || turn >= job.turns) return -1;
    const next = (ticket + 1) | 0;
    if (Atomics.compareExchange(control, FIELD.ticketNext, ticket, next) === ticket) return turn;
  }
}

/** Reports turns as done, and wakes the caller if it waits for them. */
export function finishTurns(control: Int32Array, count: number): void {
  Atomics.add(control, FIELD.ticketsDone, count);
  // Who is about to sleep has said so before it looked at the tickets for the last time.
  if (Atomics.load(control, FIELD.isAwaited) !== 0) Atomics.notify(control, FIELD.ticketsDone);
}
