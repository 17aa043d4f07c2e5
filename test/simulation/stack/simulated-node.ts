/** A node of whatever suite: a process that dies and starts again on the same disk, with a production log inside. */
import type { CoreState } from '../../../src/core/index.ts';
import type { RaftLog, RoleView } from '../../../src/log/index.ts';
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
import type { StackPlan } from './stack-plan.ts';

const WALL_START_MS = 1_700_000_000_000;
/** What each release speaks with its peers: every one what the one before it does, so that both can be in a cluster. */
export const RELEASES: readonly ProtocolVersions[] = [
  { oldest: 1, newest: 1 },
  PROTOCOL_VERSIONS,
  { oldest: 2, newest: 3 },
];

export interface NodeOptions {
  readonly nodeId: string;
  readonly endpoint: number;
  readonly founders: readonly string[];
  readonly peers: Readonly<Record<string, string>>;
  readonly simulation: Simulation;
  readonly plan: StackPlan;
  readonly release: number;
  readonly streams: SimulatedStreams;
  readonly checker: StackChecker;
  readonly onDeath: (node: SimulatedNode) => void;
  readonly onLeader: (node: SimulatedNode) => void;
  /** Its journal, which was damaged, was found to be. */
  readonly onDamaged: (node: SimulatedNode) => void;
  /** Something that must not happen did. */
  readonly onBroken: (failure: SimulationFailure) => void;
}

export abstract class SimulatedNode {
  readonly nodeId: string;
  readonly endpoint: number;
  readonly disk: StackDisk;
  protected readonly options: NodeOptions;
  protected readonly chance: Chance;
  readonly #clockRate: number;
  process: SimulatedProcess | null = null;
  log: RaftLog | null = null;
  /** How far the own idea of the date is off, in milliseconds. */
  wallOffsetMs = 0;
  /** Which of {@link RELEASES} its next process is of. */
  release: number;
  isLost = false;
  isHealed = false;
  #lives = 0;

  constructor(options: NodeOptions) {
    const { endpoint, nodeId, plan, release, simulation } = options;
    this.options = options;
    this.release = release;
    this.nodeId = nodeId;
    this.endpoint = endpoint;
    this.chance = simulation.chance.fork(`node ${nodeId}`);
    this.disk = new StackDisk(plan.faults, simulation.chance.fork(`disk ${nodeId}`));
    const factor = this.chance.spread(1.08);
    this.#clockRate = plan.faults.has('drift') ? factor : 1;
  }

  /** State of the state machine; null while the node is down. */
  abstract get state(): CoreState | null;

  /** Asks the leader who it is, by way of this node. */
  abstract askLeader(): Promise<string>;

  /** Starts what the suite is about in a new process. */
  protected abstract open(process: SimulatedProcess): Promise<RaftLog>;

  /** Forgets what was in the process that just died. */
  protected abstract forget(): void;

  /** How far the state is that its next process finds. */
  protected abstract get keptIndex(): number;

  get isUp(): boolean {
    return this.log !== null;
  }

  get isLeader(): boolean {
    return this.log?.role.role === 'leader' && this.log.role.isTermReady;
  }

  start(): void {
    if (this.process !== null || this.isLost) return;
    const { endpoint, simulation } = this.options;
    const process = new SimulatedProcess(simulation, endpoint, this.#clockRate);
    this.process = process;
    this.#lives += 1;
    simulation.note(1, endpoint, this.#lives);
    simulation.say(() => `${this.nodeId} of release ${this.release} starts from ${this.keptIndex}`);
    this.open(process).then(
      (log) => this.#opened(process, log),
      (error: unknown) => process.run(() => this.#failed(process, error)),
    );
  }

  /** Ends the process at once; what it had not made durable may be gone. */
  crash(): void {
    const { process } = this;
    if (process === null) return;
    const { simulation } = this.options;
    simulation.note(2, this.endpoint);
    simulation.say(() => `${this.nodeId} crashes`);
    process.kill();
    this.disk.crash();
    this.process = null;
    this.log = null;
    this.forget();
    this.options.onDeath(this);
  }

  protected wallMs(): number {
    const { simulation } = this.options;
    return WALL_START_MS + Math.floor(simulation.nowUs / 1_000) + this.wallOffsetMs;
  }

  protected roleChanged({ isTermReady, role, term }: RoleView): void {
    const { endpoint, nodeId, onLeader, simulation } = this.options;
    simulation.note(3, endpoint, term);
    simulation.say(() => `${nodeId} is ${role} in term ${term}${isTermReady ? ', ready' : ''}`);
    if (role === 'leader' && isTermReady) onLeader(this);
  }

  /** Only a disk that failed excuses a log that did. @returns whether the process may go on until it ends */
  protected mayFail(process: SimulatedProcess, error: unknown): boolean {
    if (process.isDead) return false;
    const { onBroken, onDamaged, simulation } = this.options;
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

  protected logger(): Readonly<Record<'debug' | 'info' | 'warn' | 'error', Say>> {
    const { simulation } = this.options;
    const say: Say = (message, fields) =>
      simulation.say(() => `${this.nodeId}: ${message} ${JSON.stringify(fields ?? {})}`);
    return { debug: () => undefined, info: say, warn: say, error: say };
  }

  #opened(process: SimulatedProcess, log: RaftLog): void {
    if (process.isDead) return;
    this.log = log;
    void log.failed.then((error) => process.run(() => this.#failed(process, error)));
    if (this.isLeader) this.options.onLeader(this);
  }

  /** A process whose log failed ends soon, and is then started again. */
  #failed(process: SimulatedProcess, error: unknown): void {
    if (process.isDead || !this.mayFail(process, error)) return;
    process.after(this.chance.exponential(20_000), () => this.crash());
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
