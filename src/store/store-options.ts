import { OrchestratorError } from '../base/errors.ts';
import type { CheckpointStats } from './checkpoint.ts';

/** How long finished tasks are kept; whichever bound is met first. */
interface HistoryRetention {
  /** Time since they finished, in milliseconds. Default 7 days. */
  readonly ageMsMax?: number;
  /** Records. Default 1,000,000. */
  readonly countMax?: number;
  /** Bytes of all records. Default 16 GiB. */
  readonly bytesMax?: number;
}

export interface StoreOptions {
  /** Folder of the store's file; made when it is missing. */
  readonly directory: string;
  /** Memory for payloads that have been read from the file, in bytes. Default 256 MiB. */
  readonly payloadCacheBytes?: number;
  readonly history?: HistoryRetention;
  /** Longest wait before finished records are written, in milliseconds. Default 50. */
  readonly flushDelayMs?: number;
  /** Finished records in memory past which `backlog.full` is true. Default 500,000. */
  readonly backlogCountMax?: number;
  /** The same in bytes. Default 256 MiB. */
  readonly backlogBytesMax?: number;
  /** Time between two looks at what retention lets go, in milliseconds. Default 60,000. */
  readonly purgeIntervalMs?: number;
  /** Longest stretch of background work in one turn of the event loop, in milliseconds. Default 2. */
  readonly sliceMs?: number;
  /** Milliseconds since 1970. Default the clock of this machine. */
  readonly now?: () => number;
  readonly onCheckpoint?: (stats: CheckpointStats) => void;
  /** The disk is full: writing waits for space and tries again; null when it goes on. */
  readonly onStalled?: (message: string | null) => void;
}

const HISTORY_DEFAULTS = {
  ageMsMax: 7 * 24 * 3_600_000,
  countMax: 1_000_000,
  bytesMax: 16 * 1_024 ** 3,
} as const;

const DEFAULTS = {
  payloadCacheBytes: 256 * 1_024 ** 2,
  flushDelayMs: 50,
  backlogCountMax: 500_000,
  backlogBytesMax: 256 * 1_024 ** 2,
  purgeIntervalMs: 60_000,
  sliceMs: 2,
} as const;

export type ResolvedStoreOptions = Required<Omit<StoreOptions, 'history'>> & {
  readonly history: Required<HistoryRetention>;
};

/**
 * Fills in the defaults and checks every bound.
 *
 * @throws OrchestratorError STORE_OPTION_INVALID
 */
export function resolveStoreOptions(options: StoreOptions): ResolvedStoreOptions {
  const resolved = {
    ...DEFAULTS,
    now: Date.now,
    onCheckpoint: () => undefined,
    onStalled: () => undefined,
    ...options,
    history: { ...HISTORY_DEFAULTS, ...options.history },
  };
  atLeast('payloadCacheBytes', resolved.payloadCacheBytes, 1);
  atLeast('flushDelayMs', resolved.flushDelayMs, 0);
  atLeast('backlogCountMax', resolved.backlogCountMax, 1);
  atLeast('backlogBytesMax', resolved.backlogBytesMax, 1);
  atLeast('purgeIntervalMs', resolved.purgeIntervalMs, 1);
  atLeast('sliceMs', resolved.sliceMs, 0);
  atLeast('history.ageMsMax', resolved.history.ageMsMax, 0);
  atLeast('history.countMax', resolved.history.countMax, 0);
  atLeast('history.bytesMax', resolved.history.bytesMax, 0);
  return resolved;
}

function atLeast(name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min) return;
  throw new OrchestratorError(
    'STORE_OPTION_INVALID',
    `${name} must be an integer of at least ${min}, got ${value}`,
    { name, value },
  );
}
