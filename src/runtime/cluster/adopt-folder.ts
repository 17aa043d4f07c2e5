/**
 * Makes the data folder of a single server that of the first node of a cluster.
 *
 *   store ─▶ up to the end of the log ─▶ raft-adopting/ (journal, snapshot) ─▶ store-000001, log.before-cluster, raft
 *
 * A crash on the way leaves the folder of a single server, or one whose names are half changed; the same call
 * goes on from there.
 */
import { createReadStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OrchestratorError } from '../../base/errors.ts';
import { foundFromState, inspectEmbeddedLog, lockDataDirectory } from '../../log/index.ts';
import { inspectStore, STORE_FILE } from '../../store/index.ts';
import { flushPath } from '../flush-path.ts';
import { openRuntime } from '../open-runtime.ts';

export interface AdoptOptions {
  readonly dataDir: string;
  readonly clusterId: string;
  /** Id that the node is to have. */
  readonly nodeId: string;
  readonly version: string;
}

/** What became of the folder. */
export interface AdoptedFolder {
  /** Index of the newest command of the state. */
  readonly appliedIndex: number;
  /** Where the log of the single server lies now; nothing reads it any more. */
  readonly oldLog: string;
}

const READY = 'raft-adopting';
const OLD_LOG = 'log.before-cluster';
const STEPS = [
  ['store', 'store-000001'],
  ['log', OLD_LOG],
  [READY, 'raft'],
] as const;

/**
 * Turns the folder around; it must be that of a single server, or made by a restore, and nobody may have it open.
 *
 * @throws OrchestratorError `FOLDER_NOT_SINGLE` where it is not; `DATA_DIR_LOCKED`, and as opening it does
 */
export async function adoptFolder(options: AdoptOptions): Promise<AdoptedFolder> {
  const dataDir = resolve(options.dataDir);
  if (!existsSync(join(dataDir, READY))) {
    requireSingle(dataDir);
    // Opened and closed in order, the store holds everything that the log does.
    await (await openRuntime({ dataDir, version: options.version })).close();
  }
  const lock = lockDataDirectory(dataDir);
  try {
    if (!existsSync(join(dataDir, READY))) await prepare(dataDir, options);
    for (const [from, to] of STEPS) {
      if (existsSync(join(dataDir, from))) await rename(join(dataDir, from), join(dataDir, to));
    }
    await flushPath(dataDir);
    const appliedIndex = inspectStore(join(dataDir, 'store-000001'))?.appliedIndex ?? 0;
    return { appliedIndex, oldLog: join(dataDir, OLD_LOG) };
  } finally {
    lock.release();
  }
}

function requireSingle(dataDir: string): void {
  const has = (name: string): boolean => existsSync(join(dataDir, name));
  if (has('store') && has('log') && !has('raft') && !has(OLD_LOG)) return;
  const message = `the folder must be that of a single server, got ${dataDir}: a node joins a cluster with an empty one (docs/cluster.md)`;
  throw new OrchestratorError('FOLDER_NOT_SINGLE', message, { directory: dataDir });
}

/** Makes the log of the node beside that of the server; it counts once it has its name. */
async function prepare(dataDir: string, { clusterId, nodeId }: AdoptOptions): Promise<void> {
  const appliedIndex = inspectStore(join(dataDir, 'store'))?.appliedIndex ?? 0;
  const lastIndex = (await inspectEmbeddedLog(join(dataDir, 'log')))?.lastIndex ?? 0;
  if (appliedIndex !== lastIndex) {
    const message = `the store must hold all of the log, to entry ${lastIndex}, got ${appliedIndex}: start the server once and stop it with SIGTERM`;
    throw new OrchestratorError('LOG_STORE_MISMATCH', message, { appliedIndex, lastIndex });
  }
  const unfinished = join(dataDir, `${READY}.new`);
  await rm(unfinished, { recursive: true, force: true });
  const chunks = createReadStream(join(dataDir, 'store', STORE_FILE), { highWaterMark: 1024 ** 2 });
  await foundFromState({ directory: unfinished, clusterId, nodeId, appliedIndex, chunks });
  await flushPath(unfinished);
  await rename(unfinished, join(dataDir, READY));
  await flushPath(dataDir);
}
