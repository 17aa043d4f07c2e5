/** What a new task does to the others of its concurrency key. */
import { keyGateOf } from './gates.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';

/** Cancels the newcomer, or as many older tasks of its key as must go for it to fit. */
export function applyKeyPolicy(step: Step, newcomer: Task): void {
  const { limit, policy } = newcomer.profile.spec.rules?.concurrency ?? QUEUE;
  const gate = policy === 'queue' ? null : keyGateOf(newcomer);
  if (gate === null || gate.live <= limit) return;
  if (policy === 'cancel-newest') {
    step.cancel(step, newcomer.id, 'concurrency');
    return;
  }
  while (gate.live > limit) {
    const oldest = gate.oldestLive();
    if (oldest === null || oldest === newcomer) return;
    step.cancel(step, oldest.id, 'concurrency');
  }
}

const QUEUE = { limit: 1, policy: 'queue' } as const;
