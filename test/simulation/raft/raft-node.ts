/**
 * One process of a simulated cluster: the production core in a shell that does what a shell must, in virtual time.
 *
 * Each start is a life of its own: whatever a former life had under way never reaches the next one.
 */
import { crc32 } from 'node:zlib';
import type {
  MemberChange,
  NodeId,
  RaftInput,
  RaftMessage,
  RaftOutput,
  RaftProtocol,
} from '../../../src/consensus/index.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import type { QuickDisk } from '../storage/quick-disk.ts';
import { HEALTHY_DISK, type DiskFaults } from '../storage/quick-disk-faults.ts';
import type { ClusterChecker } from './cluster-checker.ts';
import { MachineWorker } from './machine-worker.ts';
import { NodeRequests, type TakeAnswer } from './node-requests.ts';
import { NodeWriter } from './node-writer.ts';
import type { RaftAdapter } from './raft-adapter.ts';
import type { RaftPlan } from './raft-plan.ts';

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

/** Everything that ends with the process. */
interface Life {
  readonly core: RaftProtocol;
  readonly worker: MachineWorker;
  readonly requests: NodeRequests;
  readonly writer: NodeWriter;
  inbox: RaftInput[];
  backlog: (() => void)[];
  isPaused: boolean;
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
    const { plan, simulation } = this.#options;
    const { disk } = this;
    simulation.note(1, this.endpoint, disk.lastIndex);
    simulation.say(
      () => `${this.id} starts with term ${disk.hardState.term}, last entry ${disk.lastIndex}`,
    );
    const life = this.#born();
    this.#life = life;
    this.role = NO_ROLE;
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
    this.#life?.writer.endFlush();
  }

  receive(from: NodeId, message: RaftMessage): void {
    if (this.#life === undefined) return;
    this.#run(this.#life, () => this.input({ kind: 'receive', from, message }));
  }

  propose(term: number, body: Uint8Array, answer: TakeAnswer): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#run(life, () => {
      const proposalId = this.#nextRequest();
      life.requests.propose(proposalId, answer);
      this.input({ kind: 'propose', term, proposals: [{ proposalId, body }] });
    });
  }

  read(mode: 'readIndex' | 'lease', key: number, answer: TakeAnswer): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#run(life, () => {
      const readId = this.#nextRequest();
      life.requests.read(readId, key, answer);
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

  /** A process that has just begun, on the disk as it is. */
  #born(): Life {
    const { adapter, plan } = this.#options;
    const { disk } = this;
    const core = adapter.createCore({
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
    });
    const self = (): Life => life;
    const worker = this.#worker(self);
    const requests = new NodeRequests(worker);
    const writer = this.#writer(self);
    const life: Life = {
      core,
      worker,
      requests,
      writer,
      inbox: [],
      backlog: [],
      isPaused: false,
      missedTicks: 0,
    };
    return life;
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
        return life.writer.persist(output);
      case 'send':
        return this.#send(output.to, output.message);
      case 'sendAfter':
        return life.writer.hold(output);
      case 'apply':
        return life.worker.apply(output.entries);
      case 'readEntries':
        return life.writer.barrier(() => this.#readEntries(output));
      case 'compact':
        return life.writer.compact(output);
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
        return life.requests.told(output);
    }
  }

  #send(to: NodeId, message: RaftMessage): void {
    this.#options.checker.sends(this, to, message);
    this.#options.send(this, to, message);
  }

  #writer(life: () => Life): NodeWriter {
    const { checker, simulation } = this.#options;
    return new NodeWriter({
      name: this.id,
      disk: this.disk,
      simulation,
      chance: this.#chance,
      faults: () => this.diskFaults,
      isAlive: () => this.#life === life(),
      run: (action) => this.#run(life(), action),
      send: (to, message) => this.#send(to, message),
      persisted: (token) => {
        checker.persisted(this);
        this.input({ kind: 'persisted', token });
      },
      failed: (oldest, message) => {
        if (oldest !== undefined)
          this.#handle(life(), life().core.step({ kind: 'persistFailed', token: oldest, message }));
        this.#failed(life());
      },
    });
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

  #worker(life: () => Life): MachineWorker {
    const { plan, adapter, checker } = this.#options;
    return new MachineWorker({
      disk: this.disk,
      keys: plan.keys,
      snapshotEveryEntries: plan.snapshotEveryEntries,
      soon: (meanUs, action) => this.#later(life(), this.#chance.exponential(meanUs), action),
      decodeConfiguration: (body) => adapter.decodeConfiguration(body),
      termAndHash: (index) => {
        const [term, hash] = [life().core.termAt(index), life().core.hashAt(index)];
        return term === null || hash === null ? null : { term, hash };
      },
      applied: (entry, result, digest) => {
        checker.applied(this, entry, digest);
        life().requests.applied(entry, result);
      },
      appliedThrough: (index) => {
        life().requests.serveReaders();
        this.input({ kind: 'applied', index });
      },
      snapshotMade: (meta) => this.input({ kind: 'snapshotMade', meta }),
      installed: (meta, digest) => {
        checker.installed(this, meta, digest);
        life().requests.serveReaders();
      },
    });
  }
}
