/**
 * The state machine of one node, one job at a time: entries to apply, snapshots to take and to install.
 *
 * The machine lives in memory; a restart begins at the newest durable snapshot.
 */
import { crc32 } from 'node:zlib';
import type { Configuration, RaftEntry, SnapshotMeta } from '../../../src/consensus/index.ts';
import type { QuickDisk } from '../storage/quick-disk.ts';
import { KeyValueMachine } from './key-value-machine.ts';

type Job = () => void;

/** What the worker needs of its node. Everything happens in the node's present life only. */
export interface WorkerPort {
  readonly disk: QuickDisk;
  readonly keys: number;
  readonly snapshotEveryEntries: number;
  /** Runs `action` in a while, unless the process has ended by then. */
  soon(meanUs: number, action: () => void): void;
  decodeConfiguration(body: Uint8Array): Configuration;
  termAndHash(index: number): { readonly term: number; readonly hash: Uint8Array } | null;
  applied(entry: RaftEntry, result: number, digest: number): void;
  appliedThrough(index: number): void;
  snapshotMade(meta: SnapshotMeta): void;
  installed(meta: SnapshotMeta, digest: number): void;
}

const APPLY_MEAN_US = 200;
const SNAPSHOT_MEAN_US = 5_000;

export class MachineWorker {
  machine: KeyValueMachine;
  appliedIndex: number;
  configuration: Configuration;
  configurationIndex: number;
  readonly #port: WorkerPort;
  readonly #jobs: Job[] = [];
  #isBusy = false;
  #snapshotIndex: number;
  #partial: { readonly meta: SnapshotMeta; chunks: Uint8Array[]; bytes: number } | null = null;

  constructor(port: WorkerPort) {
    this.#port = port;
    const { snapshot, base } = port.disk;
    this.machine = new KeyValueMachine(port.keys, snapshot?.data);
    this.appliedIndex = snapshot?.meta.lastIndex ?? 0;
    this.#snapshotIndex = this.appliedIndex;
    const { configuration, configurationIndex } = snapshot?.meta ?? base;
    this.configuration = configuration;
    this.configurationIndex = configurationIndex;
  }

  apply(entries: readonly RaftEntry[]): void {
    this.#do(APPLY_MEAN_US, () => {
      for (const entry of entries) this.#applyOne(entry);
      this.#port.appliedThrough(this.appliedIndex);
      if (this.appliedIndex >= this.#snapshotIndex + this.#port.snapshotEveryEntries) this.#take();
    });
  }

  /** Keeps a chunk of a snapshot that arrives; false where it does not fit what is there. */
  keepChunk(chunk: {
    readonly meta: SnapshotMeta;
    readonly offset: number;
    readonly data: Uint8Array;
    readonly checksum: number;
  }): boolean {
    if (chunk.offset === 0) this.#partial = { meta: chunk.meta, chunks: [], bytes: 0 };
    const partial = this.#partial;
    if (partial === null || partial.meta.lastIndex !== chunk.meta.lastIndex) return false;
    if (partial.bytes !== chunk.offset || crc32(chunk.data) !== chunk.checksum) return false;
    partial.chunks.push(chunk.data);
    partial.bytes += chunk.data.length;
    return true;
  }

  /** Swaps the state for the snapshot that has arrived. */
  install(meta: SnapshotMeta, answer: (isInstalled: boolean) => void): void {
    this.#do(SNAPSHOT_MEAN_US, () => {
      const partial = this.#partial;
      this.#partial = null;
      if (partial?.meta.lastIndex !== meta.lastIndex) return answer(false);
      const data = Uint8Array.from(Buffer.concat(partial.chunks));
      if (data.length !== meta.sizeBytes) return answer(false);
      const machine = new KeyValueMachine(this.#port.keys, data);
      if (String(machine.digest) !== Buffer.from(meta.stateDigest).toString()) return answer(false);
      this.#port.disk.snapshot = { meta, data };
      this.machine = machine;
      this.appliedIndex = meta.lastIndex;
      this.#snapshotIndex = meta.lastIndex;
      this.configuration = meta.configuration;
      this.configurationIndex = meta.configurationIndex;
      this.#port.installed(meta, machine.digest);
      answer(true);
    });
  }

  #applyOne(entry: RaftEntry): void {
    let result = 0;
    if (entry.kind === 'command') result = this.machine.apply(entry.index, entry.body);
    if (entry.kind === 'configuration') {
      this.configuration = this.#port.decodeConfiguration(entry.body);
      this.configurationIndex = entry.index;
    }
    this.appliedIndex = entry.index;
    this.#port.applied(entry, result, this.machine.digest);
  }

  #take(): void {
    const place = this.#port.termAndHash(this.appliedIndex);
    if (place === null) return;
    this.#snapshotIndex = this.appliedIndex;
    const data = this.machine.encode(this.appliedIndex % 200);
    const meta: SnapshotMeta = {
      lastIndex: this.appliedIndex,
      lastTerm: place.term,
      lastHash: place.hash,
      configuration: this.configuration,
      configurationIndex: this.configurationIndex,
      stateDigest: Uint8Array.from(Buffer.from(String(this.machine.digest))),
      sizeBytes: data.length,
    };
    this.#port.soon(SNAPSHOT_MEAN_US, () => {
      const { disk } = this.#port;
      if (disk.snapshot !== null && disk.snapshot.meta.lastIndex >= meta.lastIndex) return;
      disk.snapshot = { meta, data };
      this.#port.snapshotMade(meta);
    });
  }

  #do(meanUs: number, job: Job): void {
    const work = (): void => {
      job();
      this.#next();
    };
    this.#jobs.push(() => this.#port.soon(meanUs, work));
    if (!this.#isBusy) this.#next();
  }

  #next(): void {
    const start = this.#jobs.shift();
    this.#isBusy = start !== undefined;
    start?.();
  }
}
