import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Consensus from '../../../src/consensus/index.ts';
import { quickHasher } from '../raft/quick-hasher.ts';
import type { RaftAdapter } from '../raft/raft-adapter.ts';
import type { Mistake } from './known-mistakes.ts';

const SOURCE = path.resolve(import.meta.dirname, '../../../src');

/** The consensus room with a mistake put in, loaded from a folder of its own, which the caller removes. */
export async function loadMistaken(
  mistake: Mistake,
): Promise<{ readonly adapter: RaftAdapter; readonly folder: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mistaken-raft-'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  for (const room of ['base', 'consensus']) {
    cpSync(path.join(SOURCE, room), path.join(folder, room), {
      recursive: true,
      // Nobody is to look for the compiler's settings there.
      filter: (file) => path.basename(file) !== 'tsconfig.json',
    });
  }
  const file = path.join(folder, 'consensus', 'raft', mistake.file);
  const text = readFileSync(file, 'utf8');
  if (text.split(mistake.find).length !== 2) {
    throw new Error(`"${mistake.name}" must fit exactly one place of ${mistake.file}`);
  }
  writeFileSync(
    file,
    text.replace(mistake.find, () => mistake.replace),
  );
  const entry = pathToFileURL(path.join(folder, 'consensus', 'index.ts')).href;
  const room = (await import(/* @vite-ignore */ entry)) as typeof Consensus;
  const adapter: RaftAdapter = {
    hasher: quickHasher,
    createCore: (options) => new room.RaftCore(options),
    encodeFrame: room.encodeFrame,
    decodeFrame: room.decodeFrame,
    decodeConfiguration: room.decodeConfiguration,
    genesisBase: room.genesisBase,
    foundCluster: room.foundCluster,
  };
  return { adapter, folder };
}
