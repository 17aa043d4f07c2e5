/** What the data folder holds, read without changing a byte of it; only while no server has it open. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatBytes } from '../../base/byte-size.ts';
import { isOrchestratorError, messageOf } from '../../base/errors.ts';
import { inspectEmbeddedLog, lockDataDirectory } from '../../log/index.ts';
import { inspectAdoption, type BrokenAdoption } from '../../runtime/index.ts';
import { inspectStore } from '../../store/index.ts';
import { readPid } from '../server/pid-file.ts';
import { bad, odd, ok, type Finding } from './finding.ts';
import { isNodeFolder, lookAtNode, storeFolderOf } from './look-at-node.ts';

const RESTORE = 'restore the data folder from a backup; nothing was changed by looking';

export async function lookAtData(dataDir: string): Promise<readonly Finding[]> {
  const folder = resolve(dataDir);
  if (!existsSync(join(folder, 'lock.sqlite'))) {
    return [ok('stored data', 'none yet')];
  }
  const lock = tryLock(folder);
  if (!('release' in lock)) return [lock];
  try {
    const adoption = await inspectAdoption(folder);
    if (adoption?.isHalfDone === true) return await lookAtHalfAdopted(folder, adoption);
    if (isNodeFolder(folder)) {
      const store = lookAtStore(join(folder, storeFolderOf(folder) ?? 'store'));
      return [...(await lookAtNode(folder)), store];
    }
    const findings = [await lookAtLog(join(folder, 'log')), lookAtStore(join(folder, 'store'))];
    return adoption === null ? findings : [...findings, begunAdoption(folder)];
  } finally {
    lock.release();
  }
}

/** Nothing but a copy was made: the server starts as it did before. */
function begunAdoption(folder: string): Finding {
  const detail = '`uqo cluster adopt` broke off before it changed anything';
  const advice = `run it again to make the folder that of a node; or remove ${join(folder, 'raft-adopting.new')}, which only takes room`;
  return odd('adoption', detail, advice);
}

/** Log and store have their old names or their new ones. */
async function lookAtHalfAdopted(
  folder: string,
  { clusterId, nodeId }: BrokenAdoption,
): Promise<readonly Finding[]> {
  const nameOf = (before: string, after: string): string =>
    join(folder, existsSync(join(folder, before)) ? before : after);
  const ids = `--node-id ${nodeId ?? 'ID'}${clusterId === null ? '' : ` --cluster-id ${clusterId}`}`;
  const finding = bad(
    'adoption',
    '`uqo cluster adopt` broke off half way: nobody can start this folder, and nothing of it is lost',
    `run \`uqo cluster adopt --data ${folder} ${ids}\` again: it goes on where it broke off`,
  );
  const log = await lookAtLog(nameOf('log', 'log.before-cluster'));
  return [finding, log, lookAtStore(nameOf('store', 'store-000001'))];
}

function tryLock(folder: string): { release(): void } | Finding {
  const check = 'stored data';
  try {
    return lockDataDirectory(folder);
  } catch (error) {
    if (isOrchestratorError(error) && error.code === 'DATA_DIR_LOCKED') {
      const pid = readPid(folder);
      return ok(
        check,
        `in use by ${pid === null ? 'a server' : `process ${pid}`}: not looked into`,
      );
    }
    return bad(check, messageOf(error), 'check the owner and mode of its files');
  }
}

async function lookAtLog(directory: string): Promise<Finding> {
  const check = 'log';
  try {
    const found = await inspectEmbeddedLog(directory);
    if (found === null) return ok(check, 'none yet');
    const { lastIndex, segments, tornBytes } = found;
    const detail = `${segments} segments to entry ${lastIndex}, every checksum right`;
    if (tornBytes === 0) return ok(check, detail);
    const torn = `${detail}, then ${tornBytes} bytes of an unfinished write`;
    return odd(
      check,
      torn,
      'nothing to do: they were never acknowledged, and the next start cuts them',
    );
  } catch (error) {
    return bad(check, messageOf(error), RESTORE);
  }
}

function lookAtStore(directory: string): Finding {
  const check = 'store';
  try {
    const found = inspectStore(directory);
    if (found === null) return ok(check, 'none yet');
    const { bytesUsed, format, formatSupported } = found;
    const detail = `format ${format ?? 'unknown'}, ${formatBytes(bytesUsed)} in use`;
    if (format === formatSupported) return ok(check, detail);
    return bad(check, detail, 'open it with the version of this program that wrote it');
  } catch (error) {
    return bad(check, messageOf(error), RESTORE);
  }
}
