/** A production node of a cluster, with runtime, command loop and hub, in a process that dies and starts again. */
import type { CoreState } from '../../../src/core/index.ts';
import {
  openRaftLog,
  type CommittedEntry,
  type CommittedSink,
  type RaftLog,
  type RaftLogOptions,
  type SnapshotProvider,
} from '../../../src/log/index.ts';
import { PROTOCOL_VERSIONS } from '../../../src/log/raft/transport/handshake.ts';
import { ASK_ABOUT, type About } from '../../../src/runtime/cluster/leadership.ts';
import type { NodeFolder, NodePorts } from '../../../src/runtime/cluster/node-ports.ts';
import { ClusterNode, type Clock, type Runtime } from '../../../src/runtime/index.ts';
import type { ArtifactStore } from '../../../src/store/index.ts';
import { RELEASES, SimulatedNode, type NodeOptions } from '../stack/simulated-node.ts';
import type { SimulatedProcess } from '../stack/simulated-process.ts';
import type { NodeChecker } from './node-checker.ts';
import { refusal } from './refusal.ts';
import { bytesOf, NOTHING_STORED, SimulatedStore, storedIn } from './simulated-store.ts';

const CHUNK_BYTES = 3_000;
/** How long a node looks for who leads before it says that it does not know. */
const LEADER_WAIT_MS = 200;
const CHECKPOINT_INTERVAL_MS = 400;
const BYTES_PER_ENTRY = 300;

/** What all nodes of a run share. */
export interface NodeWorld {
  readonly checker: NodeChecker;
  /** Large outputs, of which there are none. */
  readonly artifacts: ArtifactStore;
}

export class RuntimeNode extends SimulatedNode {
  readonly #world: NodeWorld;
  #node: ClusterNode | null = null;
  #stored = NOTHING_STORED;
  #store: SimulatedStore | null = null;
  /** Grows whenever another node leads, or none: channels from before are of no more use. */
  epoch = 0;
  /** How full the memory of the machine seems to be, from 0 to 1. */
  memoryShare = 0;

  constructor(options: NodeOptions, world: NodeWorld) {
    super(options);
    this.#world = world;
  }

  get state(): CoreState | null {
    return this.isUp ? (this.#store?.state ?? null) : null;
  }

  get node(): ClusterNode {
    if (this.#node === null) throw refusal('STOPPED', 'the node is down');
    return this.#node;
  }

  /** The runtime, where this node leads; else a refusal that names who does. */
  async leading(): Promise<Runtime> {
    const { node } = this;
    const leader = await node.leader(LEADER_WAIT_MS);
    if (leader === 'self') return node.runtime;
    throw refusal(leader === null ? 'NO_LEADER' : 'NOT_LEADER', 'another node leads', leader);
  }

  /** Ends as a server does that is told to: hands leadership over, closes what it has open, and is gone. */
  stop(): void {
    const { process } = this;
    const node = this.#node;
    if (process === null || node === null) return;
    this.options.simulation.say(() => `${this.nodeId} is told to stop`);
    const end = (): void => process.run(() => this.crash());
    process.run(() => {
      node.close(0).then(end, (error: unknown) => {
        if (this.mayFail(process, error)) end();
      });
    });
  }

  /** What time it is by the clock of the process. */
  get monotonicMs(): number {
    return this.process?.clock.monotonicMs() ?? 0;
  }

  async askLeader(): Promise<string> {
    const answer = await this.node.log.forward(ASK_ABOUT, new Uint8Array());
    return (JSON.parse(Buffer.from(answer).toString()) as About).url;
  }

  protected get keptIndex(): number {
    return this.#stored.appliedIndex;
  }

  protected forget(): void {
    this.#node = null;
    this.#store = null;
  }

  protected async open(process: SimulatedProcess): Promise<RaftLog> {
    const { endpoint, founders, nodeId, peers, plan, streams } = this.options;
    const ids = this.chance.rng();
    const node = await ClusterNode.open(
      {
        dataDir: `/${nodeId}`,
        version: '0',
        clock: this.#clock(process),
        logger: this.logger(),
        seed: this.chance.below(2 ** 30),
        idBytes: (count) => Buffer.from(Array.from({ length: count }, () => ids.below(256))),
        checkpointBytes: plan.checkpointEveryEntries * BYTES_PER_ENTRY,
        checkpointIntervalMs: CHECKPOINT_INTERVAL_MS,
        probes: {
          heapShare: () => (this.isHealed ? 0 : this.memoryShare),
          residentShare: () => 0,
          disk: () => Promise.resolve({ freeBytes: 2 ** 40, bytes: 2 ** 41 }),
        },
        apiUrl: () => nodeId,
        onLeaderChanged: () => {
          this.epoch += 1;
        },
        cluster: {
          clusterId: 'simulated',
          nodeId,
          founders,
          peers,
          listenAddress: streams.addressOf(endpoint),
          network: streams.networkOf(process),
          settings: plan.settings,
          snapshotEveryEntries: plan.snapshotEveryEntries,
          segmentBytes: 16 * 1024,
        },
      },
      this.#ports(process),
    );
    this.#node = node;
    return node.log;
  }

  #clock(process: SimulatedProcess): Clock {
    const { clock } = process;
    return {
      now: () => this.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (delayMs, callback) => clock.setTimer(Math.max(0, delayMs), callback),
    };
  }

  #ports(process: SimulatedProcess): NodePorts {
    return {
      openFolder: () => Promise.resolve(this.#folder(process)),
      openLog: (options) => this.#openLog(process, options),
    };
  }

  #folder(process: SimulatedProcess): NodeFolder {
    const create = (): SimulatedStore => {
      const store = new SimulatedStore(this.#stored, async (stored) => {
        await this.#delay(process, this.disk.delayUs());
        // Another node's may have taken its place meanwhile.
        if (this.#store === store) this.#stored = stored;
      });
      this.#store = store;
      return store;
    };
    const first = create();
    const current = (): SimulatedStore => this.#store ?? first;
    return {
      directory: null,
      get store() {
        return current();
      },
      artifacts: this.#world.artifacts,
      copyTo: null,
      takeSnapshot: () => {
        const { stored } = current();
        const chunks = chunksOf(bytesOf(stored));
        return Promise.resolve({ appliedIndex: stored.appliedIndex, chunks });
      },
      replace: async (chunks) => {
        const parts: Uint8Array[] = [];
        for await (const chunk of chunks) parts.push(chunk);
        await this.#delay(process, this.disk.delayUs());
        this.#stored = storedIn(Buffer.concat(parts));
        return create();
      },
      forget: (store) => store.close(),
      release: () => undefined,
    };
  }

  #openLog(process: SimulatedProcess, options: RaftLogOptions): Promise<RaftLog> {
    const { plan } = this.options;
    const { snapshots } = options;
    return openRaftLog({
      ...options,
      transport: {
        ...options.transport,
        random: () => this.chance.unit(),
        versions: RELEASES[this.release] ?? PROTOCOL_VERSIONS,
        bounds: { greetingTimeoutMs: 1_000, backoffMsMax: 500 },
      },
      ...(options.sink === undefined ? {} : { sink: this.#watchedSink(process, options.sink) }),
      ...(snapshots === undefined ? {} : { snapshots: this.#watchedSnapshots(snapshots) }),
      onRole: (role) => {
        options.onRole?.(role);
        this.roleChanged(role);
      },
      tickMs: plan.tickMs,
      groupBytesMax: 16 * 1024,
      fileSystem: this.disk.mount(process),
      clock: process.clock,
      seed: this.chance.below(2 ** 30),
    });
  }

  /** Looks at the state behind every entry. */
  #watchedSink(process: SimulatedProcess, sink: CommittedSink): CommittedSink {
    const saw = (entry: CommittedEntry): void => {
      if (this.#store === null || process.isDead) return;
      this.#world.checker.applied(this.nodeId, entry, this.#store.state);
    };
    const work = (entries: readonly CommittedEntry[], from: number): void | Promise<void> => {
      for (let next = from; next < entries.length; next += 1) {
        const entry = entries[next] as CommittedEntry;
        this.#world.checker.committed(entry);
        const pause = sink.apply([entry]);
        if (pause !== undefined) {
          return pause.then(() => {
            saw(entry);
            return work(entries, next + 1);
          });
        }
        saw(entry);
      }
    };
    return {
      appliedIndex: sink.appliedIndex,
      apply: (entries) => {
        const delayUs = this.#applyUs();
        if (delayUs === 0) return work(entries, 0);
        return this.#delay(process, delayUs).then(() => work(entries, 0));
      },
    };
  }

  #watchedSnapshots(snapshots: SnapshotProvider): SnapshotProvider {
    return {
      take: () => snapshots.take(),
      install: async (snapshot) => {
        await snapshots.install(snapshot);
        const state = this.#store?.state;
        if (state === undefined) return;
        this.options.checker.installed(this.nodeId, snapshot.appliedIndex, state);
      },
    };
  }

  #applyUs(): number {
    if (this.isHealed || !this.options.plan.faults.has('slow-apply')) return 0;
    return this.chance.happens(0.5) ? this.chance.exponential(5_000) : 0;
  }

  #delay(process: SimulatedProcess, delayUs: number): Promise<void> {
    return new Promise((resolve) => process.after(delayUs, resolve));
  }
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    yield bytes.subarray(at, at + CHUNK_BYTES);
    await Promise.resolve();
  }
}
