import type { ErrorDetails } from '../base/errors.ts';

/** Reasons core refuses a command, or one item of it. */
export const REJECTION_CODES = [
  'TASK_NOT_FOUND',
  'TASK_EXISTS',
  'TASK_FINISHED',
  'TASK_NOT_FAILED',
  'TASK_NOT_QUEUED',
  'LEASE_FENCED',
  'INPUT_PENDING',
  'INPUT_NOT_ASKED',
  'INPUT_KEY_MISMATCH',
  'INPUT_NOT_ALLOWED',
  'AGENT_NOT_FOUND',
  'AGENT_NOT_READY',
  'AGENT_NOT_ABLE',
  'AGENT_FULL',
  'AGENT_LIMIT',
  'QUEUE_NOT_FOUND',
  'QUEUE_PAUSED',
  'QUEUE_FULL',
  'QUEUE_LIMIT',
  'QUEUE_NOT_EMPTY',
  'QUEUE_IS_DEFAULT',
  'IDEMPOTENCY_CONFLICT',
  'IDEMPOTENCY_FULL',
  'FLOW_CYCLE',
  'FLOW_DUPLICATE',
  'FLOW_TASK_NOT_FOUND',
  'FLOW_TOO_WIDE',
  'BUDGET_EXCEEDED',
  'DEPTH_EXCEEDED',
  'FAN_OUT_EXCEEDED',
  'LOOP_DETECTED',
  'USAGE_INVALID',
  'TREE_KILLED',
  'NAMESPACE_KILLED',
  'NOT_KILLED',
  'FAILURE_GROUP_NOT_FOUND',
  'OPERATION_NOT_FOUND',
  'OPERATION_EXISTS',
  'OPERATION_ENDED',
  'OPERATION_MOVED',
  'OPERATION_LIMIT',
  'AGENT_AVOIDED',
  'OUTPUT_GAP',
  'OUTPUT_LIMIT',
  'GATE_CLOSED',
  'LIMIT_NOT_FOUND',
  'LIMIT_IMPOSSIBLE',
  'LIMIT_LIMIT',
  'LIMIT_KEYS_FULL',
  'DEDUPE_FULL',
  'WEIGHT_LIMIT',
  'SCHEDULE_NOT_FOUND',
  'SCHEDULE_LIMIT',
  'SCHEDULE_MOVED_ON',
  'SCHEDULE_PAUSED',
  'SCHEDULE_BUSY',
  'SESSION_EXPIRED',
  'SESSION_CONFLICT',
  'STAGE_NOT_FOUND',
  'STAGE_FULL',
  'BREAKER_OPEN',
  'BREAKER_NOT_FOUND',
  'BREAKER_LIMIT',
  'COPY_SAME_AGENT',
  'COPIES_ONE_AGENT',
  'HEDGE_NOT_ALLOWED',
  'HEDGE_LIMIT',
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** An expected refusal: nothing was changed. */
export interface Rejection {
  readonly code: RejectionCode;
  /** What must hold, then what was got. */
  readonly message: string;
  readonly details: ErrorDetails;
}

export function reject(
  code: RejectionCode,
  message: string,
  details: ErrorDetails = {},
): Rejection {
  return { code, message, details };
}
