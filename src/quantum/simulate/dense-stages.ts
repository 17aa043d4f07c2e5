/**
 * Orders items into stages: runs of steps that a block of amplitudes goes through while it is cached.
 *
 * Items pass each other where they commute: those that act on a shared qubit in the computational basis
 * only, as phases and controls do. Phases wait until something needs them done, and are then merged.
 */
import { bitCount, type KernelStep } from '../kernels/kernel-step.ts';
import type { Turn } from '../kernels/kernels.ts';
import type { KernelStage } from '../kernels/stage.ts';
import { addPhase, diagonalSteps, type PhaseProduct } from './dense-diagonal.ts';
import { qubitsOf, stepOf, targetsOf, type Item } from './dense-item.ts';

/** Items that are looked at for what could come next. */
const WINDOW = 2048;
/** Steps for which gathering scattered blocks pays. */
const GATHERED_STEPS_MIN = 4;
/** Steps of a stage; a few hundred microseconds for a block. */
const STEPS_MAX = 64;

/** How large blocks are. */
export interface BlockPlan {
  readonly qubits: number;
  /** log2 of the amplitudes of a block. */
  readonly blockBits: number;
  /** Lowest qubits that all blocks have; the other qubits of a block are chosen for each stage. */
  readonly lowBits: number;
}

/** Stages that together do what the items do in order. */
export function planStages(items: readonly Item[], plan: BlockPlan, turn: Turn): KernelStage[] {
  return new Planner(items, plan, turn).stages();
}

/** Which steps to take: those inside the local qubits and as many more as there is room for, or the others. */
interface Choice {
  readonly inside: boolean;
  local: number;
  room: number;
}

function isChosen(missing: number, { inside, room }: Choice): boolean {
  return inside ? bitCount(missing) <= room : missing !== 0;
}

class Planner {
  readonly #items: readonly Item[];
  readonly #plan: BlockPlan;
  readonly #turn: Turn;
  readonly #targets: Int32Array;
  readonly #qubits: Int32Array;
  readonly #isDone: Uint8Array;
  #window: number[] = [];
  #next = 0;
  readonly #stages: KernelStage[] = [];

  constructor(items: readonly Item[], plan: BlockPlan, turn: Turn) {
    this.#turn = turn;
    this.#items = items;
    this.#plan = plan;
    this.#targets = Int32Array.from(items, targetsOf);
    this.#qubits = Int32Array.from(items, qubitsOf);
    this.#isDone = new Uint8Array(items.length);
  }

  stages(): KernelStage[] {
    this.#refill();
    while (this.#window.length > 0) {
      this.#block();
      this.#refill();
    }
    return this.#stages;
  }

  #refill(): void {
    this.#window = this.#window.filter((k) => this.#isDone[k] === 0);
    while (this.#window.length < WINDOW && this.#next < this.#items.length) {
      this.#window.push(this.#next++);
    }
  }

  /** Makes the next stage of what fits into one kind of block, or else of what fits into none. */
  #block(): void {
    const { blockBits, lowBits, qubits } = this.#plan;
    const lowest = 2 ** Math.min(lowBits, qubits) - 1;
    const choice: Choice = { inside: true, local: lowest, room: blockBits - lowBits };
    const steps: KernelStep[] = [];
    while (steps.length < STEPS_MAX) {
      this.#turn();
      let phases: number[] = [];
      let batch = this.#takeSteps(choice);
      if (batch.length === 0) {
        phases = this.#takePhases();
        batch = this.#takeSteps(choice);
      }
      if (batch.length === 0) {
        // Nothing here needs the phases done: they may yet meet others.
        for (const k of phases) this.#isDone[k] = 0;
        break;
      }
      steps.push(...this.#merged(phases), ...batch.map((k) => stepOf(this.#items[k])));
    }
    if (steps.length > 0) this.#emit(steps, choice.local & ~lowest);
    else this.#emitOutside();
  }

  #emit(steps: readonly KernelStep[], highMask: number): void {
    const { lowBits, qubits } = this.#plan;
    if (highMask !== 0 && steps.length < GATHERED_STEPS_MIN) {
      for (const step of steps) this.#stages.push({ steps: [step], lowBits: qubits, highMask: 0 });
    } else this.#stages.push({ steps, lowBits: Math.min(lowBits, qubits), highMask });
  }

  /** Steps that no block holds, each in a pass of its own; or the phases that remain. */
  #emitOutside(): void {
    const { lowBits, qubits } = this.#plan;
    const local = 2 ** Math.min(lowBits, qubits) - 1;
    const batch = this.#takeSteps({ inside: false, local, room: qubits });
    if (batch.length === 0) {
      const steps = this.#merged(this.#takePhases());
      if (steps.length > 0) this.#emit(steps, 0);
      return;
    }
    for (const k of batch) {
      const steps = [stepOf(this.#items[k])];
      this.#stages.push({ steps, lowBits: qubits, highMask: 0 });
    }
  }

  /** Takes what can be next and is of the choice, whose local qubits grow while there is room. */
  #takeSteps(choice: Choice): number[] {
    const all = 2 ** this.#plan.qubits - 1;
    const taken: number[] = [];
    let turned = 0;
    let read = 0;
    for (const k of this.#window) {
      if (this.#isDone[k] === 1) continue;
      const targets = this.#targets[k];
      const others = this.#qubits[k] & ~targets;
      const isReady =
        this.#items[k].kind !== 'phase' &&
        (targets & (turned | read)) === 0 &&
        (others & turned) === 0;
      const missing = targets & ~choice.local;
      if (isReady && isChosen(missing, choice)) {
        if (choice.inside) {
          choice.local |= missing;
          choice.room -= bitCount(missing);
        }
        this.#isDone[k] = 1;
        taken.push(k);
        if (taken.length >= STEPS_MAX) break;
        continue;
      }
      turned |= targets;
      read |= others;
      if ((turned | read) === all) break;
    }
    return taken;
  }

  /** Takes all phases that can be next. */
  #takePhases(): number[] {
    const all = 2 ** this.#plan.qubits - 1;
    const taken: number[] = [];
    let turned = 0;
    for (const k of this.#window) {
      if (this.#isDone[k] === 1) continue;
      if (this.#items[k].kind === 'phase' && (this.#qubits[k] & turned) === 0) {
        this.#isDone[k] = 1;
        taken.push(k);
        continue;
      }
      turned |= this.#targets[k];
      if (turned === all) break;
    }
    return taken;
  }

  #merged(phases: readonly number[]): KernelStep[] {
    const product: PhaseProduct = new Map();
    for (const k of phases) {
      const item = this.#items[k];
      if (item.kind === 'phase') addPhase(product, item);
    }
    const { lowBits, qubits } = this.#plan;
    return diagonalSteps(product, qubits, lowBits);
  }
}
