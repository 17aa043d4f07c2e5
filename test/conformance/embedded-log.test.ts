import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openEmbeddedLog } from '../../src/log/index.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { describeReplicatedLog } from './replicated-log.ts';

const OPTIONS = { segmentBytes: 16 * 1024, entryBytesMax: 10_000 };

describeReplicatedLog('the embedded log on the real disk', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'uqo-embedded-log-'));
  return {
    entryBytesMax: OPTIONS.entryBytesMax,
    open: () => openEmbeddedLog({ ...OPTIONS, directory: path.join(directory, 'log') }),
    dispose: () => rm(directory, { recursive: true }),
  };
});

describeReplicatedLog('the embedded log on a simulated disk', () => {
  const disk = new SimulatedDisk();
  return Promise.resolve({
    entryBytesMax: OPTIONS.entryBytesMax,
    open: () => {
      disk.fate = () => 'proceed';
      return openEmbeddedLog({ ...OPTIONS, directory: '/log', fileSystem: disk });
    },
    dispose: () => Promise.resolve(),
    breakWrites: () => {
      disk.fate = ({ kind }) => (kind === 'write' ? { fails: 'EIO' } : 'proceed');
    },
  });
});
