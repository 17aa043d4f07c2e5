import path from 'node:path';
import { OrchestratorError, messageOf } from '../../base/errors.ts';

const WHAT_TO_DO =
  'restore the folder of the log from a backup, or this node from its peers; nothing was changed or cut';

/** An acknowledged entry can no longer be read as it was written. */
export function corruptError(file: string, offset: number, what: string): OrchestratorError {
  const message = `${what} at byte ${offset} of ${file}: ${WHAT_TO_DO}`;
  return new OrchestratorError('LOG_CORRUPT', message, { file, offset });
}

export function missingSegmentError(
  directory: string,
  firstIndex: number,
  lastIndex: number,
): OrchestratorError {
  const message = `segments must follow each other without a gap, got nothing for entries ${firstIndex} to ${lastIndex} in ${directory} (a segment is missing, or the one before lost its end): ${WHAT_TO_DO}`;
  return new OrchestratorError('LOG_SEGMENT_MISSING', message, {
    directory,
    firstIndex,
    lastIndex,
  });
}

export function duplicateSegmentError(
  directory: string,
  files: readonly string[],
): OrchestratorError {
  const names = files.map((file) => path.basename(file)).join(' and ');
  const message = `segments must not overlap, got ${names} in ${directory}: move the one that does not belong to this log out of the folder`;
  return new OrchestratorError('LOG_SEGMENT_DUPLICATE', message, { directory });
}

export function foreignFileError(directory: string, name: string): OrchestratorError {
  const file = path.join(directory, name);
  const message = `the folder of a log must hold nothing but its segments, got ${file}: move it elsewhere`;
  return new OrchestratorError('LOG_FOREIGN_FILE', message, { file });
}

export function versionError(file: string): OrchestratorError {
  const message = `the format version of a segment must be 1, got another in ${file}: open it with the version of this program that wrote it`;
  return new OrchestratorError('LOG_VERSION_UNSUPPORTED', message, { file });
}

export function failedError(directory: string, cause: unknown): OrchestratorError {
  const message = `the log in ${directory} failed for good and acknowledges nothing more: ${messageOf(cause)}; check the disk, then restart`;
  return new OrchestratorError('LOG_FAILED', message, { directory }, { cause });
}

export function fullError(directory: string, cause: unknown): OrchestratorError {
  const message = `the disk must have room for the log in ${directory}, got: ${messageOf(cause)}; free some space and try again`;
  return new OrchestratorError('LOG_FULL', message, { directory }, { cause });
}

export function closedError(directory: string): OrchestratorError {
  return new OrchestratorError('LOG_CLOSED', `the log in ${directory} must be open, got closed`, {
    directory,
  });
}

export function releasedError(afterIndex: number, firstIndex: number): OrchestratorError {
  const message = `reading must start after index ${firstIndex - 1} or later, got ${afterIndex}: older entries were released`;
  return new OrchestratorError('LOG_RELEASED', message, { afterIndex, firstIndex });
}

/** True for a disk, quota or file-size limit reached: conditions that can pass. */
export function isOutOfSpace(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOSPC' || error.code === 'EDQUOT';
}
