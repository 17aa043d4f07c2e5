/** `uqo restore FILE`. */
import { resolve } from 'node:path';
import { restoreBackup } from '../../runtime/index.ts';
import { UsageError } from '../usage-error.ts';

/** What is shown of a backup. */
export interface RestoredBackup {
  readonly takenAt: string;
  readonly version: string;
  readonly liveTasks: number;
  readonly lastIndex: number;
  readonly files: number;
  readonly bytes: number;
  readonly dataDir?: string;
}

/** @throws OrchestratorError as {@link restoreBackup} does; UsageError without a folder */
export async function restore(
  file: string,
  { check, data }: { readonly check?: true; readonly data?: string },
): Promise<RestoredBackup> {
  if (check !== true && data === undefined) {
    throw new UsageError('a backup is restored into a folder', 'use --data DIR, or --check');
  }
  const dataDir = check === true || data === undefined ? null : resolve(data);
  const { createdAt, files, lastIndex, liveTasks, version } = await restoreBackup({
    file,
    dataDir,
  });
  return {
    takenAt: new Date(createdAt).toISOString(),
    version,
    liveTasks,
    lastIndex,
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(dataDir === null ? {} : { dataDir }),
  };
}
