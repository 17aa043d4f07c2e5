/** The one table from error codes to HTTP: nothing else in this program knows statuses. */

export interface ErrorRow {
  readonly status: number;
  readonly title: string;
  /** `Retry-After` when the error names none itself. */
  readonly retryAfterSeconds?: number;
}

const row = (status: number, title: string, retryAfterSeconds?: number): ErrorRow =>
  retryAfterSeconds === undefined ? { status, title } : { status, title, retryAfterSeconds };

const FAILED = row(500, 'The server failed');

const ERRORS: Readonly<Record<string, ErrorRow>> = {
  // The request itself.
  INVALID_REQUEST: row(400, 'The request is not valid'),
  INVALID_MESSAGE: row(400, 'The message of the channel is not valid'),
  CHUNK_INVALID: row(400, 'The chunk of output is not valid'),
  DETAILS_INVALID: row(400, 'The details of the heartbeat are not valid'),
  INPUT_PROMPT_INVALID: row(400, 'The prompt is not valid'),
  INPUT_INVALID: row(400, 'The answer is not valid'),
  CHANNEL_VERSION: row(400, 'The version of the channel is not spoken here'),
  AGENT_REPLACED: row(409, 'The agent connected from elsewhere'),
  QUERY_INVALID: row(400, 'The query is not valid'),
  CURSOR_INVALID: row(400, 'The cursor is not valid'),
  FORBIDDEN_ORIGIN: row(403, 'Requests of other sites are refused'),
  ROUTE_NOT_FOUND: row(404, 'There is no such route'),
  METHOD_NOT_ALLOWED: row(405, 'The route does not take this method'),
  METHOD_UNKNOWN: row(501, 'No route takes this method'),
  BODY_TOO_LARGE: row(413, 'The request is too large'),
  PAYLOAD_TOO_LARGE: row(413, 'The payload is too large'),
  RESULT_TOO_LARGE: row(413, 'The result is too large'),
  UNSUPPORTED_MEDIA_TYPE: row(415, 'The content type is not supported'),
  HEADERS_TOO_LARGE: row(431, 'The header fields are too large'),
  REQUEST_TIMEOUT: row(408, 'The request took too long to arrive'),

  // What core refuses.
  TASK_NOT_FOUND: row(404, 'There is no such task'),
  TASK_EXISTS: row(409, 'The task exists already'),
  TASK_FINISHED: row(409, 'The task is finished'),
  TASK_NOT_FAILED: row(409, 'The task is not a dead letter'),
  TASK_NOT_QUEUED: row(409, 'The task is not queued'),
  LEASE_FENCED: row(409, 'The lease is not the newest'),
  INPUT_PENDING: row(409, 'The attempt waits on another question'),
  INPUT_NOT_ASKED: row(409, 'The task does not wait for that answer'),
  INPUT_KEY_MISMATCH: row(409, 'The task waits on another question'),
  INPUT_NOT_ALLOWED: row(403, 'Somebody else must answer'),
  INPUT_LIMIT: row(409, 'The task has been given too many answers'),
  BACKUP_RUNNING: row(409, 'A backup is being taken already'),
  BACKUP_UNSUPPORTED: row(501, 'Backups are of data folders'),
  ARTIFACT_NOT_FOUND: row(404, 'There is no such artifact'),
  ARTIFACT_RANGE: row(416, 'The artifact has no such bytes'),
  AGENT_NOT_FOUND: row(404, 'There is no such agent'),
  AGENT_NOT_READY: row(409, 'The agent is not ready'),
  AGENT_NOT_ABLE: row(409, 'The agent does not meet the requirement'),
  AGENT_FULL: row(409, 'The agent has no free slot'),
  AGENT_LIMIT: row(429, 'There are too many agents', 60),
  QUEUE_NOT_FOUND: row(404, 'There is no such queue'),
  QUEUE_PAUSED: row(409, 'The queue is paused'),
  QUEUE_FULL: row(429, 'The queue is full', 1),
  QUEUE_LIMIT: row(429, 'There are too many queues', 60),
  IDEMPOTENCY_CONFLICT: row(409, 'The idempotency key was used for another task'),
  IDEMPOTENCY_FULL: row(429, 'There are too many idempotency keys', 60),
  FAILURE_GROUP_NOT_FOUND: row(404, 'There is no such group of failures'),
  DEAD_LETTER_NOT_FOUND: row(404, 'There is no such dead letter'),
  OPERATION_NOT_FOUND: row(404, 'There is no such operation'),
  OPERATION_EXISTS: row(409, 'The operation exists already'),
  OPERATION_ENDED: row(409, 'The operation has ended'),
  OPERATION_MOVED: row(409, 'The operation is further on'),
  OPERATION_LIMIT: row(429, 'There are too many operations under way', 5),
  AGENT_AVOIDED: row(409, 'The task is kept from the agent it failed on'),
  OUTPUT_GAP: row(409, 'A chunk of output before this one is missing'),
  OUTPUT_LIMIT: row(409, 'The task has handed out as much as it may'),
  OUTPUT_EXPIRED: row(410, 'The output is no longer kept'),
  CURSOR_OTHER_TASK: row(400, 'The cursor is one of another task'),
  RESULT_INVALID: row(422, 'The result is not what the task asks for'),
  GATE_CLOSED: row(409, 'A limit must let the task pass first'),
  LIMIT_NOT_FOUND: row(404, 'There is no such limit'),
  LIMIT_IMPOSSIBLE: row(400, 'The limit can never let the task pass'),
  LIMIT_LIMIT: row(429, 'There are too many limits', 60),
  LIMIT_KEYS_FULL: row(429, 'Limits have too many keys in use', 60),
  DEDUPE_FULL: row(429, 'There are too many dedupe keys', 60),
  WEIGHT_LIMIT: row(429, 'Too many namespaces have a weight', 60),
  SCHEDULE_NOT_FOUND: row(404, 'There is no such schedule'),
  SCHEDULE_EXISTS: row(409, 'The schedule exists already'),
  SCHEDULE_LIMIT: row(429, 'There are too many schedules', 60),
  SCHEDULE_MOVED_ON: row(409, 'The schedule has fired already'),
  SCHEDULE_PAUSED: row(409, 'The schedule is paused'),
  SCHEDULE_BUSY: row(409, 'The schedule does not fire now'),
  STAGE_NOT_FOUND: row(409, 'The parts of the submit did not come in time', 1),
  STAGE_FULL: row(429, 'Too many large submits are on their way', 5),
  SCHEDULE_INVALID: row(400, 'The schedule is not valid'),
  SCHEDULE_NEVER_FIRES: row(400, 'The schedule would never fire'),
  BACKFILL_TOO_LARGE: row(400, 'The backfill has too many moments'),

  FLOW_CYCLE: row(409, 'The tasks wait for each other in a circle'),
  FLOW_DUPLICATE: row(409, 'A task of the flow is named twice'),
  FLOW_TASK_NOT_FOUND: row(404, 'There is no such task to depend on'),
  FLOW_TOO_WIDE: row(400, 'The task depends on too many others'),
  PARENT_RESULTS_TOO_LARGE: row(413, 'The results of the tasks it depends on are too large'),

  FLOW_NOT_FOUND: row(404, 'There is no such flow'),
  BUDGET_EXCEEDED: row(409, 'The budget is spent'),
  DEPTH_EXCEEDED: row(409, 'Tasks come from one another too deep'),
  FAN_OUT_EXCEEDED: row(409, 'The task has submitted too many others'),
  LOOP_DETECTED: row(409, 'The task would come from one like itself'),
  USAGE_INVALID: row(400, 'The usage is not valid'),
  TREE_KILLED: row(409, 'The tree of tasks was killed'),
  NAMESPACE_KILLED: row(409, 'The namespace was killed'),
  NOT_KILLED: row(409, 'It is not killed'),

  // What this server can take now.
  OVERLOADED: row(429, 'Too much is under way', 1),
  STREAM_LIMIT: row(503, 'Too many clients are connected', 5),
  STOPPED: row(503, 'The server is stopping', 5),
  // 507 rather than 503: it lasts until someone frees space, and monitoring must tell it from a restart.
  LOG_FULL: row(507, 'The disk is full', 10),
  ARTIFACTS_FULL: row(507, 'There is no room for more artifacts'),
  LOG_FAILED: row(503, 'The log failed', 10),
  LOG_CLOSED: row(503, 'The log is closed', 5),
  LOG_ENTRY_TOO_LARGE: row(413, 'The request is too large for one entry of the log'),

  // Failures of this server; a caller cannot mend them.
  INTERNAL: FAILED,
  EIO: FAILED,
  ARTIFACT_INVALID: FAILED,
  ARTIFACT_UNREADABLE: FAILED,
  ARTIFACT_UNWRITABLE: FAILED,
  ARTIFACTS_UNREADABLE: FAILED,
  ENTRY_UNREADABLE: FAILED,
  DATA_DIR_LOCKED: FAILED,
  BACKUP_NOT_FOUND: FAILED,
  BACKUP_INVALID: FAILED,
  BACKUP_DAMAGED: FAILED,
  RESTORE_FOLDER_IN_USE: FAILED,
  RESTORE_FAILED: FAILED,
  DATA_DIR_UNUSABLE: FAILED,
  CHECKPOINT_RUNNING: FAILED,
  INSECURE_BIND: FAILED,
  ADMISSION_OPTION_INVALID: FAILED,
  LOG_CORRUPT: FAILED,
  LOG_FOREIGN_FILE: FAILED,
  LOG_LEVEL_INVALID: FAILED,
  LOG_OPTIONS_INVALID: FAILED,
  LOG_RELEASED: FAILED,
  LOG_SEGMENT_DUPLICATE: FAILED,
  LOG_SEGMENT_MISSING: FAILED,
  LOG_STORE_MISMATCH: FAILED,
  LOG_VERSION_UNSUPPORTED: FAILED,
  STORE_FORMAT_UNKNOWN: FAILED,
  STORE_OPEN_FAILED: FAILED,
  STORE_OPTION_INVALID: FAILED,
  STORE_WRITE_FAILED: FAILED,
  STORE_COPY_FAILED: FAILED,
};

/** Whether the table has a row for `code`. */
export function hasErrorRow(code: string): boolean {
  return Object.hasOwn(ERRORS, code);
}

/** How an error is answered; one without a row is a failure of this server. */
export function errorRow(code: string): ErrorRow {
  return hasErrorRow(code) ? (ERRORS[code] as ErrorRow) : FAILED;
}
