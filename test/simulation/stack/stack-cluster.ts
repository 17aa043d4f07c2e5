/** A cluster of whole nodes, the streams between them, and a few ids to spare for those that join later. */
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { drawLinkFaults } from '../network/link-faults.ts';
import { require, SimulationFailure } from '../simulation-failure.ts';
import { SimulatedStreams } from './simulated-streams.ts';
import { StackChecker } from './stack-checker.ts';
import type { NodeOptions, SimulatedNode } from './simulated-node.ts';
import type { StackPlan } from './stack-plan.ts';

const SPARES = 2;
const WAY_MEAN_US = 500;
const PATIENCE_US = 1_500_000;

/** What a node may answer instead of a result; everything else is a mistake. */
const REFUSALS: ReadonlySet<string> = new Set([
  'NOT_LEADER',
  'NO_LEADER',
  'LEADERSHIP_LOST',
  'LOG_FAILED',
  'LOG_CLOSED',
  'OVERLOADED',
  'READ_TIMEOUT',
  'TRANSFER_ABORTED',
  'PEER_UNREACHABLE',
  'PEER_OVERLOADED',
  'PEER_ANSWER_LOST',
  'CHANGE_PENDING',
  'TERM_NOT_READY',
  'NODE_NOT_CAUGHT_UP',
  'TRANSFER_PENDING',
  'STOPPED',
]);

/** An answer that came in time, or null. */
export type Reply<T> = { readonly value: T } | { readonly leader: string | null } | null;

/** What a suite of clusters works its seeds off with: one of whole nodes, or of a part of them. */
export class StackCluster<Node extends SimulatedNode = SimulatedNode> {
  readonly simulation: Simulation;
  readonly plan: StackPlan;
  readonly nodes = new Map<string, Node>();
  readonly streams: SimulatedStreams;
  readonly checker: StackChecker;
  isHealed = false;
  /** The first thing that went wrong. */
  broken: SimulationFailure | null = null;
  onLeader: (node: SimulatedNode) => void = () => undefined;
  /** Told of a node that found its journal damaged: it is down, and must not come back as it is. */
  onDamaged: (node: SimulatedNode) => void = () => undefined;
  readonly #founders: readonly string[];
  readonly #chance: Chance;

  readonly #create: (options: NodeOptions) => Node;

  constructor(simulation: Simulation, plan: StackPlan, create: (options: NodeOptions) => Node) {
    this.simulation = simulation;
    this.plan = plan;
    this.#create = create;
    this.#chance = simulation.chance.fork('cluster');
    this.checker = new StackChecker(simulation, plan.isMixed);
    this.streams = new SimulatedStreams(simulation, plan.nodes + SPARES);
    const links = simulation.chance.fork('links');
    const resetRate = plan.faults.has('reset') ? links.unit() * 0.01 : 0;
    this.streams.setFaults(() => drawLinkFaults(links, plan.faults), resetRate);
    this.#founders = Array.from({ length: plan.nodes }, (_, place) => `n${place + 1}`);
    for (const [place, nodeId] of this.#founders.entries()) this.#add(nodeId, place, true).start();
  }

  up(): Node[] {
    return [...this.nodes.values()].filter((node) => node.isUp);
  }

  /** The ready leader of the newest term, as far as it knows itself. */
  leader(): Node | undefined {
    const leaders = this.up().filter((node) => node.isLeader);
    return leaders.toSorted((a, b) => (b.log?.role.term ?? 0) - (a.log?.role.term ?? 0))[0];
  }

  /** Starts a node that was never a member, on an empty disk; undefined where no id is left. */
  join(): Node | undefined {
    const place = this.nodes.size;
    if (place === this.streams.size) return undefined;
    const node = this.#add(`n${place + 1}`, place, false);
    node.start();
    return node;
  }

  /** Its disk is gone for good; a new node under a new id must take its place. */
  lose(node: SimulatedNode): void {
    node.isLost = true;
    node.crash();
    this.simulation.say(() => `${node.nodeId} has lost its disk`);
  }

  break(error: unknown): void {
    this.broken ??=
      error instanceof SimulationFailure
        ? error
        : new SimulationFailure('something was thrown', String(error), { cause: error });
  }

  heal(): void {
    this.isHealed = true;
    this.streams.heal();
    for (const node of this.nodes.values()) this.#heal(node);
  }

  /** Lets a client ask a node; what it is refused with is checked here. */
  call<T, Asked extends SimulatedNode>(
    node: Asked,
    ask: (node: Asked) => Promise<T>,
  ): Promise<Reply<T>> {
    return new Promise((resolve) => {
      const way = (action: () => void): void =>
        this.simulation.after(this.#chance.exponential(WAY_MEAN_US), action);
      const refused = (error: unknown): void => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        if (!REFUSALS.has(code)) return this.break(error);
        const details = (error as { details?: Readonly<Record<string, unknown>> }).details;
        const leader = details?.['leader'];
        way(() => resolve({ leader: typeof leader === 'string' ? leader : null }));
      };
      way(() => {
        const { process } = node;
        if (process === null || !node.isUp) return resolve({ leader: null });
        process.run(() => {
          ask(node).then(
            (value) => process.run(() => way(() => resolve({ value }))),
            (error: unknown) => {
              if (!process.isDead || error instanceof SimulationFailure) refused(error);
            },
          );
        });
      });
      this.simulation.after(PATIENCE_US, () => resolve(null));
    });
  }

  /** All members that can be there are, and have applied everything. */
  isConverged(): boolean {
    const members = this.members();
    if (members === null) return false;
    const { length, newestAcknowledged } = this.checker;
    require(newestAcknowledged <= length, 'A2 more is acknowledged than applied', () => '');
    return members.every((node) => node.state?.index === length);
  }

  /** The leader has heard from every member that it has all: nothing is on its way from before. */
  isLeaderAnswered(): boolean {
    const raft = this.leader()?.log?.status().raft;
    return raft?.progress.every(({ matchIndex }) => matchIndex === raft.lastIndex) === true;
  }

  /** Members by the leader's configuration; null while it has none, or is changing it. */
  members(): Node[] | null {
    const configuration = this.leader()?.log?.status().configuration;
    if (configuration === undefined || configuration.votersOutgoing.length > 0) return null;
    const ids = [...configuration.voters, ...configuration.learners];
    const nodes = ids.map((id) => this.nodes.get(id));
    return nodes.filter((node) => node !== undefined && !node.isLost) as Node[];
  }

  describe(): string {
    return [...this.nodes.values()]
      .map((node) => {
        const { raft } = node.log?.status() ?? { raft: null };
        const word = node.isLost ? 'lost' : node.process === null ? 'down' : 'opening';
        const view = raft === null ? word : JSON.stringify(raft);
        return `${node.nodeId}: applied ${node.state?.index ?? '-'} ${view}`;
      })
      .join('\n');
  }

  #add(nodeId: string, endpoint: number, isFounder: boolean): Node {
    const { checker, plan, simulation, streams } = this;
    const known = isFounder ? this.#founders : [...this.nodes.keys()];
    const others = known.filter((id) => id !== nodeId);
    // A node that joins is of the newest release that any has: the others follow.
    const releases = [...this.nodes.values()].map(({ release }) => release);
    const first = plan.faults.has('upgrade') ? 0 : 1;
    const node = this.#create({
      nodeId,
      endpoint,
      founders: isFounder ? this.#founders : [],
      peers: Object.fromEntries(
        others.map((id) => [id, streams.addressOf(Number(id.slice(1)) - 1)]),
      ),
      simulation,
      plan,
      release: Math.max(first, ...releases),
      streams,
      checker,
      onDeath: (dead) => this.#restart(dead),
      onLeader: (leader) => this.onLeader(leader),
      onDamaged: (damaged) => this.onDamaged(damaged),
      onBroken: (failure) => this.break(failure),
    });
    this.nodes.set(nodeId, node);
    if (this.isHealed) this.#heal(node);
    return node;
  }

  #heal(node: SimulatedNode): void {
    node.isHealed = true;
    node.disk.isHealed = true;
    node.wallOffsetMs = 0;
    node.start();
  }

  #restart(node: SimulatedNode): void {
    const delayUs = this.isHealed
      ? 10_000
      : 1_000 + this.#chance.exponential(this.plan.restartMeanMs * 1_000);
    this.simulation.after(delayUs, () => node.start());
  }
}
