/**
 * Routed circuits written out, and checked while they are: every layout is followed anew from the steps.
 *
 * What is written acts on coupled qubits; every qubit sees the operations of the circuit given, in their
 * order, and so do classical values; nothing has moved past a way out; branches and loops leave every
 * qubit where it was, whichever way they are left. By that it does what was given, without a state.
 */
import { invariant } from '../../base/invariant.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Coupling } from './coupling.ts';
import { qubitsOf } from './cost.ts';
import { lookEvery, type Look } from './look.ts';
import { isWayOut, OrderCheck } from './operation-order.ts';
import type { RoutingStep } from './routing-step.ts';
import { renamed } from './segments.ts';

/** Steps, and where they start from. */
export interface RoutedSteps {
  readonly steps: readonly RoutingStep[];
  /** Machine qubit of each of the circuit's. */
  readonly initialLayout: readonly number[];
}

export interface WrittenCircuit {
  readonly operations: readonly Operation[];
  /** Machine qubit of each of the circuit's: at the end, or where an `end` outside of branches comes first. */
  readonly finalLayout: readonly number[];
}

class Writer {
  /** Machine qubit of each circuit qubit; and the circuit qubit of each machine qubit, or −1. */
  #layout: Int32Array;
  #occupant: Int32Array;
  readonly #coupling: Coupling;
  readonly #swapGates: readonly Operation[];
  readonly #look: Look;
  /** What is written for each swap: the same operations each time, so that long ways take little memory. */
  readonly #swaps = new Map<RoutingStep, readonly Operation[]>();
  /** Where qubits were when the innermost loop began; null outside of loops. */
  #loopLayout: Int32Array | null = null;

  constructor(layout: readonly number[], { coupling, swapGates }: WrittenFor, look: Look) {
    this.#coupling = coupling;
    this.#swapGates = swapGates;
    this.#look = look;
    this.#layout = Int32Array.from(layout);
    this.#occupant = new Int32Array(coupling.qubits).fill(-1);
    for (const [qubit, at] of layout.entries()) {
      invariant(this.#occupant[at] === -1, 'no two qubits are in one place');
      this.#occupant[at] = qubit;
    }
  }

  whole(given: readonly Operation[], steps: readonly RoutingStep[]): WrittenCircuit {
    let finalLayout: number[] | null = null;
    const operations = this.#list(given, steps, () => {
      finalLayout ??= [...this.#layout];
    });
    return { operations, finalLayout: finalLayout ?? [...this.#layout] };
  }

  /** A list's steps; `atWayOut` is called where one of them leaves it for good. */
  #list(
    given: readonly Operation[],
    steps: readonly RoutingStep[],
    atWayOut: () => void,
  ): readonly Operation[] {
    const order = new OrderCheck(given, this.#look);
    const written: Operation[] = [];
    for (let i = 0; i < steps.length; i++) {
      lookEvery(i, this.#look);
      const step = steps[i];
      if (step.kind === 'swap') {
        for (const gate of this.#swap(step)) written.push(gate);
        continue;
      }
      order.take(step.source);
      if (isWayOut(step.source)) atWayOut();
      written.push(this.#placed(step));
    }
    order.finish();
    return written;
  }

  #placed(step: Exclude<RoutingStep, { kind: 'swap' }>): Operation {
    switch (step.kind) {
      case 'branching': {
        const then = this.#inner(step.source.then, step.then);
        const otherwise = this.#inner(step.source.otherwise, step.otherwise);
        return { ...step.source, then, otherwise };
      }
      case 'loop': {
        const outer = this.#loopLayout;
        this.#loopLayout = this.#layout.slice();
        const body = this.#inner(step.source.body, step.body);
        this.#loopLayout = outer;
        return { ...step.source, body };
      }
      default: {
        const placed = renamed(step.source, this.#layout);
        if (placed.kind === 'gate' || placed.kind === 'unitary') this.#requireCoupled(placed);
        if (placed.kind === 'break' || placed.kind === 'continue') {
          this.#requireLayout(this.#loopLayout);
        }
        return placed;
      }
    }
  }

  /** A branch or a body: what follows finds every qubit where it was before. */
  #inner(given: readonly Operation[], steps: readonly RoutingStep[]): readonly Operation[] {
    const layout = this.#layout.slice();
    const occupant = this.#occupant.slice();
    let isLeft = false;
    const written = this.#list(given, steps, () => {
      isLeft = true;
    });
    if (!isLeft) this.#requireLayout(layout);
    this.#layout = layout;
    this.#occupant = occupant;
    return written;
  }

  #requireLayout(layout: Int32Array | null): void {
    const isSame = layout?.every((at, qubit) => at === this.#layout[qubit]) ?? false;
    invariant(isSame, 'qubits are where they were once a branch or a loop is left');
  }

  #requireCoupled(operation: Operation): void {
    const [a, b, third] = qubitsOf(operation);
    const { distance, qubits } = this.#coupling;
    const isCoupled = b === undefined || (third === undefined && distance[a * qubits + b] === 1);
    invariant(isCoupled, 'routed gates act on coupled qubits');
  }

  #swap(step: Extract<RoutingStep, { kind: 'swap' }>): readonly Operation[] {
    const [a, b] = step.qubits;
    let written = this.#swaps.get(step);
    if (written === undefined) {
      written = this.#swapGates.map((gate) => renamed(gate, step.qubits));
      for (const gate of written) this.#requireCoupled(gate);
      this.#swaps.set(step, written);
    }
    const [s, t] = [this.#occupant[a], this.#occupant[b]];
    this.#occupant[a] = t;
    this.#occupant[b] = s;
    if (s >= 0) this.#layout[s] = b;
    if (t >= 0) this.#layout[t] = a;
    return written;
  }
}

function gateCx(control: number, target: number): Operation {
  return { kind: 'gate', name: 'cx', params: [], qubits: [control, target], controls: [] };
}

/** A swap of qubits 0 and 1. */
export const SWAP_GATES: readonly Operation[] = [gateCx(0, 1), gateCx(1, 0), gateCx(0, 1)];

/** What steps are written for. */
export interface WrittenFor {
  readonly coupling: Coupling;
  /** Gates for a swap of qubits 0 and 1. */
  readonly swapGates: readonly Operation[];
}

/** Writes steps as operations on a machine; a step that is not sound is a bug, and throws. */
export function writtenCircuit(
  given: readonly Operation[],
  { steps, initialLayout }: RoutedSteps,
  machine: WrittenFor,
  look: Look,
): WrittenCircuit {
  return new Writer(initialLayout, machine, look).whole(given, steps);
}
