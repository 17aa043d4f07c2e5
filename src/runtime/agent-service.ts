/** What agents do: register, take leases, report, leave. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OrchestratorError } from '../base/errors.ts';
import type { AgentView, RegisterAgent } from '../contract/index.ts';
import { normalizeAgent } from '../contract/index.ts';
import {
  leasedTask,
  SpecPool,
  type Agent,
  type AgentId,
  type AgentSpec,
  type Command,
  type CoreState,
  type LeaseRef,
  type TaskId,
} from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { AgentHub } from './agent-hub.ts';
import { AgentListing, type AgentFilter, type AgentPage } from './agent-listing.ts';
import type { AgentLink, HeldLease } from './agent-link.ts';
import type { CommandLoop } from './command-loop.ts';
import type { DetailsBuffer } from './details-buffer.ts';
import type { ProgressBoard } from './progress-board.ts';
import type { EventFeed, FeedEvent } from './event-feed.ts';
import type { Clock } from './clock.ts';
import type { Comparators } from './comparators.ts';
import type { OutputService, OutputSource } from './output-service.ts';
import { checkHours } from './check-availability.ts';
import { refusalError, throwIfRefused } from './refusal.ts';
import { reportCommands, type AttemptEnd } from './reports.ts';
import { checkResults } from './result-check.ts';
import { agentView } from './views.ts';
import type { Webhooks } from './webhooks/webhooks.ts';
import { hashVotes } from './votes.ts';

export interface AgentServiceParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly loop: CommandLoop;
  readonly hub: AgentHub;
  readonly feed: EventFeed;
  readonly details: DetailsBuffer;
  readonly progress: ProgressBoard;
  readonly output: OutputService;
  readonly clock: Clock;
  readonly comparators: Comparators;
  readonly webhooks: Webhooks;
}

/** Reports of one command while entries are to be short: a command is in one entry as a whole. */
const REPORTS_MAX = 200;

/** Agents in a command, and commands under way: what an entry takes in of them, tasks of the same moment wait for. */
const ENROLL_AGENTS_MAX = 500;
const ENROLL_LINES = 4;
/** Agents that begin or cease to be served in one turn of the event loop. */
const ATTACHED_AT_ONCE = 1_000;

export class AgentService {
  readonly #parts: AgentServiceParts;
  readonly #listing: AgentListing;
  /** Ends of lines in which parts of large registrations wait, the line that was joined longest ago first. */
  readonly #enrolling: Promise<void>[] = Array.from({ length: ENROLL_LINES }, () =>
    Promise.resolve(),
  );

  constructor(parts: AgentServiceParts) {
    this.#parts = parts;
    const { clock, hub, state } = parts;
    const view = (agent: Agent): AgentView => agentView(agent, hub.reach(agent.id));
    this.#listing = new AgentListing({ state, clock, view });
  }

  /** Registers agents, or brings them up to date. An agent that says what core knows costs no entry. */
  async register(agents: readonly RegisterAgent[], incarnation: string): Promise<void> {
    this.#check(agents);
    const changed = agents.filter((agent) => !this.#isKnown(agent, incarnation));
    if (changed.length <= ENROLL_AGENTS_MAX) await this.#enroll(changed, incarnation);
    else await this.#enrollMany(changed, incarnation);
    for (const { id } of agents) this.#parts.hub.seen(id as AgentId);
  }

  #check(agents: readonly RegisterAgent[]): void {
    const { clock, webhooks } = this.#parts;
    checkHours(agents, clock.now());
    for (const agent of agents) webhooks.check(agent);
  }

  /** Few at a time, and those of all callers in turn: what else waits for an entry is not held up. */
  async #enrollMany(agents: readonly RegisterAgent[], incarnation: string): Promise<void> {
    const parts: Promise<void>[] = [];
    for (let from = 0; from < agents.length; from += ENROLL_AGENTS_MAX) {
      const some = agents.slice(from, from + ENROLL_AGENTS_MAX);
      const before = this.#enrolling.shift() ?? Promise.resolve();
      const done = before.then(() => this.#enroll(some, incarnation));
      this.#enrolling.push(done.catch(() => undefined));
      parts.push(done);
    }
    await Promise.all(parts);
  }

  async #enroll(agents: readonly RegisterAgent[], incarnation: string): Promise<void> {
    if (agents.length === 0) return;
    const result = await this.#parts.loop.propose(enrollCommand(agents, incarnation));
    const [refused] = result.type === 'taken' ? (result.refused?.values() ?? []) : [];
    if (refused !== undefined) throw refusalError(refused);
  }

  /**
   * Registers agents and serves them through `link` from then on.
   *
   * @param held - leases of the same incarnation that are still worked on
   * @returns those of them whose agents nobody serves yet: they may come over this link in a moment
   */
  async connect(
    link: AgentLink,
    agents: readonly RegisterAgent[],
    incarnation: string,
    held: readonly HeldLease[] = [],
  ): Promise<readonly HeldLease[]> {
    const called = agents.find(({ availability }) => availability?.kind === 'webhook');
    if (called !== undefined) throw isCalled(called.id);
    await this.register(agents, incarnation);
    const { hub, loop } = this.#parts;
    const { others, own } = this.#heldBy(link, agents, held);
    for (let from = 0; from < agents.length; from += ATTACHED_AT_ONCE) {
      if (from > 0) await nextTurn();
      for (const { id } of agents.slice(from, from + ATTACHED_AT_ONCE)) {
        hub.attach(id as AgentId, link, own.get(id) ?? []);
      }
      hub.flush();
      link.flush();
      loop.wake();
    }
    return others;
  }

  /** What of the held leases each agent holds; those that are over are told to end. */
  #heldBy(
    link: AgentLink,
    agents: readonly RegisterAgent[],
    held: readonly HeldLease[],
  ): {
    readonly own: ReadonlyMap<string, HeldLease[]>;
    readonly others: readonly HeldLease[];
  } {
    if (held.length === 0) return { own: new Map(), others: [] };
    const own = new Map<string, HeldLease[]>(agents.map(({ id }) => [id, []]));
    const others: HeldLease[] = [];
    for (const lease of held) {
      const agentId = this.#holderOf(lease);
      const ofAgent = agentId === null ? undefined : own.get(agentId);
      if (ofAgent !== undefined) ofAgent.push(lease);
      else if (agentId !== null && this.#parts.hub.linkKind(agentId) === null) others.push(lease);
      else link.revoke(agents[0]?.id as AgentId, lease.taskId, lease.fencingToken, 'fenced');
    }
    return { own, others };
  }

  /** Ends what {@link connect} began; leases stay until the agents' silence bound has passed. */
  async disconnect(link: AgentLink, agentIds: readonly AgentId[]): Promise<void> {
    for (let from = 0; from < agentIds.length; from += ATTACHED_AT_ONCE) {
      if (from > 0) await nextTurn();
      const some = agentIds.slice(from, from + ATTACHED_AT_ONCE);
      for (const agentId of some) this.#parts.hub.detach(agentId, link);
    }
  }

  /** Serves one request of a polling agent; its leases go through `link`. */
  poll(agentId: AgentId, link: AgentLink, max: number): void {
    const { hub, loop } = this.#parts;
    const { availability } = this.#require(agentId).spec;
    if (availability?.kind === 'webhook') throw isCalled(agentId);
    // Where its return could not be kept, its next poll tries again.
    this.seen(agentId).catch(() => undefined);
    hub.poll(agentId, link, max);
    hub.flush();
    loop.wake();
  }

  /** Hears of an agent; one that was lost is welcomed back. */
  async seen(agentId: AgentId): Promise<void> {
    const agent = this.#require(agentId);
    this.#parts.hub.seen(agentId);
    if (agent.state !== 'lost') return;
    await this.#parts.loop.propose({ type: 'agent.back', agentId });
  }

  /** Hears of agents that `link` serves; those that were lost are welcomed back, and served again. */
  async heard(link: AgentLink, agentIds: readonly AgentId[]): Promise<void> {
    const { hub, loop, state } = this.#parts;
    const back: AgentId[] = [];
    for (const agentId of agentIds) {
      if (hub.heardOver(link, agentId)) continue;
      const isServed = hub.linkKind(agentId) !== null;
      // What another link serves now is that one's to speak for.
      if (!isServed && state.agents.get(agentId)?.state === 'lost') back.push(agentId);
    }
    if (back.length === 0) return;
    await Promise.all(back.map((agentId) => loop.propose({ type: 'agent.back', agentId })));
    for (const agentId of back) hub.attach(agentId, link, []);
    hub.flush();
    link.flush();
    loop.wake();
  }

  /** Hears of an attempt. False when it is not the running one. */
  leaseSeen(taskId: TaskId, fencingToken: number): boolean {
    return this.#parts.hub.leaseSeen(taskId, fencingToken);
  }

  /** Tells followers how far an attempt is. False when it is not the running one. */
  progress(ref: LeaseRef, fraction: number | null, note: string | null): boolean {
    if (!this.#parts.hub.leaseSeen(ref.taskId, ref.fencingToken)) return false;
    // A heartbeat is no news to followers.
    if (fraction === null && note === null) return true;
    this.#parts.progress.note(ref, { fraction, note, atMs: this.#parts.clock.now() });
    this.#tell(ref, {
      type: 'task.progress',
      ...(fraction === null ? {} : { fraction }),
      ...(note === null ? {} : { note }),
    });
    return true;
  }

  /**
   * Keeps what an attempt says of how far it is, as JSON text, for the next one; also a heartbeat. It is
   * durable a little later. False when it is not the running one.
   */
  details({ fencingToken, taskId }: LeaseRef, details: string): boolean {
    if (!this.#parts.hub.leaseSeen(taskId, fencingToken)) return false;
    this.#parts.details.add({ taskId, fencingToken, details });
    return true;
  }

  /**
   * Keeps a part of an attempt's output, JSON text, and tells followers of events at once. It is durable
   * a little later. False when it is not the running one.
   *
   * @param from - see `OutputService.add`
   * @throws OrchestratorError `OUTPUT_LIMIT`, `OVERLOADED`
   */
  emit(
    ref: LeaseRef,
    chunk: string,
    from: number | null = null,
    source: OutputSource | null = null,
  ): boolean {
    if (!this.#parts.hub.leaseSeen(ref.taskId, ref.fencingToken)) return false;
    this.#parts.output.add(ref, chunk, from, source);
    this.#tell(ref, { type: 'task.output', chunk: JSON.parse(chunk) as unknown });
    return true;
  }

  #tell({ taskId }: LeaseRef, news: Pick<FeedEvent, 'type' | 'fraction' | 'note' | 'chunk'>): void {
    const { clock, feed, state } = this.#parts;
    const task = state.tasks.get(taskId);
    const place =
      task === undefined ? {} : { attempt: task.attempt, queue: task.profile.queue.name };
    feed.tell({ at: clock.now(), taskId, ...place, ...news });
  }

  /**
   * Takes reports of attempts that ended; resolves when they are durable with one answer each: null,
   * or why it was refused. A report that was taken before, with the same token, is taken again.
   */
  async report(ends: readonly AttemptEnd[]): Promise<(OrchestratorError | null)[]> {
    const { loop, output } = this.#parts;
    // What an attempt handed out comes before its end.
    if (!output.isIdle) await output.settled();
    const isWhole = loop.shortEntryTasks === null || ends.length <= REPORTS_MAX;
    if (isWhole) return this.#reportSome(ends);
    const parts: Promise<(OrchestratorError | null)[]>[] = [];
    for (let from = 0; from < ends.length; from += REPORTS_MAX)
      parts.push(this.#reportSome(ends.slice(from, from + REPORTS_MAX)));
    return (await Promise.all(parts)).flat();
  }

  async #reportSome(ends: readonly AttemptEnd[]): Promise<(OrchestratorError | null)[]> {
    const { comparators, loop, state } = this.#parts;
    const checked = hashVotes(state, comparators, checkResults(state, ends));
    const commands = reportCommands(checked);
    // The next attempt must find what this one said before it failed.
    if (commands.fail !== null) this.#parts.details.flush();
    const answers = new Array<OrchestratorError | null>(ends.length).fill(null);
    const complete = commands.complete && loop.propose(commands.complete, commands.results);
    const fail = commands.fail && loop.propose(commands.fail);
    // Both are under way before either is awaited, so that neither rejection goes unheard.
    const [completed, failed] = await Promise.all([complete, fail]);
    const note = (result: typeof completed, positions: readonly number[]): void => {
      if (result?.type !== 'taken' || result.refused === null) return;
      for (const [item, rejection] of result.refused) {
        const position = positions[item] as number;
        if (this.#wasTaken(ends[position] as AttemptEnd)) continue;
        answers[position] = refusalError(rejection);
      }
    };
    note(completed, commands.completePositions);
    note(failed, commands.failPositions);
    if (checked !== ends) noteInvalid(ends, checked, answers);
    return answers;
  }

  /** Gives leases back unstarted; they do not count as attempts. */
  async release(items: readonly LeaseRef[], reason: string): Promise<void> {
    this.#parts.details.flush();
    await this.#parts.loop.propose({ type: 'task.release', items, reason });
  }

  /** Lets an attempt run `runMs` from now. */
  async extend(ref: LeaseRef, runMs: number): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'task.extend', items: [ref], runMs }));
    this.leaseSeen(ref.taskId, ref.fencingToken);
  }

  async drain(agentId: AgentId): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'agent.drain', agentId }));
  }

  async remove(agentId: AgentId): Promise<void> {
    this.#parts.details.flush();
    throwIfRefused(await this.#parts.loop.propose({ type: 'agent.remove', agentId }));
  }

  get(agentId: AgentId): AgentView | null {
    const agent = this.#parts.state.agents.get(agentId);
    return agent === undefined ? null : agentView(agent, this.#parts.hub.reach(agentId));
  }

  /** Agents after the one named, each once; see {@link AgentListing.page}. */
  list(after: string | null, limit: number, filter?: AgentFilter): Promise<AgentPage> {
    return this.#listing.page(after, limit, filter);
  }

  /** The agent that holds a lease; null when the attempt is over, even if none followed it yet. */
  #holderOf({ fencingToken, taskId }: LeaseRef): AgentId | null {
    const task = leasedTask(this.#parts.state, { taskId, fencingToken });
    return 'code' in task ? null : task.agentId;
  }

  #isKnown(agent: RegisterAgent, incarnation: string): boolean {
    const known = this.#parts.state.agents.get(agent.id as AgentId);
    if (known === undefined || known.incarnation !== incarnation || known.state !== 'ready')
      return false;
    return known.spec === this.#parts.state.agentSpecs.find(normalizeAgent(agent));
  }

  #require(agentId: AgentId): Agent {
    const agent = this.#parts.state.agents.get(agentId);
    if (agent !== undefined) return agent;
    throw new OrchestratorError('AGENT_NOT_FOUND', `an agent must be registered, got ${agentId}`, {
      agentId,
    });
  }

  /** Whether this very report is how the task completed: what a copy brought is nobody else's. */
  #wasTaken(end: AttemptEnd): boolean {
    const finished = this.#parts.store.finished(end.taskId);
    if (!end.report.ok || finished?.state !== 'completed') return false;
    const isAdopted = finished.extra?.copies?.chosen != null;
    return !isAdopted && finished.fencingToken === end.fencingToken;
  }
}

/** One that is called has its tasks brought: nobody else takes them. */
function isCalled(agentId: string): OrchestratorError {
  return new OrchestratorError(
    'AGENT_IS_CALLED',
    `an agent that takes tasks must not be one that is called, got ${agentId}`,
    { agentId },
  );
}

/** An agent that brought another result than was asked for hears of it, though its report was taken. */
function noteInvalid(
  ends: readonly AttemptEnd[],
  checked: readonly AttemptEnd[],
  answers: (OrchestratorError | null)[],
): void {
  for (const [position, { report, taskId }] of checked.entries()) {
    if (report.ok || ends[position]?.report.ok !== true) continue;
    answers[position] ??= new OrchestratorError(report.code, report.message, { taskId });
  }
}

/** Agents that say the same share a spec, as they do once registered. */
function enrollCommand(agents: readonly RegisterAgent[], incarnation: string): Command {
  const pool = new SpecPool();
  const positions = new Map<AgentSpec, number>();
  const specOf = agents.map((agent) => {
    const spec = pool.intern(normalizeAgent(agent));
    const position = positions.get(spec) ?? positions.size;
    positions.set(spec, position);
    return position;
  });
  const agentIds = agents.map(({ id }) => id as AgentId);
  return { type: 'agent.enroll', incarnation, specs: [...positions.keys()], agentIds, specOf };
}
