import { costOfTask, namespaceOf, type Task } from '../core/index.ts';
import type { FairnessExplanation, ShareView } from './explanation.ts';
import { isShareBefore, type FairShare, type FairShares } from './fair-share.ts';

/** How the task's namespace and fairness key stand. O(namespaces); makes none that is not there. */
export function explainFairness(task: Task, shares: FairShares): FairnessExplanation {
  const name = namespaceOf(task.profile.queue.name);
  const fairnessKey = task.extra?.control?.fairnessKey ?? null;
  const namespace = shares.group.get(name);
  const all = [...shares.group.shares()];
  const total = all.reduce((sum, share) => sum + share.occupancy, 0);
  const ahead = all.filter(
    (share) => namespace !== undefined && share.waiting > 0 && isShareBefore(share, namespace),
  );
  const weight = shares.settings.weights[name] ?? 1;
  return {
    namespace: viewOf(name, weight, namespace),
    part: total === 0 || namespace === undefined ? 0 : namespace.occupancy / total,
    namespacesAhead: ahead.length,
    key: fairnessKey === null ? null : viewOf(fairnessKey, 1, namespace?.keys.get(fairnessKey)),
    cost: costOfTask(task, shares.settings),
  };
}

function viewOf(name: string, weight: number, share: FairShare | undefined): ShareView {
  const { occupancy = 0, running = 0, waiting = 0 } = share ?? {};
  return { name, weight, running, cost: occupancy, waiting };
}
