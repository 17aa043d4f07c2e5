import {
  decodeConfiguration,
  decodeFrame,
  encodeFrame,
  foundCluster,
  genesisBase,
  RaftCore,
  type Configuration,
  type Hasher,
  type LogBase,
  type NodeId,
  type RaftCoreOptions,
  type RaftEntry,
  type RaftFrame,
  type RaftProtocol,
  type HardState,
} from '../../../src/consensus/index.ts';
import { quickHasher } from './quick-hasher.ts';

/** The production code under test; another build of it, such as one with a mistake put in, fits as well. */
export interface RaftAdapter {
  readonly hasher: Hasher;
  createCore(options: RaftCoreOptions): RaftProtocol;
  encodeFrame(frame: RaftFrame): Uint8Array;
  decodeFrame(bytes: Uint8Array): RaftFrame;
  decodeConfiguration(body: Uint8Array): Configuration;
  genesisBase(clusterId: string, hasher: Hasher): LogBase;
  foundCluster(
    clusterId: string,
    voters: readonly NodeId[],
    hasher: Hasher,
  ): {
    readonly hardState: HardState;
    readonly base: LogBase;
    readonly entries: readonly RaftEntry[];
  };
}

export const productionRaft: RaftAdapter = {
  hasher: quickHasher,
  createCore: (options) => new RaftCore(options),
  encodeFrame,
  decodeFrame,
  decodeConfiguration,
  genesisBase,
  foundCluster,
};
