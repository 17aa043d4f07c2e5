import type { FlowView } from '../../contract/index.ts';
import { relativeMoment, showSpan } from '../output/moment.ts';
import type { Fields } from '../output/output.ts';

/** A flow as lines for people. */
export function flowFields(flow: FlowView, nowMs: number): Fields {
  const { budget, counts, criticalPath, killed } = flow;
  const states = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    ['flow', flow.id],
    ['name', flow.name ?? undefined],
    ['made', relativeMoment(flow.createdAt, nowMs)],
    ['tasks', states.map(([state, count]) => `${count} ${state}`).join(', ')],
    [
      'killed',
      killed === undefined ? undefined : `${killed.reason} (${killed.by ?? 'nobody named'})`,
    ],
    ['budget', budget === undefined ? undefined : budgetText(budget)],
    ['longest chain', criticalPath === null ? undefined : pathText(criticalPath)],
  ];
}

function budgetText({ limits, reserved, used }: NonNullable<FlowView['budget']>): string {
  return Object.entries(limits)
    .map(([bound, limit]) => {
      if (bound !== 'tokens' && bound !== 'costUsd') return `${bound} ${limit}`;
      return `${bound} ${used[bound]} used and ${reserved[bound]} reserved of ${limit}`;
    })
    .join('; ');
}

function pathText({ durationMs, tasks }: NonNullable<FlowView['criticalPath']>): string {
  return `${showSpan(durationMs)}: ${tasks.map(({ id, ref }) => ref ?? id).join(' → ')}`;
}
