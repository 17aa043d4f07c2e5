/** What may change places in a circuit, and what may not. */
import { invariant } from '../../base/invariant.ts';
import type { Operation } from '../circuit/operation.ts';
import { qubitsOf } from './cost.ts';
import { lookEvery, type Look } from './look.ts';

/** Whether nothing behind an operation in its list is reached. */
export function isWayOut({ kind }: Operation): boolean {
  return kind === 'break' || kind === 'continue' || kind === 'end';
}

/** Whether an operation may leave its surroundings: then nothing may move past it. */
export function mayLeave(operation: Operation): boolean {
  switch (operation.kind) {
    case 'break':
    case 'continue':
    case 'end':
      return true;
    case 'if':
      return [...operation.then, ...operation.otherwise].some(mayLeave);
    case 'while':
      return operation.body.some(mayEnd);
    default:
      return false;
  }
}

/** Whether an operation may end the circuit: the other ways out lead no further than out of their loop. */
function mayEnd(operation: Operation): boolean {
  switch (operation.kind) {
    case 'end':
      return true;
    case 'if':
      return [...operation.then, ...operation.otherwise].some(mayEnd);
    case 'while':
      return operation.body.some(mayEnd);
    default:
      return false;
  }
}

/** Stands for what is not unitary, beside the numbers of qubits. */
const CLASSICAL = -1;
/** Stands for a number that no key was asked for yet. */
const UNKNOWN = -2;

/** What an operation keeps its place on. */
function keysOf(operation: Operation): readonly number[] {
  const qubits = qubitsOf(operation);
  return operation.kind === 'gate' || operation.kind === 'unitary'
    ? qubits
    : [...qubits, CLASSICAL];
}

/**
 * Goes through operations in another order, and throws where that might do something else.
 *
 * Every qubit must see the same operations in the same order, and so must classical values; nothing may
 * move past a way out. Global phases may stand anywhere, or be left out.
 */
export class OrderCheck {
  readonly #given: readonly Operation[];
  /** Numbers of what is still to come, by what it keeps its place on; the next is last. */
  readonly #queues = new Map<number, number[]>();
  #done = 0;
  #farthest = -1;

  constructor(given: readonly Operation[], look: Look) {
    this.#given = given.filter(({ kind }) => kind !== 'global-phase');
    for (let i = this.#given.length - 1; i >= 0; i--) {
      lookEvery(i, look);
      for (const key of keysOf(this.#given[i])) {
        const queue = this.#queues.get(key);
        if (queue === undefined) this.#queues.set(key, [i]);
        else queue.push(i);
      }
    }
  }

  /** The operation that comes next in the other order. */
  take(operation: Operation): void {
    if (operation.kind === 'global-phase') return;
    let i = UNKNOWN;
    let isNext = true;
    for (const key of keysOf(operation)) {
      const next = this.#queues.get(key)?.pop() ?? -1;
      isNext &&= i === UNKNOWN || i === next;
      i = next;
    }
    isNext &&= i >= 0 && this.#given[i] === operation;
    invariant(isNext, 'operations keep their order on every qubit, and classical ones keep theirs');
    const isKept = !mayLeave(operation) || (this.#done === i && this.#farthest < i);
    invariant(isKept, 'nothing moves past a way out');
    this.#farthest = Math.max(this.#farthest, i);
    this.#done++;
  }

  /** After the last one. */
  finish(): void {
    invariant(this.#done === this.#given.length, 'no operation is left out');
  }
}
