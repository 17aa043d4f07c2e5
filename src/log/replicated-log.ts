/** One durable entry: a batch of commands, opaque to the log. */
export interface LogEntry {
  /** Position in the log; the first entry has index 1 and there are no gaps. */
  readonly index: number;
  readonly body: Uint8Array;
}

/** What opening a log found. */
export interface LogRecovery {
  /** Index of the oldest entry still kept, or `lastIndex + 1` when none is. */
  readonly firstIndex: number;
  /** Index of the newest durable entry; 0 in a new log. */
  readonly lastIndex: number;
  /** Bytes of an unfinished write that were cut from the tail: never acknowledged to anyone. */
  readonly tornBytes: number;
}

/**
 * An ordered, durable, gap-free sequence of entries: the durability of the whole orchestrator.
 *
 * Promises of every implementation
 *   L1  an entry whose `append` resolved is found by every later open
 *   L2  appends become durable and resolve in the order they were called
 *   L3  after one failed write or flush nothing is acknowledged any more, ever
 *   L4  entries are returned byte for byte as they were appended, or not at all
 */
export interface ReplicatedLog {
  readonly recovery: LogRecovery;
  /** Index of the newest durable entry. */
  readonly lastIndex: number;

  /**
   * Appends one entry and resolves with its index once it is durable.
   *
   * The log keeps `body` until then; the caller must not change it. Appends called while a write is
   * under way share the next one (group commit).
   *
   * @throws OrchestratorError `LOG_FULL` when the disk had no room: the log stays usable, nothing was kept;
   *   `LOG_FAILED` after a failed write or flush; `LOG_CLOSED` after {@link close};
   *   `LOG_ENTRY_TOO_LARGE` above the configured bound
   */
  append(body: Uint8Array): Promise<number>;

  /**
   * Reads entries with an index greater than `afterIndex`, oldest first, to the one that was newest when reading began.
   *
   * Memory is bounded, whatever the log's size. A body may be a view of a larger buffer: keep a copy, not the view.
   *
   * @throws OrchestratorError `LOG_RELEASED` when entries behind `afterIndex` are no longer kept (never a silent gap);
   *   `LOG_CORRUPT` when an entry is not what was appended; `LOG_CLOSED` after {@link close}
   */
  read(afterIndex: number): AsyncIterable<LogEntry>;

  /**
   * Lets go of whole segments that hold only entries up to and including `index`; more may be kept than was let go.
   *
   * @throws OrchestratorError `LOG_FAILED` when the disk fails; `LOG_CLOSED` after {@link close}
   */
  releaseThrough(index: number): Promise<void>;

  /** Resolves with the cause if the log fails for good; never rejects. */
  readonly failed: Promise<Error>;

  /** Waits for appends under way, closes files, releases the lock. Safe to call twice. */
  close(): Promise<void>;
}
