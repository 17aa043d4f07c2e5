/**
 * One process of a simulated cluster: the production core in a shell that does what a shell must, in virtual time.
 *
 * Each start is a life of its own: whatever a former life had under way never reaches the next one.
 */
import { crc32 } from 'node:zlib';
import type {
  MemberChange,
  NodeId,
  PersistOutput,
  RaftInput,
  RaftMessage,
  RaftOutput,
  RaftProtocol,
  WriteToken,
} from '../../../src/consensus/index.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import type { QuickDisk } from '../storage/quick-disk.ts';
import { HEALTHY_DISK, type DiskFaults } from '../storage/quick-disk-faults.ts';
import type { ClusterChecker } from './cluster-checker.ts';
import { MachineWorker } from './machine-worker.ts';
import type { RaftAdapter } from './raft-adapter.ts';
import type { RaftPlan } from './raft-plan.ts';

/** How a request to a node ended. No answer at all is possible too: then nobody knows. */
export type Answer =
  | { readonly kind: 'done'; readonly result: number; readonly index: number }
  /** Certainly without effect. */
  | { readonly kind: 'refused'; readonly leader: NodeId | null };

export interface NodeOptions {
  readonly id: NodeId;
  readonly endpoint: number;
  readonly simulation: Simulation;
  readonly plan: RaftPlan;
  readonly adapter: RaftAdapter;
  readonly checker: ClusterChecker;
  readonly send: (from: RaftNode, to: NodeId, message: RaftMessage) => void;
  /** Told when it has just won an election. */
  readonly onLeader: (node: RaftNode) => void;
  /** Told when the process ends by itself. */
  readonly onDeath: (node: RaftNode, why: 'write failed' | 'rotten') => void;
}

/** What a node last said of its role. */
export type RoleSaid = Extract<RaftOutput, { kind: 'role' }>;

const NO_ROLE: RoleSaid = {
  kind: 'role',
  role: 'follower',
  term: 0,
  leader: null,
  isTermReady: false,
};

interface Waiting {
  readonly term: number;
  readonly answer: (answer: Answer) => void;
}

/** Everything that ends with the process. */
interface Life {
  readonly core: RaftProtocol;
  readonly worker: MachineWorker;
  readonly proposals: Map<number, (answer: Answer) => void>;
  readonly waiting: Map<number, Waiting>;
  readonly reads: Map<number, (answer: Answer) => void>;
  readonly readers: { readonly index: number; readonly serve: () => void }[];
  readonly readKeys: Map<number, number>;
  readonly held: { readonly seq: number; readonly to: NodeId; readonly message: RaftMessage }[];
  /** Writes that are not durable yet, oldest first. */
  readonly unwritten: WriteToken[];
  inbox: RaftInput[];
  backlog: (() => void)[];
  isPaused: boolean;
  isFlushing: boolean;
  /** Ends the flush under way. */
  endFlush: () => void;
  missedTicks: number;
}

const BACKLOG_MAX = 2_000;
const MISSED_TICKS_MAX = 1_000;

export class RaftNode {
  readonly id: NodeId;
  readonly endpoint: number;
  readonly disk: QuickDisk;
  /** How fast this machine's clock runs, against true time. */
  clockRate = 1;
  /** Until this moment of its own ticks stand still, as after a step back. */
  ticksHeld = 0;
  diskFaults: DiskFaults;
  role: RoleSaid = NO_ROLE;
  readonly #options: NodeOptions;
  readonly #chance: Chance;
  #life: Life | undefined;
  #requests = 0;

  constructor(options: NodeOptions, disk: QuickDisk, diskFaults: DiskFaults) {
    this.#options = options;
    this.id = options.id;
    this.endpoint = options.endpoint;
    this.#chance = options.simulation.chance.fork(`node ${options.id}`);
    this.disk = disk;
    this.diskFaults = diskFaults;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get isPaused(): boolean {
    return this.#life?.isPaused === true;
  }

  get core(): RaftProtocol | undefined {
    return this.#life?.core;
  }

  get worker(): MachineWorker | undefined {
    return this.#life?.worker;
  }

  start(): void {
    const { adapter, plan, simulation } = this.#options;
    const { disk } = this;
    simulation.note(1, this.endpoint, disk.lastIndex);
    simulation.say(
      () => `${this.id} starts with term ${disk.hardState.term}, last entry ${disk.lastIndex}`,
    );
    const life: Life = {
      core: adapter.createCore({
        nodeId: this.id,
        clusterId: 'simulated',
        settings: plan.settings,
        recovered: {
          hardState: disk.hardState,
          snapshot: disk.snapshot?.meta ?? null,
          base: disk.base,
          entries: [...disk.entries],
          appliedIndex: disk.snapshot?.meta.lastIndex ?? 0,
        },
        rng: this.#chance.rng(),
        hasher: adapter.hasher,
      }),
      worker: undefined as unknown as MachineWorker,
      proposals: new Map(),
      waiting: new Map(),
      reads: new Map(),
      readers: [],
      readKeys: new Map(),
      held: [],
      unwritten: [],
      inbox: [],
      backlog: [],
      isPaused: false,
      isFlushing: false,
      endFlush: () => undefined,
      missedTicks: 0,
    };
    this.#life = life;
    this.role = NO_ROLE;
    Object.assign(life, { worker: this.#worker(life) });
    this.#options.checker.started(this);
    this.#handle(life, life.core.start());
    simulation.repeat(this.#chance.below(plan.tickUs), () => this.#tick(life));
  }

  /** Ends the process at once; of unfinished writes the disk keeps what it will. */
  crash(): void {
    if (this.#life === undefined) return;
    const { simulation, checker } = this.#options;
    this.#life = undefined;
    this.disk.crash(this.#chance);
    simulation.note(2, this.endpoint, this.disk.lastIndex);
    simulation.say(() => `${this.id} crashes, keeps entries to ${this.disk.lastIndex}`);
    checker.crashed(this);
  }

  /** Stops running, as after SIGSTOP: the world goes on, and what arrives waits. */
  pause(): void {
    if (this.#life !== undefined) this.#life.isPaused = true;
  }

  resume(): void {
    const life = this.#life;
    if (life?.isPaused !== true) return;
    life.isPaused = false;
    const ticks = Math.min(life.missedTicks, MISSED_TICKS_MAX);
    life.missedTicks = 0;
    this.#options.simulation.say(() => `${this.id} resumes, ${ticks} ticks late`);
    for (let tick = 0; tick < ticks && this.#life === life; tick += 1) this.input({ kind: 'tick' });
    for (const action of life.backlog.splice(0)) if (this.#life === life) action();
  }

  /** Clock and disk are well from now on, also for what is under way. */
  heal(): void {
    this.clockRate = 1;
    this.ticksHeld = 0;
    this.diskFaults = HEALTHY_DISK;
    this.resume();
    this.#life?.endFlush();
  }

  receive(from: NodeId, message: RaftMessage): void {
    if (this.#life === undefined) return;
    this.#run(this.#life, () => this.input({ kind: 'receive', from, message }));
  }

  propose(term: number, body: Uint8Array, answer: (answer: Answer) => void): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#run(life, () => {
      const proposalId = this.#nextRequest();
      life.proposals.set(proposalId, answer);
      this.input({ kind: 'propose', term, proposals: [{ proposalId, body }] });
    });
  }

  read(mode: 'readIndex' | 'lease', key: number, answer: (answer: Answer) => void): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#run(life, () => {
      const readId = this.#nextRequest();
      life.reads.set(readId, answer);
      life.readKeys.set(readId, key);
      this.#options.checker.readBegan(this, readId);
      this.input({ kind: 'read', readId, mode });
    });
  }

  changeMembership(changes: readonly MemberChange[], isAutoLeave: boolean): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#run(life, () =>
      this.input({ kind: 'changeMembership', changeId: this.#nextRequest(), changes, isAutoLeave }),
    );
  }

  leaveJoint(): void {
    if (this.#life === undefined) return;
    this.#run(this.#life, () => this.input({ kind: 'leaveJoint', changeId: this.#nextRequest() }));
  }

  transfer(to: NodeId): void {
    if (this.#life !== undefined) this.#run(this.#life, () => this.input({ kind: 'transfer', to }));
  }

  /** Gives the core an input, at once or with others that come soon. */
  input(input: RaftInput): void {
    const life = this.#life;
    if (life === undefined) return;
    const { batchUs } = this.#options.plan;
    if (batchUs === 0) return this.#handle(life, life.core.step(input));
    life.inbox.push(input);
    if (life.inbox.length > 1) return;
    this.#later(life, this.#chance.below(batchUs), () => {
      const inputs = life.inbox;
      life.inbox = [];
      this.#handle(life, life.core.stepAll(inputs));
    });
  }

  #nextRequest(): number {
    this.#requests += 1;
    return this.#requests;
  }

  #tick(life: Life): number | undefined {
    if (this.#life !== life) return undefined;
    if (life.isPaused) life.missedTicks += 1;
    else if (this.ticksHeld > 0) this.ticksHeld -= 1;
    else this.input({ kind: 'tick' });
    return Math.max(1, Math.round(this.#options.plan.tickUs / this.clockRate));
  }

  /** Runs `action` now, or when the process resumes. */
  #run(life: Life, action: () => void): void {
    if (this.#life !== life) return;
    if (!life.isPaused) action();
    else if (life.backlog.length < BACKLOG_MAX) life.backlog.push(action);
  }

  #later(life: Life, delayUs: number, action: () => void): void {
    this.#options.simulation.after(delayUs, () => {
      if (this.#life !== life) return;
      if (life.isPaused) life.backlog.push(action);
      else action();
    });
  }

  #handle(life: Life, outputs: readonly RaftOutput[]): void {
    for (const output of outputs) {
      if (this.#life !== life) return;
      this.#options.checker.said(this, output);
      this.#obey(life, output);
    }
  }

  #obey(life: Life, output: RaftOutput): void {
    switch (output.kind) {
      case 'persist':
        life.unwritten.push(output.token);
        this.#options.simulation.say(() => `${this.id} writes ${writeText(output)}`);
        this.#write(life, () => {
          this.disk.write(output, () => this.#persisted(life, output.token));
        });
        return;
      case 'send':
        return this.#send(output.to, output.message);
      case 'sendAfter':
        life.held.push({ seq: output.after.seq, to: output.to, message: output.message });
        return;
      case 'apply':
        return life.worker.apply(output.entries);
      case 'readEntries':
        return this.#write(life, () => this.disk.barrier(() => this.#readEntries(output)));
      case 'compact':
        return this.#write(life, () => this.disk.compact(output.base, () => undefined));
      case 'readSnapshotChunk':
      case 'writeSnapshotChunk':
      case 'installSnapshot':
        return this.#snapshot(life, output);
      case 'failed':
        return this.#failed(life);
      case 'role':
        if (output.role === 'leader' && !output.isTermReady) this.#options.onLeader(this);
        this.role = output;
        this.#options.simulation.note(3, this.endpoint, output.term);
        this.#options.simulation.say(
          () =>
            `${this.id} is ${output.role} in term ${output.term}${output.isTermReady ? ', ready' : ''}`,
        );
        return;
      default:
        return this.#answer(life, output);
    }
  }

  #answer(life: Life, output: RaftOutput): void {
    switch (output.kind) {
      case 'proposalAccepted': {
        const answer = take(life.proposals, output.proposalId);
        if (answer !== undefined) life.waiting.set(output.index, { term: output.term, answer });
        return;
      }
      case 'proposalDropped':
        return take(
          life.proposals,
          output.proposalId,
        )?.({ kind: 'refused', leader: output.leader });
      case 'readReady': {
        const answer = take(life.reads, output.readId);
        const key = take(life.readKeys, output.readId) ?? 0;
        if (answer === undefined) return;
        const serve = (): void =>
          answer({ kind: 'done', result: life.worker.machine.read(key), index: output.index });
        if (life.worker.appliedIndex >= output.index) serve();
        else life.readers.push({ index: output.index, serve });
        return;
      }
      case 'readRefused':
        life.readKeys.delete(output.readId);
        return take(life.reads, output.readId)?.({ kind: 'refused', leader: output.leader });
      default:
        return;
    }
  }

  #send(to: NodeId, message: RaftMessage): void {
    this.#options.checker.sends(this, to, message);
    this.#options.send(this, to, message);
  }

  #write(life: Life, enqueue: () => void): void {
    enqueue();
    if (!life.isFlushing) this.#flush(life);
  }

  #flush(life: Life): void {
    const count = this.disk.pendingCount;
    life.isFlushing = count > 0;
    if (count === 0) return;
    const { delayUs, failure } = this.diskFaults.drawFlush(this.#chance);
    life.endFlush = (): void => {
      life.endFlush = (): void => undefined;
      if (failure === null) {
        this.disk.flushed(count, (done) => this.#run(life, done));
        this.#flush(life);
      } else {
        this.#run(life, () => this.#flushFailed(life, failure));
      }
    };
    const { endFlush } = life;
    this.#options.simulation.after(delayUs, () => {
      if (this.#life === life && life.endFlush === endFlush) endFlush();
    });
  }

  /** After a failed flush nobody knows what is on the disk: the core must stop, and the process with it. */
  #flushFailed(life: Life, message: string): void {
    this.#options.simulation.say(() => `${this.id} cannot write: ${message}`);
    const [token] = life.unwritten;
    if (token !== undefined)
      this.#handle(life, life.core.step({ kind: 'persistFailed', token, message }));
    if (this.#life === life) this.#failed(life);
  }

  #persisted(life: Life, token: WriteToken): void {
    life.unwritten.shift();
    this.#options.checker.persisted(this);
    const isDurable = life.held.filter(({ seq }) => seq <= token.seq);
    life.held.splice(0, life.held.length, ...life.held.filter(({ seq }) => seq > token.seq));
    for (const { to, message } of isDurable) this.#send(to, message);
    this.input({ kind: 'persisted', token });
  }

  #failed(life: Life): void {
    if (this.#life !== life) return;
    this.crash();
    this.#options.onDeath(this, 'write failed');
  }

  #readEntries(wanted: Extract<RaftOutput, { kind: 'readEntries' }>): void {
    const entries = [];
    let bytes = 0;
    for (let index = wanted.from; index <= wanted.to; index += 1) {
      const entry = this.disk.entryAt(index);
      if (entry === undefined) break;
      if (this.disk.rotten.has(index)) {
        this.crash();
        return this.#options.onDeath(this, 'rotten');
      }
      bytes += entries.length === 0 ? 0 : entry.body.length;
      if (bytes > wanted.bytesMax) break;
      entries.push(entry);
    }
    this.input({ kind: 'entriesRead', requestId: wanted.requestId, entries });
  }

  #snapshot(life: Life, output: RaftOutput): void {
    const delayUs = this.#chance.exponential(1_000);
    if (output.kind === 'readSnapshotChunk') {
      this.#later(life, delayUs, () => {
        const { requestId, snapshotIndex, offset, bytesMax } = output;
        const stored = this.disk.snapshot;
        const isThere = stored?.meta.lastIndex === snapshotIndex;
        const data = isThere ? stored.data.slice(offset, offset + bytesMax) : null;
        const isLast = isThere && offset + bytesMax >= stored.data.length;
        const checksum = data === null ? 0 : crc32(data);
        this.input({ kind: 'snapshotChunkRead', requestId, data, checksum, isLast });
      });
    } else if (output.kind === 'writeSnapshotChunk') {
      const hasRoom = !this.diskFaults.refusesChunk(this.#chance);
      this.#later(life, delayUs, () => {
        const isWritten = hasRoom && life.worker.keepChunk(output);
        this.input({ kind: 'snapshotChunkWritten', requestId: output.requestId, isWritten });
      });
    } else if (output.kind === 'installSnapshot') {
      const { requestId, meta } = output;
      life.worker.install(meta, (isInstalled) =>
        this.input({ kind: 'snapshotInstalled', requestId, isInstalled }),
      );
    }
  }

  #worker(life: Life): MachineWorker {
    const { plan, adapter, checker } = this.#options;
    return new MachineWorker({
      disk: this.disk,
      keys: plan.keys,
      snapshotEveryEntries: plan.snapshotEveryEntries,
      soon: (meanUs, action) => this.#later(life, this.#chance.exponential(meanUs), action),
      decodeConfiguration: (body) => adapter.decodeConfiguration(body),
      termAndHash: (index) => {
        const [term, hash] = [life.core.termAt(index), life.core.hashAt(index)];
        return term === null || hash === null ? null : { term, hash };
      },
      applied: (entry, result, digest) => {
        checker.applied(this, entry, digest);
        const waiting = take(life.waiting, entry.index);
        if (waiting === undefined) return;
        if (waiting.term === entry.term)
          waiting.answer({ kind: 'done', result, index: entry.index });
        else waiting.answer({ kind: 'refused', leader: null });
      },
      appliedThrough: (index) => {
        this.#serveReaders(life);
        this.input({ kind: 'applied', index });
      },
      snapshotMade: (meta) => this.input({ kind: 'snapshotMade', meta }),
      installed: (meta, digest) => {
        checker.installed(this, meta, digest);
        this.#serveReaders(life);
      },
    });
  }

  #serveReaders(life: Life): void {
    const { appliedIndex } = life.worker;
    const ready = life.readers.filter(({ index }) => index <= appliedIndex);
    life.readers.splice(
      0,
      life.readers.length,
      ...life.readers.filter(({ index }) => index > appliedIndex),
    );
    for (const { serve } of ready) serve();
  }
}

function take<Value>(map: Map<number, Value>, key: number): Value | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

/** A write in a line. */
function writeText(output: PersistOutput): string {
  const { token, restart, truncateFrom, entries, hardState } = output;
  const parts = [`write ${token.seq}`];
  if (restart !== undefined) parts.push(`restart behind ${restart.lastIndex}`);
  if (truncateFrom !== undefined) parts.push(`truncate from ${truncateFrom}`);
  const [first, last] = [entries[0], entries.at(-1)];
  if (first !== undefined)
    parts.push(`entries ${first.index} to ${last?.index} of term ${last?.term}`);
  if (hardState !== undefined) {
    const { term, votedFor, commitIndex } = hardState;
    parts.push(`term ${term} vote ${votedFor ?? '-'} commit ${commitIndex}`);
  }
  return parts.join(', ');
}
