import { OrchestratorError } from '../../../src/base/errors.ts';
import type { KnownLeader } from '../../../src/runtime/cluster/leadership.ts';

/** What the API of a node answers that cannot serve a request itself. */
export function refusal(
  code: string,
  message: string,
  leader: KnownLeader | null = null,
): OrchestratorError {
  const nodeId = leader === null || leader === 'self' ? null : leader.nodeId;
  return new OrchestratorError(code, message, { leader: nodeId });
}
