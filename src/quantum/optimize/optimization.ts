/** One run over all pieces of a circuit: shares out the time, keeps count, and puts the pieces together. */
import type { Operation } from '../circuit/operation.ts';
import { lookAt, lookEvery, type Look } from './look.ts';
import type { ComponentContext } from './component.ts';
import { optimizeInTime, type OptimizedInTime } from './component-in-time.ts';
import { endsOf, type Ends } from './observation.ts';
import { componentsOf, renamed, segmentsOf, type Component } from './segments.ts';
import type { Verification } from './verify.ts';

/** What one pass has given to the result. */
export interface PassReport {
  readonly pass: string;
  /** Connected pieces of the circuit whose result came from it. */
  readonly components: number;
}

/** Where a run of operations ends up. */
export interface OptimizedOperations {
  readonly operations: Operation[];
  /** The qubit that each of the circuit's comes out as. */
  readonly layout: readonly number[];
}

function countUnitary(operations: readonly Operation[]): number {
  let count = 0;
  for (const operation of operations) {
    if (operation.kind === 'if') {
      count += countUnitary(operation.then) + countUnitary(operation.otherwise);
    } else if (operation.kind === 'while') count += countUnitary(operation.body);
    else if (operation.kind === 'gate' || operation.kind === 'unitary') count++;
  }
  return count;
}

export class Optimization {
  readonly defects: string[] = [];
  readonly unchecked: string[] = [];
  readonly #context: ComponentContext;
  readonly #look: Look;
  readonly #startMs: number;
  readonly #timeMs: number;
  readonly #methods = new Set<string>();
  readonly #passes = new Map<string, number>();
  #reason: string | null = null;
  /** Gates still to be looked at, by which the time that is left is shared out. */
  #gatesLeft: number;

  constructor(context: ComponentContext, timeMs: number, operations: readonly Operation[]) {
    this.#context = context;
    this.#look = lookAt(context.watch);
    this.#startMs = context.watch.nowMs();
    this.#timeMs = timeMs;
    this.#gatesLeft = countUnitary(operations);
  }

  /** Optimises operations as unitaries, and those of branches and loops too. */
  unitary(qubits: number, operations: readonly Operation[]): Operation[] {
    return segmentsOf(qubits, operations, this.#look).flatMap(({ unitary, fixed }) => [
      ...componentsOf(qubits, unitary, this.#look).flatMap(
        (component) => this.#component(component, this.#context, null).operations,
      ),
      ...fixed.map((operation) => this.#inner(qubits, operation)),
    ]);
  }

  /** Optimises a whole circuit for what its measurements show; its qubits may come out permuted. */
  measured(qubits: number, operations: readonly Operation[]): OptimizedOperations {
    const segments = segmentsOf(qubits, operations, this.#look);
    const ends = endsOf(qubits, segments);
    const context = { ...this.#context, mayPermute: !this.#context.keepsPairs };
    const layout = Int32Array.from({ length: qubits }, (_, k) => k);
    const result: Operation[] = [];
    for (const [s, { unitary, fixed }] of segments.entries()) {
      for (const component of componentsOf(qubits, unitary, this.#look)) {
        const found = this.#component(component, context, ends[s]);
        for (const [i, operation] of found.operations.entries()) {
          lookEvery(i, this.#look);
          result.push(renamed(operation, layout));
        }
        const places = component.qubits.map((qubit) => layout[qubit]);
        found.wires.forEach((wire, k) => {
          layout[component.qubits[wire]] = places[k];
        });
      }
      for (const operation of fixed) result.push(renamed(this.#inner(qubits, operation), layout));
    }
    return { operations: result, layout: [...layout] };
  }

  /** How the results were checked. */
  get verified(): string {
    if (this.#reason !== null) return `not verified: ${this.#reason}`;
    return this.#methods.size === 0 ? 'unchanged' : [...this.#methods].toSorted().join(', ');
  }

  get passes(): PassReport[] {
    return [...this.#passes].map(([pass, components]) => ({ pass, components }));
  }

  #inner(qubits: number, operation: Operation): Operation {
    if (operation.kind === 'if') {
      return {
        ...operation,
        then: this.unitary(qubits, operation.then),
        otherwise: this.unitary(qubits, operation.otherwise),
      };
    }
    if (operation.kind !== 'while') return operation;
    return { ...operation, body: this.unitary(qubits, operation.body) };
  }

  #component(component: Component, context: ComponentContext, ends: Ends | null): OptimizedInTime {
    const { watch } = context;
    const startMs = watch.nowMs();
    const share = component.operations.length / Math.max(1, this.#gatesLeft);
    const leftMs = Math.max(0, this.#startMs + this.#timeMs - startMs);
    const spanMs = leftMs * Math.min(1, share);
    this.#gatesLeft -= component.operations.length;
    const progress = (): void => {
      watch.progress(Math.min(1, (watch.nowMs() - this.#startMs) / this.#timeMs));
    };
    const found = optimizeInTime(component, context, { startMs, spanMs, progress }, ends);
    this.#passes.set(found.pass, (this.#passes.get(found.pass) ?? 0) + 1);
    this.defects.push(...found.defects);
    this.unchecked.push(...found.unchecked);
    for (const verification of found.verifications) this.#note(verification);
    return found;
  }

  #note({ method, reason }: Verification): void {
    if (method === 'none') this.#reason ??= reason ?? 'no check applied';
    else this.#methods.add(method);
  }
}
