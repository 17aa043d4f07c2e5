/** Whose data folder it is: a single server keeps `log`, a node of a cluster `raft`. Each refuses the other's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OrchestratorError } from '../base/errors.ts';

/** The log of a node whose adoption of the folder is not done yet. */
export const ADOPTING = 'raft-adopting';

/** @throws OrchestratorError `FOLDER_OF_NODE`, where a single server would begin with nothing; `ADOPTION_UNFINISHED` */
export function requireNoNode(dataDir: string): void {
  requireAdopted(dataDir);
  if (!existsSync(join(dataDir, 'raft'))) return;
  const message = `the folder must be that of a single server, got that of a node of a cluster, ${dataDir}: start it with --log raft and its --node-id, or name another folder`;
  throw new OrchestratorError('FOLDER_OF_NODE', message, { directory: dataDir });
}

/** @throws OrchestratorError `FOLDER_OF_SINGLE_SERVER`, where a node would begin with nothing; `ADOPTION_UNFINISHED` */
export function requireNoSingleServer(dataDir: string): void {
  requireAdopted(dataDir);
  if (!existsSync(join(dataDir, 'log'))) return;
  const message = `the folder must be empty or that of a node, got that of a single server, ${dataDir}: \`uqo cluster adopt\` makes it that of the first node, or name another folder`;
  throw new OrchestratorError('FOLDER_OF_SINGLE_SERVER', message, { directory: dataDir });
}

function requireAdopted(dataDir: string): void {
  if (!existsSync(join(dataDir, ADOPTING))) return;
  const message = `the folder must be that of a server or of a node, got one between the two, ${dataDir}: run \`uqo cluster adopt\` again, which goes on where it broke off`;
  throw new OrchestratorError('ADOPTION_UNFINISHED', message, { directory: dataDir });
}
