import { openRaftLog, type RaftLog, type RaftLogOptions } from '../../src/log/index.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { QUICK, RaftCluster } from '../raft/raft-cluster.ts';
import { describeReplicatedLog } from './replicated-log.ts';

const ENTRY_BYTES_MAX = 10_000;

describeReplicatedLog('a replicated log of one node on the real disk', async () => {
  const cluster = await RaftCluster.make(['a'], ['a'], { entryBytesMax: ENTRY_BYTES_MAX });
  return {
    entryBytesMax: ENTRY_BYTES_MAX,
    open: async () => {
      await cluster.start('a');
      return (await cluster.leader()).log;
    },
    dispose: () => cluster.dispose(),
  };
});

describeReplicatedLog('a replicated log of one node on a simulated disk', () => {
  const disk = new SimulatedDisk();
  const options: RaftLogOptions = {
    directory: '/node',
    clusterId: 'test',
    nodeId: 'a',
    founders: ['a'],
    transport: { listenAddress: '127.0.0.1:0' },
    entryBytesMax: ENTRY_BYTES_MAX,
    fileSystem: disk,
    ...QUICK,
  };
  let log: RaftLog | null = null;
  return Promise.resolve({
    entryBytesMax: ENTRY_BYTES_MAX,
    open: async () => {
      disk.fate = () => 'proceed';
      log = await openRaftLog(options);
      await log.ready();
      return log;
    },
    dispose: async () => {
      await log?.halt();
    },
    breakWrites: () => {
      disk.fate = ({ kind }) => (kind === 'write' ? { fails: 'EIO' } : 'proceed');
    },
  });
});

describeReplicatedLog('a replicated log of three nodes, at its leader', async () => {
  const ids = ['a', 'b', 'c'];
  const cluster = await RaftCluster.make(ids, ids, { entryBytesMax: ENTRY_BYTES_MAX });
  return {
    entryBytesMax: ENTRY_BYTES_MAX,
    open: async () => {
      // Whoever of the last time is still there goes down with its leader.
      for (const id of cluster.nodes.keys()) await cluster.crash(id);
      await cluster.startAll();
      return (await cluster.leader()).log;
    },
    dispose: () => cluster.dispose(),
  };
});
