/** How work is shared between namespaces, and what a task counts for. */
import type { Command } from './command.ts';
import type { Estimate } from './control.ts';
import type { Rejection } from './rejection.ts';
import { reject } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';

export interface FairnessSettings {
  /** Share of each namespace against the others; 1 for those not named. */
  readonly weights: Readonly<Record<string, number>>;
  /** Estimated tokens that count as much as one slot. */
  readonly tokensPerSlot: number;
  /** Estimated US dollars that count as much as one slot. */
  readonly usdPerSlot: number;
}

export const FAIRNESS_DEFAULT: FairnessSettings = {
  weights: {},
  tokensPerSlot: 10_000,
  usdPerSlot: 0.1,
};

/** Namespaces with a weight of their own, at most. */
export const WEIGHTS_MAX = 10_000;

export function fairnessOf(state: CoreState): FairnessSettings {
  return state.settings.fairness ?? FAIRNESS_DEFAULT;
}

/** What one attempt counts for: a slot, and what it is estimated to use. At least 1. */
export function costOf(estimate: Estimate | null, settings: FairnessSettings): number {
  if (estimate === null) return 1;
  const { costUsd = 0, tokens = 0 } = estimate;
  return 1 + tokens / settings.tokensPerSlot + costUsd / settings.usdPerSlot;
}

export function costOfTask({ extra }: Task, settings: FairnessSettings): number {
  return extra === null ? 1 : costOf(extra.control?.estimate ?? null, settings);
}

type SetFairness = Extract<Command, { type: 'fairness.set' }>;

/** Changes what is given of the settings. */
export function setFairness({ state, events }: Step, command: SetFairness): Rejection | null {
  const before = fairnessOf(state);
  const all = { ...before.weights, ...command.weights };
  const kept = Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== null);
  if (kept.length > WEIGHTS_MAX) {
    return reject('WEIGHT_LIMIT', `at most ${WEIGHTS_MAX} namespaces can have a weight`, {
      weightsMax: WEIGHTS_MAX,
    });
  }
  const fairness: FairnessSettings = {
    weights: Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    tokensPerSlot: command.tokensPerSlot ?? before.tokensPerSlot,
    usdPerSlot: command.usdPerSlot ?? before.usdPerSlot,
  };
  state.settings = { ...state.settings, fairness };
  events.push({ type: 'fairness.changed', fairness });
  return null;
}
