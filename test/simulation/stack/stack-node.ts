/** One node: its production log and core, in a process that dies and starts again on the same disk. */
import type { Applied, Command, CommandBatch, CoreState } from '../../../src/core/index.ts';
import { openRaftLog, type RaftLog } from '../../../src/log/index.ts';
import { encodeEntry } from '../../../src/runtime/entry-codec.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersions,
} from '../../../src/log/raft/transport/handshake.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { SimulationFailure } from '../simulation-failure.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedStreams } from './simulated-streams.ts';
import type { StackChecker } from './stack-checker.ts';
import { StackDisk } from './stack-disk.ts';
import { NO_CHECKPOINT, StackMachine, type Checkpoint } from './stack-machine.ts';
import type { StackPlan } from './stack-plan.ts';

const WALL_START_MS = 1_700_000_000_000;
/** What each release speaks with its peers: every one what the one before it does, so that both can be in a cluster. */
export const RELEASES: readonly ProtocolVersions[] = [
  { oldest: 1, newest: 1 },
  PROTOCOL_VERSIONS,
  { oldest: 2, newest: 3 },
];
/** Kinds of forwarded requests. */
const ASK_WHO = 1;

interface StackNodeOptions {
  readonly nodeId: string;
  readonly endpoint: number;
  readonly founders: readonly string[];
  readonly peers: Readonly<Record<string, string>>;
  readonly simulation: Simulation;
  readonly plan: StackPlan;
  readonly release: number;
  readonly streams: SimulatedStreams;
  readonly checker: StackChecker;
  readonly onDeath: (node: StackNode) => void;
  readonly onLeader: (node: StackNode) => void;
  /** Its journal, which was damaged, was found to be. */
  readonly onDamaged: (node: StackNode) => void;
  /** Something that must not happen did. */
  readonly onBroken: (failure: SimulationFailure) => void;
}

/** An append that resolved. */
interface Done {
  readonly index: number;
  readonly applied: Applied;
}

export class StackNode {
  readonly nodeId: string;
  readonly endpoint: number;
  readonly disk: StackDisk;
  readonly #options: StackNodeOptions;
  readonly #chance: Chance;
  readonly #clockRate: number;
  process: SimulatedProcess | null = null;
  log: RaftLog | null = null;
  machine: StackMachine | null = null;
  /** How far the own idea of the date is off, in milliseconds. */
  wallOffsetMs = 0;
  /** Which of {@link RELEASES} its next process is of. */
  release: number;
  isLost = false;
  isHealed = false;
  #checkpoint: Checkpoint = NO_CHECKPOINT;
  #lives = 0;

  constructor(options: StackNodeOptions) {
    const { endpoint, nodeId, plan, release, simulation } = options;
    this.#options = options;
    this.release = release;
    this.nodeId = nodeId;
    this.endpoint = endpoint;
    this.#chance = simulation.chance.fork(`node ${nodeId}`);
    this.disk = new StackDisk(plan.faults, simulation.chance.fork(`disk ${nodeId}`));
    const factor = this.#chance.spread(1.08);
    this.#clockRate = plan.faults.has('drift') ? factor : 1;
  }

  get isUp(): boolean {
    return this.log !== null;
  }

  get isLeader(): boolean {
    return this.log?.role.role === 'leader' && this.log.role.isTermReady;
  }

  /** State of the state machine; null while the node is down. */
  get state(): CoreState | null {
    return this.isUp ? (this.machine?.state ?? null) : null;
  }

  start(): void {
    if (this.process !== null || this.isLost) return;
    const { endpoint, simulation } = this.#options;
    const process = new SimulatedProcess(simulation, endpoint, this.#clockRate);
    this.process = process;
    this.#lives += 1;
    simulation.note(1, endpoint, this.#lives);
    simulation.say(
      () =>
        `${this.nodeId} of release ${this.release} starts from ${this.#checkpoint.appliedIndex}`,
    );
    this.#open(process).then(
      (log) => this.#opened(process, log),
      (error: unknown) => process.run(() => this.#failed(process, error)),
    );
  }

  /** Ends the process at once; what it had not made durable may be gone. */
  crash(): void {
    const { process } = this;
    if (process === null) return;
    const { simulation } = this.#options;
    simulation.note(2, this.endpoint);
    simulation.say(() => `${this.nodeId} crashes`);
    process.kill();
    this.disk.crash();
    this.process = null;
    this.log = null;
    this.machine = null;
    this.#options.onDeath(this);
  }

  /** Appends commands as the leader's turn would; resolves once they are applied here. */
  async append(commands: readonly Command[]): Promise<Done> {
    return this.appendBatch({ at: this.#wallMs(), commands });
  }

  async appendBatch(batch: CommandBatch, term?: number): Promise<Done> {
    const { log, machine } = this;
    if (log === null || machine === null) throw new Error('a node that is down takes nothing');
    const body = Uint8Array.from(encodeEntry({ batch, texts: batch.commands.map(() => null) }));
    const index = await log.append(body, term);
    this.#options.checker.acknowledged(index, body);
    const applied = machine.takeResult(index);
    if (applied === undefined) {
      throw new SimulationFailure('an append resolves before it is applied', `at ${index}`);
    }
    return { index, applied };
  }

  /** Asks the leader who it is, by way of this node. */
  async askLeader(): Promise<string> {
    const { log } = this;
    if (log === null) throw new Error('a node that is down asks nothing');
    return Buffer.from(await log.forward(ASK_WHO, new Uint8Array())).toString();
  }

  #wallMs(): number {
    const { simulation } = this.#options;
    return WALL_START_MS + Math.floor(simulation.nowUs / 1_000) + this.wallOffsetMs;
  }

  #open(process: SimulatedProcess): Promise<RaftLog> {
    const { endpoint, founders, nodeId, peers, plan, streams } = this.#options;
    const rng = this.#chance;
    const machine = this.#machine(process);
    this.machine = machine;
    return openRaftLog({
      directory: `/${nodeId}`,
      clusterId: 'simulated',
      nodeId,
      founders,
      peers,
      transport: {
        listenAddress: streams.addressOf(endpoint),
        network: streams.networkOf(process),
        random: () => rng.unit(),
        versions: RELEASES[this.release] ?? PROTOCOL_VERSIONS,
        bounds: { greetingTimeoutMs: 1_000, backoffMsMax: 500 },
      },
      sink: machine,
      snapshots: machine,
      onForwarded: () => Promise.resolve(Buffer.from(nodeId)),
      onRole: ({ isTermReady, role, term }) => {
        const { simulation } = this.#options;
        simulation.note(3, endpoint, term);
        simulation.say(() => `${nodeId} is ${role} in term ${term}${isTermReady ? ', ready' : ''}`);
        if (role === 'leader' && isTermReady) this.#options.onLeader(this);
      },
      settings: plan.settings,
      tickMs: plan.tickMs,
      snapshotEveryEntries: plan.snapshotEveryEntries,
      segmentBytes: 16 * 1024,
      groupBytesMax: 16 * 1024,
      fileSystem: this.disk.mount(process),
      clock: process.clock,
      logger: this.#logger(),
      seed: rng.below(2 ** 30),
    });
  }

  #machine(process: SimulatedProcess): StackMachine {
    const { checker, plan } = this.#options;
    return new StackMachine({
      nodeId: this.nodeId,
      process,
      checker,
      checkpoint: this.#checkpoint,
      checkpointEveryEntries: plan.checkpointEveryEntries,
      applyUs: () => this.#applyUs(),
      storeUs: () => this.disk.delayUs(),
      onCheckpoint: (checkpoint) => {
        this.#checkpoint = checkpoint;
        this.log?.releaseThrough(checkpoint.appliedIndex).catch((error: unknown) => {
          this.#mayFail(process, error);
        });
      },
      onDigest: (index, head) => this.log?.offerDigest(index, Buffer.from(head, 'hex')),
    });
  }

  #applyUs(): number {
    if (this.isHealed || !this.#options.plan.faults.has('slow-apply')) return 0;
    return this.#chance.happens(0.5) ? this.#chance.exponential(5_000) : 0;
  }

  #opened(process: SimulatedProcess, log: RaftLog): void {
    if (process.isDead) return;
    this.log = log;
    void log.failed.then((error) => process.run(() => this.#failed(process, error)));
    if (this.isLeader) this.#options.onLeader(this);
  }

  /** A process whose log failed ends soon, and is then started again. */
  #failed(process: SimulatedProcess, error: unknown): void {
    if (process.isDead || !this.#mayFail(process, error)) return;
    process.after(this.#chance.exponential(20_000), () => this.crash());
  }

  /** Only a disk that failed excuses a log that did. */
  #mayFail(process: SimulatedProcess, error: unknown): boolean {
    if (process.isDead) return false;
    const { onBroken, onDamaged, simulation } = this.#options;
    simulation.say(() => `${this.nodeId} fails: ${chainOf(error)}`);
    if (this.disk.hasFailed && /EIO|ENOSPC/.test(chainOf(error))) return true;
    if (this.disk.isDamaged && /LOG_CORRUPT/.test(chainOf(error))) {
      process.after(0, () => onDamaged(this));
      return false;
    }
    const failure =
      error instanceof SimulationFailure
        ? error
        : (causeOf(error) ??
          new SimulationFailure('a node fails without a failing disk', chainOf(error)));
    onBroken(failure);
    return false;
  }

  #logger(): { info: Say; warn: Say; error: Say } {
    const { simulation } = this.#options;
    const say: Say = (message, fields) =>
      simulation.say(() => `${this.nodeId}: ${message} ${JSON.stringify(fields ?? {})}`);
    return { info: say, warn: say, error: say };
  }
}

type Say = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** An error and its causes, in a line. */
function chainOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = `${'code' in error ? `${String(error.code)} ` : ''}${error.message}`;
  return error.cause === undefined || error.cause === null
    ? own
    : `${own} ← ${chainOf(error.cause)}`;
}

function causeOf(error: unknown): SimulationFailure | null {
  if (error instanceof SimulationFailure) return error;
  return error instanceof Error ? causeOf(error.cause) : null;
}
