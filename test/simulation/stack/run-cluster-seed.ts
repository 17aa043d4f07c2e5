/**
 * One seed of a suite of clusters: nodes of production code on simulated disks and streams, and work for them.
 *
 * First nothing may go wrong, whatever fails; then all must go well, since nothing fails any more; last the power goes
 * everywhere at once, and everything must be there again.
 */
import { Simulation } from '../kernel/simulation.ts';
import { Unhandled } from '../kernel/unhandled.ts';
import { outcomeOf, type SeedOptions, type SeedOutcome } from '../run-seeds.ts';
import { require, type SimulationFailure } from '../simulation-failure.ts';
import type { NodeOptions, SimulatedNode } from './simulated-node.ts';
import { StackCluster } from './stack-cluster.ts';
import { StackFaults } from './stack-faults.ts';
import { StackOperator } from './stack-operator.ts';
import { drawStackPlan } from './stack-plan.ts';

/** Calls and greetings that were under way may have to run out first. */
const RECONNECT_US = 4_000_000;
const CONVERGE_MAX_US = 60_000_000;
const VOTERS_MIN = 3;

/** What a cluster is given to do. */
export interface Workload {
  /** Whether everything begun is done. */
  readonly isIdle: boolean;
  /** Begins nothing new. */
  stop(): void;
  /** One more piece of work, again and again until it is done. */
  probe(): void;
  /** Looks at nodes that have all applied the same. */
  compare?(): void;
}

/** What one suite differs in from another. */
export interface ClusterSuite<Node extends SimulatedNode> {
  /** Faults that a seed may turn on beside those of all suites. */
  readonly faults?: readonly string[];
  readonly create: (options: NodeOptions) => Node;
  /** Begins the work, and what else there is to go wrong. */
  readonly begin: (cluster: StackCluster<Node>) => Workload;
}

export async function runClusterSeed<Node extends SimulatedNode>(
  seed: number,
  options: SeedOptions,
  { begin, create, faults }: ClusterSuite<Node>,
): Promise<SeedOutcome> {
  const plan = drawStackPlan(seed, options, faults);
  const simulation = new Simulation(seed, options.traceLines ?? 0);
  const cluster = new StackCluster(simulation, plan, create);
  using _unhandled = new Unhandled((error) => cluster.break(error));
  let failure: SimulationFailure | undefined;
  try {
    await play(cluster, begin(cluster));
  } catch (error) {
    cluster.break(error);
    failure = cluster.broken ?? undefined;
  }
  for (const node of cluster.nodes.values()) node.crash();
  return outcomeOf(seed, simulation, { ...plan, failure });
}

async function play(cluster: StackCluster, work: Workload): Promise<void> {
  const { plan, simulation } = cluster;
  const operator = new StackOperator(cluster);
  operator.start();
  new StackFaults(cluster, operator).start();
  await run(cluster, plan.faultyMs * 1_000, () => false);
  cluster.heal();
  simulation.say(() => 'healed');
  const electionUs = 2 * plan.settings.electionTicks * plan.tickMs * 1_000;
  await within(
    cluster,
    10 * electionUs + RECONNECT_US,
    'liveness: no leader after healing',
    () => cluster.leader() !== undefined,
  );
  work.stop();
  await within(
    cluster,
    CONVERGE_MAX_US,
    'liveness: a task does not come to its end',
    () => work.isIdle,
  );
  await settle(cluster, work, operator);
  if (plan.doesLeaderLeave) await leave(cluster, operator);
  simulation.say(() => 'the power goes, everywhere');
  for (const node of cluster.nodes.values()) node.crash();
  await settle(cluster, work, operator);
}

/** A leader that leaves is told that it has: nobody hangs up on it before it heard that its removal is committed. */
async function leave(cluster: StackCluster, operator: StackOperator): Promise<void> {
  // One that is damaged and does not know yet would be missed once another one is gone.
  const isAnyDamaged = [...cluster.nodes.values()].some(
    ({ disk, isLost }) => disk.isDamaged && !isLost,
  );
  if (isAnyDamaged) return;
  const { electionTicks } = cluster.plan.settings;
  await within(cluster, CONVERGE_MAX_US, 'liveness: a member does not answer its leader', () =>
    cluster.isLeaderAnswered(),
  );
  // Then it looks for who answers at least once.
  await run(cluster, 2 * electionTicks * cluster.plan.tickMs * 1_000, () => false);
  const leader = cluster.leader();
  const voters = leader?.log?.status().configuration.voters ?? [];
  if (leader === undefined || voters.length < VOTERS_MIN) return;
  let outcome: string | null = null;
  const ask = async (): Promise<void> => {
    const how = await operator.leave(leader);
    // The change before it need not be over yet.
    if (how === 'CHANGE_PENDING') cluster.simulation.after(100_000, () => void ask());
    else outcome = how;
  };
  void ask();
  await within(
    cluster,
    CONVERGE_MAX_US,
    'liveness: a leader that leaves hears nothing',
    () => outcome !== null,
  );
  require(outcome === 'done', 'a leader that leaves is not told that it has', () =>
    `${outcome}\n${cluster.describe()}`);
  cluster.simulation.note(41);
}

/** One more task, lost nodes replaced, all members equal. */
async function settle(
  cluster: StackCluster,
  work: Workload,
  operator: StackOperator,
): Promise<void> {
  const { checker, simulation } = cluster;
  work.probe();
  await within(
    cluster,
    CONVERGE_MAX_US,
    'liveness: no task is taken after healing',
    () => work.isIdle,
  );
  await within(
    cluster,
    CONVERGE_MAX_US,
    'liveness: a lost node is not replaced',
    () => !operator.isReplacing,
  );
  await within(cluster, CONVERGE_MAX_US, 'liveness: replicas do not converge', () =>
    cluster.isConverged(),
  );
  for (const node of cluster.members() ?? []) {
    if (node.state !== null) checker.compare(node.nodeId, node.state);
  }
  work.compare?.();
  await askThrough(cluster);
  simulation.note(40, checker.length, checker.newestAcknowledged);
}

/** A question that any node passes on is answered by the leader; a connection may still break, so it may be asked again. */
async function askThrough(cluster: StackCluster): Promise<void> {
  let answer: string | null = null;
  const ask = async (): Promise<void> => {
    const [asked] = cluster.members()?.filter((node) => node.isUp) ?? [];
    const reply = asked && (await cluster.call(asked, (node) => node.askLeader()));
    if (reply !== undefined && reply !== null && 'value' in reply) answer = reply.value;
    else cluster.simulation.after(100_000, () => void ask());
  };
  void ask();
  await within(
    cluster,
    CONVERGE_MAX_US,
    'liveness: a forwarded request is not answered',
    () => answer !== null,
  );
  require(answer ===
    cluster.leader()?.nodeId, 'a forwarded request is answered by another node', () =>
    String(answer));
}

async function within(
  cluster: StackCluster,
  limitUs: number,
  rule: string,
  isSo: () => boolean,
): Promise<void> {
  await run(cluster, limitUs, isSo);
  require(isSo(), rule, () => `within ${limitUs / 1_000} ms\n${cluster.describe()}`);
}

async function run(cluster: StackCluster, forUs: number, isSo: () => boolean): Promise<void> {
  const { simulation } = cluster;
  await simulation.runAsync(simulation.nowUs + forUs, () => cluster.broken !== null || isSo());
  if (cluster.broken !== null) throw cluster.broken;
}
