/** What its copies say of why a task is where it is. */
import type { ExplanationView } from '../contract/index.ts';
import { copiesOf, copyOf, type CopiesFacts, type CoreState, type Task } from '../core/index.ts';

type Told = Pick<ExplanationView, 'verdict'> & Pick<ExplanationView, 'copies' | 'copyOf'>;

/** Adds it to what is known already. O(copies). */
export function explainCopies<Known extends { readonly verdict: string }>(
  state: CoreState,
  task: Task,
  known: Known,
): Known & Partial<Told> {
  const of = task.extra === null ? null : copyOf(task);
  if (of !== null) return { ...known, copyOf: { taskId: of.taskId, kind: of.kind } };
  const facts = task.extra === null ? null : copiesOf(task);
  if (facts === null) return known;
  const copies = facts.ids.map((id) => standingOf(state, facts, id));
  return { ...known, verdict: verdictOf(task, facts, copies) ?? known.verdict, copies };
}

type CopyStanding = NonNullable<ExplanationView['copies']>[number];

function standingOf(state: CoreState, { lost, votes }: CopiesFacts, id: string): CopyStanding {
  const vote = votes.find(({ taskId }) => taskId === id);
  if (vote !== undefined) {
    return { id, state: 'completed', agentId: vote.agentId, hash: vote.hash };
  }
  const copy = state.tasks.get(id as Task['id']);
  if (copy === undefined) {
    const end = lost.find(({ taskId }) => taskId === id);
    const isCanceled = end === undefined || end.code === 'CANCELED';
    return { id, state: isCanceled ? 'canceled' : 'failed' };
  }
  const { agentId } = copy;
  return { id, state: copy.state, ...(agentId === null ? {} : { agentId }) };
}

function verdictOf(
  task: Task,
  { ids, kind, votes }: CopiesFacts,
  copies: readonly CopyStanding[],
): string | null {
  const each = copies.map(({ agentId, state }) =>
    agentId === undefined ? state : `${state} on ${agentId}`,
  );
  const list = each.join(', ');
  if (kind === 'hedge') {
    if (task.state === 'running') {
      return `it runs on agent ${task.agentId} and is hedged: a copy is ${list}; the first result counts`;
    }
    return task.state === 'blocked'
      ? `its own attempts failed, and it waits for its hedge, which is ${list}`
      : null;
  }
  if (task.state !== 'blocked') return null;
  const agree = task.profile.spec.rules?.redundancy?.agree ?? 1;
  const most = Math.max(
    0,
    ...[...Map.groupBy(votes, ({ hash }) => hash).values()].map(({ length }) => length),
  );
  return `it waits until ${agree} of its ${ids.length} copies agree, ${most} do so far: ${list}`;
}
