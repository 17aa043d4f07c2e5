/** From operations to stages: lowering, fusion, splitting and scheduling. */
import { unreachable } from '../../base/invariant.ts';
import type { Turn } from '../kernels/kernels.ts';
import type { KernelStage } from '../kernels/stage.ts';
import { bitCount } from '../kernels/kernel-step.ts';
import { type Item } from './dense-item.ts';
import { Fusion } from './dense-fusion.ts';
import { lower, type ItemSink } from './dense-lower.ts';
import { splitRotations } from './dense-rotations.ts';
import { planStages, type BlockPlan } from './dense-stages.ts';
import type { UnitaryPart } from '../circuit/operation.ts';

/** Operations or items between two turns: each takes some microseconds. */
const ITEMS_PER_TURN = 64;

/** What a plan leaves behind beside its stages. */
export interface DensePlan {
  readonly stages: readonly KernelStage[];
  /** The physical qubit of each logical one after the stages. */
  readonly placeOf: readonly number[];
  /** A factor of the whole state, of absolute value 1. */
  readonly factor: readonly [re: number, im: number];
}

/**
 * Plans operations on logical qubits that are on the physical qubits of `placeOf` at first.
 *
 * With `splits`, layers of gates on one qubit become phases and real rotations. `turn` is called every few
 * hundred microseconds, and ends the planning by throwing.
 */
export function planDense(
  operations: readonly UnitaryPart[],
  placeOf: readonly number[],
  blocks: BlockPlan & { readonly splits: boolean },
  turn: Turn = () => undefined,
): DensePlan {
  let factor: readonly [number, number] = [1, 0];
  const multiplyFactor = (re: number, im: number): void => {
    factor = [factor[0] * re - factor[1] * im, factor[0] * im + factor[1] * re];
  };
  const placed = [...placeOf];
  const fusion = new Fusion(blocks.qubits);
  const intoFusion: ItemSink = {
    push: (item) => fusion.push(item),
    factor: multiplyFactor,
    exchange: (a, b) => exchangeValues(placed, a, b),
  };
  for (const [k, operation] of operations.entries()) {
    if (k % ITEMS_PER_TURN === ITEMS_PER_TURN - 1) turn();
    lower(operation, placed, intoFusion);
  }
  // Fusion finds further swaps; what comes after them is renamed.
  const renamed = Array.from({ length: blocks.qubits }, (_, qubit) => qubit);
  let isRenamed = false;
  const fused: Item[] = [];
  fusion.finish({
    push: (item) => {
      if (fused.push(isRenamed ? rename(item, renamed) : item) % ITEMS_PER_TURN === 0) turn();
    },
    factor: multiplyFactor,
    exchange: (a, b) => {
      [renamed[a], renamed[b]] = [renamed[b], renamed[a]];
      isRenamed = true;
    },
  });
  const items = blocks.splits ? splitRotations(fused, blocks.qubits, multiplyFactor) : fused;
  return {
    stages: planStages(items, blocks, turn),
    placeOf: placed.map((qubit) => renamed[qubit]),
    factor,
  };
}

/** Exchanges the places where the values a and b are. */
function exchangeValues(places: number[], a: number, b: number): void {
  const atA = places.indexOf(a);
  const atB = places.indexOf(b);
  if (atA >= 0) places[atA] = b;
  if (atB >= 0) places[atB] = a;
}

function renameMask(mask: number, renamed: readonly number[]): number {
  let result = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    result |= 1 << renamed[bitCount((rest & -rest) - 1)];
  }
  return result;
}

function rename(item: Item, renamed: readonly number[]): Item {
  if (item.kind === 'phase') return { ...item, mask: renameMask(item.mask, renamed) };
  if (item.kind === 'one') return { ...item, target: renamed[item.target] };
  const { step } = item;
  const controls = {
    controlMask: renameMask(step.controlMask, renamed),
    controlValue: renameMask(step.controlValue, renamed),
  };
  switch (step.kind) {
    case 'dense':
      return {
        kind: 'step',
        step: { ...step, ...controls, targets: step.targets.map((qubit) => renamed[qubit]) },
      };
    case 'flip':
      return { kind: 'step', step: { ...step, ...controls, target: renamed[step.target] } };
    case 'swap': {
      const [a, b] = step.targets;
      return { kind: 'step', step: { ...step, ...controls, targets: [renamed[a], renamed[b]] } };
    }
    case 'scale':
      return { kind: 'step', step: { ...step, ...controls } };
    default:
      return unreachable(step);
  }
}
