/**
 * Makes the data folder of a single server that of the first node of a cluster.
 *
 *   store ─▶ up to the end of the log ─▶ raft-adopting/ (journal, snapshot) ─▶ store-000001, log.before-cluster, raft
 *
 * A crash on the way leaves the folder of a single server, or one whose names are half changed, which nobody starts; the
 * same call goes on from there, and says the same once all is done.
 */
import { createReadStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OrchestratorError } from '../../base/errors.ts';
import {
  foundFromState,
  inspectEmbeddedLog,
  inspectJournal,
  lockDataDirectory,
} from '../../log/index.ts';
import { inspectStore, STORE_FILE } from '../../store/index.ts';
import { flushPath } from '../flush-path.ts';
import { ADOPTING } from '../folder-kind.ts';
import { openRuntime } from '../open-runtime.ts';

export interface AdoptOptions {
  readonly dataDir: string;
  readonly clusterId: string;
  /** Id that the node is to have. */
  readonly nodeId: string;
  readonly version: string;
  /** Told before each change of the folder; what it throws ends the adoption there, as a crash would. */
  readonly onStep?: (step: string) => void;
}

/** An adoption that has not come to its end. */
export interface BrokenAdoption {
  /** Whether names are changed already, so that it must be gone on with. */
  readonly isHalfDone: boolean;
  /** Whom it was for; null where that is not known. */
  readonly nodeId: string | null;
  readonly clusterId: string | null;
}

/** What became of the folder. */
export interface AdoptedFolder {
  /** Index of the newest command of the state. */
  readonly appliedIndex: number;
  /** Where the log of the single server lies now; nothing reads it any more. */
  readonly oldLog: string;
}

const UNFINISHED = `${ADOPTING}.new`;
const OLD_LOG = 'log.before-cluster';
const STEPS = [
  ['store', 'store-000001'],
  ['log', OLD_LOG],
  [ADOPTING, 'raft'],
] as const;

/**
 * Turns the folder around; it must be that of a single server, or made by a restore, and nobody may have it open. Where that
 * is done already, for this very node, nothing changes.
 *
 * @throws OrchestratorError `FOLDER_NOT_SINGLE` where it is not; `ADOPTION_OF_OTHER_NODE` where it was begun for another;
 *   `DATA_DIR_LOCKED`, and as opening it does
 */
export async function adoptFolder(options: AdoptOptions): Promise<AdoptedFolder> {
  const dataDir = resolve(options.dataDir);
  const isDone = await isAdopted(dataDir, options);
  if (!isDone && !existsSync(join(dataDir, ADOPTING))) {
    requireSingle(dataDir);
    // Opened and closed in order, the store holds everything that the log does.
    await (await openRuntime({ dataDir, version: options.version })).close();
  }
  const lock = lockDataDirectory(dataDir);
  try {
    if (!isDone) await turnAround(dataDir, options);
    const appliedIndex = inspectStore(join(dataDir, 'store-000001'))?.appliedIndex ?? 0;
    return { appliedIndex, oldLog: join(dataDir, OLD_LOG) };
  } finally {
    lock.release();
  }
}

/** Whether an adoption of that folder broke off, and how far it came; null where none did. */
export async function inspectAdoption(dataDir: string): Promise<BrokenAdoption | null> {
  if (existsSync(join(dataDir, ADOPTING))) {
    const identity = await identityIn(join(dataDir, ADOPTING));
    const { clusterId = null, nodeId = null } = identity ?? {};
    return { isHalfDone: true, clusterId, nodeId };
  }
  if (!existsSync(join(dataDir, UNFINISHED))) return null;
  return { isHalfDone: false, clusterId: null, nodeId: null };
}

/** Each name is on the disk before the next one changes: no power cut leaves another order. */
async function turnAround(dataDir: string, options: AdoptOptions): Promise<void> {
  if (!existsSync(join(dataDir, ADOPTING))) await prepare(dataDir, options);
  const identity = await identityIn(join(dataDir, ADOPTING));
  if (identity !== null) requireSame(dataDir, identity, options);
  for (const [from, to] of STEPS) {
    if (!existsSync(join(dataDir, from))) continue;
    options.onStep?.(`rename ${from}`);
    await rename(join(dataDir, from), join(dataDir, to));
    await flushPath(dataDir);
  }
  options.onStep?.('say so');
}

async function isAdopted(dataDir: string, options: AdoptOptions): Promise<boolean> {
  const has = (name: string): boolean => existsSync(join(dataDir, name));
  if (!has('raft') || !has(OLD_LOG) || has(ADOPTING)) return false;
  const identity = await identityIn(join(dataDir, 'raft'));
  return identity?.nodeId === options.nodeId && identity.clusterId === options.clusterId;
}

type Identity = Pick<AdoptOptions, 'clusterId' | 'nodeId'>;

async function identityIn(directory: string): Promise<Identity | null> {
  return (await inspectJournal(directory))?.identity ?? null;
}

function requireSame(dataDir: string, begun: Identity, wanted: Identity): void {
  if (begun.nodeId === wanted.nodeId && begun.clusterId === wanted.clusterId) return;
  const message = `the adoption of ${dataDir} was begun for node ${begun.nodeId} of cluster ${begun.clusterId}, got ${wanted.nodeId} of ${wanted.clusterId}: go on with the former`;
  throw new OrchestratorError('ADOPTION_OF_OTHER_NODE', message, { directory: dataDir });
}

function requireSingle(dataDir: string): void {
  const has = (name: string): boolean => existsSync(join(dataDir, name));
  if (has('store') && has('log') && !has('raft') && !has(OLD_LOG)) return;
  const message = `the folder must be that of a single server, got ${dataDir}: a node joins a cluster with an empty one (docs/cluster.md)`;
  throw new OrchestratorError('FOLDER_NOT_SINGLE', message, { directory: dataDir });
}

/** Makes the log of the node beside that of the server; it counts once it has its name. */
async function prepare(dataDir: string, options: AdoptOptions): Promise<void> {
  const { clusterId, nodeId, onStep } = options;
  const appliedIndex = inspectStore(join(dataDir, 'store'))?.appliedIndex ?? 0;
  const lastIndex = (await inspectEmbeddedLog(join(dataDir, 'log')))?.lastIndex ?? 0;
  if (appliedIndex !== lastIndex) {
    const message = `the store must hold all of the log, to entry ${lastIndex}, got ${appliedIndex}: start the server once and stop it with SIGTERM`;
    throw new OrchestratorError('LOG_STORE_MISMATCH', message, { appliedIndex, lastIndex });
  }
  const unfinished = join(dataDir, UNFINISHED);
  onStep?.('make the log');
  await rm(unfinished, { recursive: true, force: true });
  const chunks = createReadStream(join(dataDir, 'store', STORE_FILE), { highWaterMark: 1024 ** 2 });
  await foundFromState({ directory: unfinished, clusterId, nodeId, appliedIndex, chunks });
  await flushPath(unfinished);
  onStep?.('name the log');
  await rename(unfinished, join(dataDir, ADOPTING));
  await flushPath(dataDir);
}
