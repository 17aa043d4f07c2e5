import { AssertionError } from 'node:assert';
import type { AttemptReport, RegisterAgent } from '../contract/index.ts';
import type { LeaseRef } from '../core/index.ts';
import type { AgentLink, Lease, Runtime } from '../runtime/index.ts';
import { ScriptedLease } from './scripted-lease.ts';

/** What a scripted agent needs of the orchestrator around it. */
export interface ScriptedAgentHost {
  /** The running orchestrator; throws while there is none. */
  runtime(): Runtime;
  monotonicMs(): number;
  /** Lets everything go on until nothing happens any more. */
  settle(): Promise<void>;
  /** The same promise, which rejects if the orchestrator crashes meanwhile. */
  untilCrash<Value>(promise: Promise<Value>): Promise<Value>;
  /** The waiting tasks and why they wait, as text. */
  describeWaiting(): string;
}

type AgentId = Parameters<Runtime['agents']['get']>[0];

/**
 * A remote agent that a test plays: it gets leases over a connection, and does with them what the test
 * says. It outlives crashes of the orchestrator, as a process of its own does.
 */
export class ScriptedAgent {
  readonly id: string;
  readonly #spec: RegisterAgent;
  readonly #host: ScriptedAgentHost;
  #run = 1;
  #connection: Connection | null = null;
  #isToReturn = false;
  /** Leases that it works on, by their tasks. */
  readonly #held = new Map<string, ScriptedLease>();
  /** Those of them that the test did not take yet. */
  #fresh: ScriptedLease[] = [];

  constructor(spec: RegisterAgent, host: ScriptedAgentHost) {
    this.id = spec.id;
    this.#spec = spec;
    this.#host = host;
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  /** Leases that came and that the test did not take yet. */
  get leasesWaiting(): number {
    return this.#fresh.length;
  }

  /**
   * The next lease that came, once nothing happens any more.
   *
   * @throws AssertionError when none came, with the tasks that wait and why
   */
  async nextLease<Payload = unknown>(): Promise<ScriptedLease<Payload>> {
    await this.#host.settle();
    const lease = this.#fresh.shift();
    if (lease !== undefined) return lease as ScriptedLease<Payload>;
    throw new AssertionError({
      message: `a lease must have come to agent ${this.id}, got none\n${this.#host.describeWaiting()}`,
    });
  }

  /** Hangs: keeps its connection and says nothing more, until {@link reconnect}. */
  async goSilent(): Promise<void> {
    const runtime = this.#host.runtime();
    this.#connected().goSilent(this.#host.monotonicMs());
    // Its last word: from here on its silence counts.
    await this.#host.untilCrash(runtime.agents.seen(this.id as AgentId));
  }

  /** Its connection breaks; what it works on it goes on working on. */
  dropConnection(): Promise<void> {
    const connection = this.#connected();
    this.#connection = null;
    void this.#host.runtime().agents.disconnect(connection, [this.id as AgentId]);
    return this.#host.settle();
  }

  /** The orchestrator is no more, and with it the connection. */
  connectionLost(): void {
    this.#isToReturn = this.#connection !== null && !this.#connection.isSilent;
    this.#connection = null;
  }

  /** Connects to a restarted orchestrator, if it was connected when the last one ended. */
  async comeBack(): Promise<void> {
    if (this.#isToReturn) await this.reconnect();
    this.#isToReturn = false;
  }

  /** Connects, again or for the first time, with the leases that it works on. */
  async reconnect(): Promise<void> {
    const connection = new Connection({
      lease: (lease) => this.#take(lease),
      revoke: (taskId, fencingToken, reason) => this.#revoke(taskId, fencingToken, reason),
    });
    this.#connection = connection;
    const held = [...this.#held.values()].map(refOf);
    const connected = this.#host
      .runtime()
      .agents.connect(connection, [this.#spec], `${this.id}-run-${this.#run}`, held);
    await this.#host.untilCrash(connected);
    await this.#host.settle();
  }

  /** Its process ends and starts anew: it knows nothing of what it worked on. */
  restart(): Promise<void> {
    this.#run += 1;
    this.#held.clear();
    this.#fresh = [];
    return this.reconnect();
  }

  #connected(): Connection {
    const connection = this.#connection;
    if (connection !== null && !connection.isSilent) return connection;
    const what = connection === null ? 'is not connected' : 'was told to be silent';
    throw new AssertionError({
      message: `an agent must be connected to say anything, but ${this.id} ${what}: reconnect it first`,
    });
  }

  #take(lease: Lease): void {
    const known = this.#held.get(lease.taskId);
    if (known?.fencingToken === lease.fencingToken) return;
    const taken = new ScriptedLease(lease, {
      report: (held, report) => this.#report(held, report),
      release: (held, reason) =>
        this.#say(held, (agents) => agents.release([refOf(held)], reason), true),
      details: (held, details) =>
        this.#say(held, async (agents) => void agents.details(refOf(held), details), false),
      progress: (held, fraction, note) =>
        this.#say(held, async (agents) => void agents.progress(refOf(held), fraction, note), false),
    });
    this.#held.set(lease.taskId, taken);
    this.#fresh.push(taken);
  }

  #revoke(taskId: string, fencingToken: number, reason: string): void {
    const lease = this.#held.get(taskId);
    if (lease?.fencingToken !== fencingToken) return;
    lease.revoke(reason);
    this.#held.delete(taskId);
    this.#fresh = this.#fresh.filter((fresh) => fresh !== lease);
  }

  async #report(lease: ScriptedLease, report: AttemptReport): Promise<void> {
    await this.#say(
      lease,
      async (agents) => {
        const [refusal] = await agents.report([{ ...refOf(lease), report }]);
        if (refusal != null) throw refusal;
      },
      true,
    );
  }

  async #say(
    lease: ScriptedLease,
    message: (agents: Runtime['agents']) => Promise<void>,
    isLast: boolean,
  ): Promise<void> {
    this.#connected();
    await this.#host.untilCrash(message(this.#host.runtime().agents));
    if (isLast && this.#held.get(lease.taskId) === lease) this.#held.delete(lease.taskId);
    await this.#host.settle();
  }
}

function refOf(lease: ScriptedLease): LeaseRef {
  return { taskId: lease.taskId as LeaseRef['taskId'], fencingToken: lease.fencingToken };
}

interface Receiver {
  lease(lease: Lease): void;
  revoke(taskId: string, fencingToken: number, reason: string): void;
}

/** One connection of a scripted agent; what comes over one whose agent hangs is lost on it. */
class Connection implements AgentLink {
  readonly kind = 'channel';
  /** An agent that is to be there is there: no heartbeats have to be played. */
  lastHeardMs: number = Number.POSITIVE_INFINITY;
  readonly #receiver: Receiver;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  get isSilent(): boolean {
    return this.lastHeardMs !== Number.POSITIVE_INFINITY;
  }

  goSilent(nowMs: number): void {
    this.lastHeardMs = nowMs;
  }

  lease(lease: Lease): void {
    if (!this.isSilent) this.#receiver.lease(lease);
  }

  revoke(_agentId: unknown, taskId: string, fencingToken: number, reason: string): void {
    if (!this.isSilent) this.#receiver.revoke(taskId, fencingToken, reason);
  }

  /** A script looks at its task for a cancel. */
  cancelRequested(): void {}

  answer(): void {
    // A scripted agent asks nothing.
  }

  flush(): void {
    // Nothing is gathered.
  }

  replaced(): void {
    // Its successor has been told of all that it holds.
  }
}
