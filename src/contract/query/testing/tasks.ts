import type { SearchableTask } from '../searchable-task.ts';
import { NOW_MS } from './arbitrary-query.ts';

/** A task of which nothing is remarkable but `fields`. Submitted a minute ago. */
export function searchable(fields: Partial<SearchableTask> = {}): SearchableTask {
  return {
    id: '0198c0de-7a11-7000-8000-000000000000',
    state: 'queued',
    type: 'mail.send',
    queue: 'default',
    namespace: 'default',
    priority: 4,
    attempt: 0,
    agentId: null,
    reason: null,
    error: null,
    affinityKey: null,
    idempotencyKey: null,
    labels: {},
    capabilities: ['mail.send'],
    createdAt: NOW_MS - 60_000,
    stateAt: NOW_MS - 60_000,
    startedAt: 0,
    endedAt: 0,
    runAt: 0,
    deadlineAt: 0,
    payloadBytes: 10,
    metadata: null,
    ...fields,
  };
}
