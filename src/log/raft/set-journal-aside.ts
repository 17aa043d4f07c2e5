import { rename, stat } from 'node:fs/promises';
import { OrchestratorError } from '../../base/errors.ts';

/**
 * Moves the damaged folder of a node out of the way, all of it kept, and tells where to.
 *
 * The node must not come back under its old id afterwards: it may have voted, and vouched for entries, in what is no longer
 * readable. It joins under a new id, as a learner, and gets everything from its peers; the old id is removed from the
 * cluster. Its peers refuse the old id with an empty folder.
 *
 * @throws OrchestratorError `JOURNAL_MISSING` when there is no such folder
 */
export async function setJournalAside(directory: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const target = `${directory}.corrupt-${number}`;
    if (await exists(target)) continue;
    if (!(await exists(directory))) {
      const message = `the folder to set aside must be there, got none at ${directory}`;
      throw new OrchestratorError('JOURNAL_MISSING', message, { directory });
    }
    await rename(directory, target);
    return target;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
