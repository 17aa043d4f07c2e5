/** Operations as the dense simulator's planner sees them: on physical qubits, by what they need. */
import { unreachable } from '../../base/invariant.ts';
import {
  bitCount,
  type DenseStep,
  type FlipStep,
  type KernelStep,
  type ScaleStep,
  type SwapStep,
} from '../kernels/kernel-step.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { targetMask } from '../kernels/stage.ts';

/** Multiplies by re + i·im, of absolute value 1, wherever all qubits of the mask are 1. */
export interface PhaseItem {
  readonly kind: 'phase';
  readonly mask: number;
  readonly re: number;
  readonly im: number;
}

/** A matrix on one qubit without controls. */
export interface OneItem {
  readonly kind: 'one';
  readonly target: number;
  readonly matrix: ComplexMatrix;
}

/** Any other step. */
export interface StepItem {
  readonly kind: 'step';
  readonly step: DenseStep | FlipStep | SwapStep | ScaleStep;
}

export type Item = PhaseItem | OneItem | StepItem;

/** Qubits that an item acts on in other than the computational basis. */
export function targetsOf(item: Item): number {
  switch (item.kind) {
    case 'phase':
      return 0;
    case 'one':
      return 1 << item.target;
    case 'step':
      return targetMask(item.step);
    default:
      return unreachable(item);
  }
}

/** All qubits of an item. */
export function qubitsOf(item: Item): number {
  switch (item.kind) {
    case 'phase':
      return item.mask;
    case 'one':
      return 1 << item.target;
    case 'step':
      return targetMask(item.step) | item.step.controlMask;
    default:
      return unreachable(item);
  }
}

/** The step that does what an item does. */
export function stepOf(item: Item): KernelStep {
  switch (item.kind) {
    case 'phase':
      return {
        kind: 'scale',
        controlMask: item.mask,
        controlValue: item.mask,
        re: item.re,
        im: item.im,
      };
    case 'one':
      return {
        kind: 'dense',
        targets: [item.target],
        matrix: item.matrix,
        controlMask: 0,
        controlValue: 0,
      };
    case 'step':
      return item.step;
    default:
      return unreachable(item);
  }
}

export function isReal({ im }: ComplexMatrix): boolean {
  for (let k = 0; k < im.length; k++) if (im[k] !== 0) return false;
  return true;
}

/**
 * Roughly what an item costs, in nanoseconds an amplitude on one core.
 *
 * Measured in a core's second-level cache; only ratios matter.
 */
export function itemCost(item: Item): number {
  switch (item.kind) {
    case 'phase':
      return 0.05 + 0.3 / 2 ** bitCount(item.mask);
    case 'one':
      return isReal(item.matrix) ? 0.27 : 0.4;
    case 'step':
      return stepCost(item.step);
    default:
      return unreachable(item);
  }
}

function stepCost(step: StepItem['step']): number {
  const share = 1 / 2 ** bitCount(step.controlMask);
  switch (step.kind) {
    case 'dense':
      return 0.05 + share * (step.targets.length === 1 ? 0.52 : 0.085 * 4 ** step.targets.length);
    case 'flip':
    case 'swap':
      return 0.05 + 0.26 * share;
    case 'scale':
      return 0.05 + 0.3 * share;
    default:
      return unreachable(step);
  }
}
