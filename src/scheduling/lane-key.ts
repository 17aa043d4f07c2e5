import type { Gated } from '../core/index.ts';

/** What decides in which lane of its pool a task waits. */
export interface LaneChoice extends Gated {
  readonly queueName: string;
  readonly fairnessKey: string | null;
}

/** The queue's name for tasks without keys; parts are joined by line feeds, which none holds. */
export function laneKey({ fairnessKey, gates, profile, queueName }: LaneChoice): string {
  if (fairnessKey === null && gates === null && profile.gates === null) return queueName;
  const names = [...(gates ?? []), ...(profile.gates ?? [])]
    .filter(({ gate }) => gate.splitsLanes)
    .map(({ gate }) => gate.key);
  if (fairnessKey === null && names.length === 0) return queueName;
  return [queueName, fairnessKey ?? '', ...names].join('\n');
}
