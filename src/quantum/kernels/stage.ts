import { unreachable } from '../../base/invariant.ts';
import type { KernelStep } from './kernel-step.ts';

/**
 * Steps that run together on one block of amplitudes after the other, while it is in a cache.
 *
 * A block's amplitudes differ in the lowest `lowBits` qubits and those of `highMask`; only these may be
 * targets. Controls and diagonals may be on any qubit.
 */
export interface KernelStage {
  readonly steps: readonly KernelStep[];
  readonly lowBits: number;
  readonly highMask: number;
}

/** Qubits that a step needs within its block. */
export function targetMask(step: KernelStep): number {
  switch (step.kind) {
    case 'dense':
    case 'swap':
      return step.targets.reduce((mask, qubit) => mask | (1 << qubit), 0);
    case 'flip':
      return 1 << step.target;
    case 'scale':
    case 'diagonal':
      return 0;
    default:
      return unreachable(step);
  }
}
