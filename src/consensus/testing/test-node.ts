/** One node of a test cluster: the production core, a test disk, and a shell of the fewest lines. */
import { Rng } from '../../base/rng.ts';
import type { RaftView } from '../raft/core-contract.ts';
import { entryHash } from '../raft/entry-hash.ts';
import type { RaftInput } from '../raft/inputs.ts';
import type { RaftEntry, SnapshotMeta } from '../raft/log-entry.ts';
import type { RaftMessage } from '../raft/messages.ts';
import type { PersistOutput, RaftOutput } from '../raft/outputs.ts';
import { RaftCore } from '../raft/raft-core.ts';
import type { RaftSettings } from '../raft/settings.ts';
import type { ClusterChecks } from './cluster-checks.ts';
import type { TestDisk, TestState } from './test-disk.ts';
import { testHasher } from './test-hasher.ts';

/** What a node asks of the cluster around it. */
export interface NodeSurroundings {
  readonly settings: RaftSettings;
  readonly clusterId: string;
  readonly checks: ClusterChecks;
  readonly disks: ReadonlyMap<string, TestDisk>;
  readonly isStateDurable: boolean;
  /** Something the core asked for comes back after a while, if the node still runs. */
  later(node: TestNode, input: RaftInput): void;
  /** The disk begins a write. */
  write(node: TestNode, write: PersistOutput): void;
  send(from: string, to: string, message: RaftMessage): void;
  /** Everything else: answers to clients. */
  told(node: TestNode, output: RaftOutput): void;
}

export class TestNode {
  readonly nodeId: string;
  readonly disk: TestDisk;
  core: RaftCore | null = null;
  /** Counts starts; what was asked in an earlier life is not answered in this one. */
  life = 0;
  isLeader = false;
  isTermReady = false;
  isFailed = false;
  term = 0;
  state: TestState;
  pausedUntil = 0;
  #held: { seq: number; to: string; message: RaftMessage }[] = [];
  #durableSeq = 0;
  #isInstalling = false;
  #chunks: { lastIndex: number; data: number[] } = { lastIndex: 0, data: [] };
  readonly #around: NodeSurroundings;

  constructor(nodeId: string, disk: TestDisk, around: NodeSurroundings) {
    this.nodeId = nodeId;
    this.disk = disk;
    this.state = disk.state;
    this.#around = around;
  }

  get view(): RaftView | null {
    return this.core?.inspect() ?? null;
  }

  start(seed: number): void {
    const { settings, clusterId, isStateDurable } = this.#around;
    this.life += 1;
    this.#isInstalling = false;
    this.#held = [];
    this.#durableSeq = 0;
    const { snapshot, state } = this.disk;
    const fromSnapshot = snapshot === null ? undefined : stateOf(snapshot.meta);
    this.state = isStateDurable ? state : (fromSnapshot ?? { index: 0, digest: state.digest });
    this.core = new RaftCore({
      nodeId: this.nodeId,
      clusterId,
      settings,
      recovered: this.disk.recovered(this.state.index),
      rng: Rng.fromSeed(seed),
      hasher: testHasher,
    });
    const view = this.core.inspect();
    const { checks } = this.#around;
    checks.must(view.term === this.disk.hardState.term, `${this.nodeId} forgets its term`);
    this.#handle(this.core.start());
  }

  crash(keptWrites: number): void {
    this.core = null;
    this.isLeader = false;
    this.isFailed = false;
    this.disk.crash(keptWrites);
  }

  /** Steps the core and checks what came of it. */
  take(inputs: readonly RaftInput[]): void {
    const { core } = this;
    if (core === null) return;
    const before = core.inspect();
    const outputs = core.stepAll(inputs);
    this.#check(before, core, outputs);
    this.#handle(outputs);
  }

  /** The disk finished everything through `seq`. */
  completeWrites(seq: number): void {
    this.disk.complete(seq);
    this.#durableSeq = Math.max(this.#durableSeq, seq);
    const { votedFor, term } = this.disk.hardState;
    if (votedFor !== null) this.#around.checks.voted(this.nodeId, term, votedFor);
    const ready = this.#held.filter((one) => one.seq <= seq);
    this.#held = this.#held.filter((one) => one.seq > seq);
    for (const { to, message } of ready) this.#send(to, message);
  }

  /** Makes a snapshot of the state, if there is anything new in it. */
  makeSnapshot(): void {
    const { core, state, disk } = this;
    const base = core?.baseAt(state.index) ?? null;
    if (core === null || base === null || state.index <= (disk.snapshot?.meta.lastIndex ?? 0))
      return;
    if (state.index > core.inspect().appliedIndex || this.#isInstalling) return;
    const data = new Uint8Array(100).map((_, at) => state.digest[at % state.digest.length] ?? 0);
    const meta: SnapshotMeta = {
      lastIndex: base.index,
      lastTerm: base.term,
      lastHash: base.hash,
      configuration: base.configuration,
      configurationIndex: base.configurationIndex,
      stateDigest: state.digest,
      sizeBytes: data.length,
    };
    disk.snapshot = { meta, data };
    this.take([{ kind: 'snapshotMade', meta }]);
  }

  #check(before: RaftView, core: RaftCore, outputs: readonly RaftOutput[]): void {
    const view = core.inspect();
    const { checks, disks } = this.#around;
    if (view.role === 'failed') return;
    checks.must(view.commitIndex >= before.commitIndex, `${this.nodeId} forgets what is committed`);
    // A leader that commits its own removal follows nobody at the end of the step.
    if (before.role === 'leader' && view.term === before.term)
      checks.leaderCommitted(view, core, disks);
    if (view.commitIndex > before.commitIndex)
      checks.knownCommitted(view, core.hashAt(view.commitIndex));
    if (view.role !== 'leader') return;
    checks.leading(view, core);
    if (before.role === 'leader') checks.changedMembers(before, view, outputs);
  }

  #handle(outputs: readonly RaftOutput[]): void {
    for (const output of outputs) this.#handleOne(output);
  }

  #handleOne(output: RaftOutput): void {
    const around = this.#around;
    switch (output.kind) {
      case 'persist':
        for (const entry of output.entries) around.checks.written(this.nodeId, entry);
        this.disk.begin(output);
        around.write(this, output);
        return;
      case 'send':
        this.#send(output.to, output.message);
        return;
      case 'sendAfter':
        if (output.after.seq <= this.#durableSeq) this.#send(output.to, output.message);
        else this.#held.push({ seq: output.after.seq, to: output.to, message: output.message });
        return;
      case 'apply':
        this.#apply(output.entries);
        return;
      case 'compact':
        this.disk.compact(output.base);
        return;
      case 'role':
        this.isLeader = output.role === 'leader';
        this.isFailed = output.role === 'failed';
        this.term = output.term;
        this.isTermReady = output.isTermReady;
        around.told(this, output);
        return;
      default:
        this.#answer(output);
    }
  }

  /** Questions of the core to its shell. */
  #answer(output: RaftOutput): void {
    const around = this.#around;
    if (output.kind === 'readEntries') {
      const { requestId, from, to, bytesMax } = output;
      const entries = this.disk.read(from, to, bytesMax);
      around.later(this, { kind: 'entriesRead', requestId, entries });
    } else if (output.kind === 'readSnapshotChunk') {
      around.later(this, this.#readChunk(output));
    } else if (output.kind === 'writeSnapshotChunk') {
      const { requestId, meta, offset, data } = output;
      if (offset === 0) this.#chunks = { lastIndex: meta.lastIndex, data: [] };
      const isWritten =
        this.#chunks.lastIndex === meta.lastIndex && this.#chunks.data.length === offset;
      if (isWritten) this.#chunks.data.push(...data);
      around.checks.must(isWritten, `${this.nodeId} writes a chunk where it does not belong`);
      around.later(this, { kind: 'snapshotChunkWritten', requestId, isWritten });
    } else if (output.kind === 'installSnapshot') {
      this.#install(output.requestId, output.meta);
    } else {
      around.told(this, output);
    }
  }

  #readChunk(output: Extract<RaftOutput, { kind: 'readSnapshotChunk' }>): RaftInput {
    const { requestId, offset, bytesMax, snapshotIndex } = output;
    const { snapshot } = this.disk;
    const isThere = snapshot !== null && snapshot.meta.lastIndex === snapshotIndex;
    const data = isThere ? snapshot.data.slice(offset, offset + bytesMax) : null;
    const isLast = isThere && offset + bytesMax >= snapshot.data.length;
    return { kind: 'snapshotChunkRead', requestId, data, checksum: 0, isLast };
  }

  #install(requestId: number, meta: SnapshotMeta): void {
    const data = Uint8Array.from(this.#chunks.data);
    const isWhole = data.length === meta.sizeBytes && data.every(isOf(meta.stateDigest));
    this.#around.checks.must(isWhole, `${this.nodeId} installs a snapshot that is not whole`);
    this.#isInstalling = true;
    this.disk.snapshot = { meta, data };
    this.state = stateOf(meta);
    this.disk.state = this.state;
    this.#around.later(this, { kind: 'snapshotInstalled', requestId, isInstalled: true });
  }

  #apply(entries: readonly RaftEntry[]): void {
    const { checks } = this.#around;
    for (const entry of entries) {
      checks.must(!this.#isInstalling, `${this.nodeId} applies while it installs`);
      checks.must(
        entry.index === this.state.index + 1,
        `${this.nodeId} applies ${entry.index} after ${this.state.index}`,
      );
      const digest = entryHash(testHasher, entry);
      checks.applied(this.nodeId, entry, digest);
      const onDisk = this.disk.entryAt(entry.index);
      checks.must(
        onDisk !== undefined && onDisk.term === entry.term,
        `${this.nodeId} applies ${entry.index} before it is durable`,
      );
      this.state = { index: entry.index, digest };
    }
    if (this.#around.isStateDurable) this.disk.state = this.state;
    this.#around.later(this, { kind: 'applied', index: this.state.index });
    this.#around.told(this, { kind: 'apply', entries });
  }

  /** Called when the core is told that its snapshot is installed. */
  installed(): void {
    this.#isInstalling = false;
  }

  #send(to: string, message: RaftMessage): void {
    this.#around.checks.sent(this.nodeId, to, message, this.disk);
    this.#around.send(this.nodeId, to, message);
  }
}

function stateOf(meta: SnapshotMeta): TestState {
  return { index: meta.lastIndex, digest: meta.stateDigest };
}

function isOf(digest: Uint8Array): (byte: number, at: number) => boolean {
  return (byte, at) => byte === digest[at % digest.length];
}
