/** Whose data folder it is: a single server keeps `log`, a node of a cluster `raft`. Each refuses the other's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OrchestratorError } from '../base/errors.ts';

/** @throws OrchestratorError `FOLDER_OF_NODE`, where a single server would begin with nothing */
export function requireNoNode(dataDir: string): void {
  const isNode = ['raft', 'raft-adopting'].some((name) => existsSync(join(dataDir, name)));
  if (!isNode) return;
  const message = `the folder must be that of a single server, got that of a node of a cluster, ${dataDir}: start it with --log raft and its --node-id, or name another folder`;
  throw new OrchestratorError('FOLDER_OF_NODE', message, { directory: dataDir });
}

/** @throws OrchestratorError `FOLDER_OF_SINGLE_SERVER`, where a node would begin with nothing */
export function requireNoSingleServer(dataDir: string): void {
  if (!existsSync(join(dataDir, 'log'))) return;
  const message = `the folder must be empty or that of a node, got that of a single server, ${dataDir}: \`uqo cluster adopt\` makes it that of the first node, or name another folder`;
  throw new OrchestratorError('FOLDER_OF_SINGLE_SERVER', message, { directory: dataDir });
}
