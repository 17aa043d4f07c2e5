import { MemoryLog, type MemoryDisk } from '../../src/testing/memory-log.ts';
import { describeReplicatedLog } from './replicated-log.ts';

describeReplicatedLog('the log in memory', () => {
  const disk: MemoryDisk = { bodies: [], released: 0 };
  let log: MemoryLog | null = null;
  return Promise.resolve({
    entryBytesMax: 10_000,
    open: () => {
      log = new MemoryLog(disk, 10_000);
      return Promise.resolve(log);
    },
    breakWrites: () => {
      if (log !== null) log.isBroken = true;
    },
    dispose: () => Promise.resolve(),
  });
});
