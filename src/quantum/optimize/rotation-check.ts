/**
 * Whether two circuits are one unitary, by their rotations about strings of Paulis; for any size.
 *
 * Shares with the optimizer only how named gates are taken apart: circuits are read without any
 * cancellation, and each is brought to a form in which equal ones agree up to the order of what commutes.
 * "No" means that no agreement was found: other forms of one unitary exist, by re-synthesis of pairs
 * for example.
 */
import type { Operation } from '../circuit/operation.ts';
import { quarterTurns } from '../synthesis/axis.ts';
import type { GateSink } from '../synthesis/gate-sink.ts';
import { lower } from './lower.ts';
import { conjugateRow, PauliFrame, rowsAnticommute, type PauliRows } from './pauli-frame.ts';
import { ANGLE_EPSILON } from '../synthesis/quaternion.ts';
import type { RotationList } from './rotation-form.ts';
import { throwIfCanceled, UNWATCHED, type Watch } from '../watch.ts';

/** Steps after which the comparison gives up. */
const STEPS_MAX = 300_000_000;

/** e^{−i·angle/2·P} for a string P: one row, its sign in the angle. */
interface StringTurn extends PauliRows {
  readonly row: 0;
  angle: number;
  /** Hash of the string. */
  key: number;
}

/** Reading a gate is as much work as so many comparisons. */
const STEPS_TO_LOWER = 100;
/** Taking a turn past another is as much work as so many comparisons. */
const STEPS_TO_PASS = 4;
/** Steps between two looks at the watch. */
const STEPS_BETWEEN = 50_000;

class Budget {
  readonly #watch: Watch;
  #left = STEPS_MAX;
  #untilLook = STEPS_BETWEEN;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** True once used up. */
  spend(steps: number): boolean {
    this.#left -= steps;
    this.look(steps);
    return this.#left < 0;
  }

  /** Counts steps that are not bounded, and looks at the watch after many of them. */
  look(steps: number): void {
    this.#untilLook -= steps;
    if (this.#untilLook >= 0) return;
    this.#untilLook = STEPS_BETWEEN;
    throwIfCanceled(this.#watch);
  }
}

/** Quarter turns taken out of any angle, so that the rest is in (−π/4, π/4]. */
function canonical(angle: number): { readonly quarters: number; readonly rest: number } {
  const nearest = Math.round(angle / (Math.PI / 2));
  const rest = angle - (nearest * Math.PI) / 2;
  if (Math.abs(rest) < ANGLE_EPSILON) return { quarters: nearest & 3, rest: 0 };
  return rest < 1e-9 - Math.PI / 4
    ? { quarters: (nearest - 1) & 3, rest: rest + Math.PI / 2 }
    : { quarters: nearest & 3, rest };
}

function keyOf(x: Int32Array, z: Int32Array): number {
  let hash = 0x811c9dc5;
  for (let w = 0; w < x.length; w++) {
    hash = Math.imul(hash ^ x[w], 0x01000193);
    hash = Math.imul(hash ^ z[w] ^ (hash >>> 15), 0x01000193);
  }
  return hash;
}

function isSameString(s: StringTurn, t: StringTurn): boolean {
  if (s.key !== t.key) return false;
  for (let w = 0; w < s.x.length; w++) if (s.x[w] !== t.x[w] || s.z[w] !== t.z[w]) return false;
  return true;
}

function doCommute(s: StringTurn, t: StringTurn): boolean {
  return !rowsAnticommute(s, 0, t);
}

/** Rotations that have been read, none of which a Clifford and no two of which can merge. */
class RotationReader implements GateSink {
  readonly turns: StringTurn[] = [];
  /** The Clifford that follows all of them. */
  frame: PauliFrame;
  isComplete = true;
  readonly #budget: Budget;
  readonly #at: Int32Array;

  constructor(qubits: number, budget: Budget) {
    this.frame = new PauliFrame(qubits);
    this.#budget = budget;
    this.#at = Int32Array.from({ length: qubits }, (_, k) => k);
  }

  local(qubit: number, clifford: number): void {
    this.frame.local(this.#at[qubit], clifford);
  }

  controlledPauli(first: number, p: number, second: number, q: number): void {
    this.frame.controlledPauli(this.#at[first], p, this.#at[second], q);
  }

  swap(first: number, second: number): void {
    const kept = this.#at[first];
    this.#at[first] = this.#at[second];
    this.#at[second] = kept;
  }

  rotate(qubit: number, axis: number, angle: number): void {
    const { quarters, rest } = canonical(angle);
    const k = this.#at[qubit];
    this.frame.local(k, quarterTurns(axis, quarters));
    if (rest === 0 || !this.isComplete) return;
    const { words } = this.frame;
    const x = new Int32Array(words);
    const z = new Int32Array(words);
    const minus = this.frame.read(k, axis, { x, z, at: 0 });
    const signed = minus === 1 ? -rest : rest;
    const key = keyOf(x, z);
    this.#insert({ words, x, z, sign: new Uint8Array(1), row: 0, angle: signed, key }, [], 0);
  }

  /** Reads rotations and a Clifford as they stand, instead of operations. */
  static of(list: RotationList, budget: Budget): RotationReader {
    const reader = new RotationReader(list.frame.qubits, budget);
    const { words, count } = list;
    const turns = Array.from({ length: count }, (_, i): StringTurn => {
      budget.look(STEPS_TO_LOWER);
      const x = list.x.slice(i * words, (i + 1) * words);
      const z = list.z.slice(i * words, (i + 1) * words);
      const angle = list.angle[i];
      return { words, x, z, sign: new Uint8Array(1), row: 0, angle, key: keyOf(x, z) };
    });
    reader.frame = list.frame.copy();
    for (const [n, turn] of turns.entries()) reader.#insert(turn, turns, n + 1);
    reader.finish();
    return reader;
  }

  /** Ends reading: names of wires become a permutation, and what merges by now is merged. */
  finish(): void {
    const wires = new Int32Array(this.#at.length);
    for (let k = 0; k < this.#at.length; k++) wires[this.#at[k]] = k;
    this.frame.permute(wires);
    // What has merged into a Clifford, or into nothing, no longer stands between others.
    for (let before = Infinity; this.turns.length < before && this.isComplete;) {
      before = this.turns.length;
      const left = this.turns.splice(0);
      for (const [n, turn] of left.entries()) this.#insert(turn, left, n + 1);
    }
  }

  /** Adds a turn after those read; `list` from `next` on comes after it, before the frame. */
  #insert(turn: StringTurn, list: readonly StringTurn[], next: number): void {
    const { turns } = this;
    const { quarters, rest } = canonical(turn.angle);
    turn.angle = rest;
    if (quarters !== 0) this.#pass(turn, quarters, list, next);
    for (let i = turns.length - 1; i >= 0; i--) {
      const earlier = turns[i];
      if (isSameString(earlier, turn)) {
        this.#merge(i, turn, list, next);
        return;
      }
      if (this.#budget.spend(turn.words)) {
        this.isComplete = false;
        return;
      }
      if (!doCommute(earlier, turn)) break;
    }
    turns.push(turn);
  }

  #merge(i: number, turn: StringTurn, list: readonly StringTurn[], next: number): void {
    const { quarters, rest } = canonical(this.turns[i].angle + turn.angle);
    this.#budget.look(this.turns.length - i);
    if (rest === 0) this.turns.splice(i, 1);
    else this.turns[i].angle = rest;
    // Quarters commute with all turns read after it.
    if (quarters !== 0) this.#pass(turn, quarters, list, next);
  }

  /** Takes quarters of a turn past what comes later, into the frame. */
  #pass(turn: StringTurn, quarters: number, list: readonly StringTurn[], next: number): void {
    for (let i = next; i < list.length; i++) {
      this.#budget.look(STEPS_TO_PASS * turn.words);
      const later = list[i];
      conjugateRow(later, 0, turn, quarters);
      if (later.sign[0] === 1) {
        later.sign[0] = 0;
        later.angle = -later.angle;
      }
      later.key = keyOf(later.x, later.z);
    }
    this.frame.conjugateByTurn(turn, quarters);
  }
}

function read(qubits: number, operations: readonly Operation[], budget: Budget): RotationReader {
  const reader = new RotationReader(qubits, budget);
  for (const operation of operations) {
    budget.look(STEPS_TO_LOWER);
    lower(reader, operation);
  }
  reader.finish();
  return reader;
}

/** Whether two lists agree up to the order of what commutes. */
function agree(
  first: readonly StringTurn[],
  second: readonly StringTurn[],
  budget: Budget,
): boolean {
  if (first.length !== second.length) return false;
  const left = [...second];
  for (const turn of first) {
    let found = -1;
    for (let i = 0; i < left.length; i++) {
      if (budget.spend(turn.words)) return false;
      if (isSameString(left[i], turn)) {
        found = i;
        break;
      }
      if (!doCommute(left[i], turn)) return false;
    }
    if (found < 0 || Math.abs(left[found].angle - turn.angle) > 1e3 * ANGLE_EPSILON) return false;
    left.splice(found, 1);
  }
  return true;
}

/** What a comparison by rotations found. */
export type RotationVerdict = 'equal' | 'clifford-equal' | 'clifford-different' | 'unknown';

function verdict(a: RotationReader, b: RotationReader, budget: Budget): RotationVerdict {
  if (!a.isComplete || !b.isComplete) return 'unknown';
  const isClifford = a.turns.length === 0 && b.turns.length === 0;
  if (!a.frame.equals(b.frame)) return isClifford ? 'clifford-different' : 'unknown';
  if (isClifford) return 'clifford-equal';
  return agree(a.turns, b.turns, budget) ? 'equal' : 'unknown';
}

/**
 * Compares unitary operations of two circuits on the same qubits, up to a global phase.
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function compareRotations(
  qubits: number,
  first: readonly Operation[],
  second: readonly Operation[],
  watch: Watch = UNWATCHED,
): RotationVerdict {
  const budget = new Budget(watch);
  return verdict(read(qubits, first, budget), read(qubits, second, budget), budget);
}

/** Compares unitary operations with rotations and a Clifford, up to a global phase. */
export function compareWithList(
  operations: readonly Operation[],
  list: RotationList,
  watch: Watch = UNWATCHED,
): RotationVerdict {
  const budget = new Budget(watch);
  const found = read(list.frame.qubits, operations, budget);
  return verdict(found, RotationReader.of(list, budget), budget);
}
