/** One seed of the raft suite: a phase with faults in which nothing may go wrong, then one without in which all must go well. */
import { checkLinearizability } from '../checks/linearizability.ts';
import { registerModel } from '../checks/register-model.ts';
import { Simulation } from '../kernel/simulation.ts';
import { outcomeOf, type SeedOptions, type SeedOutcome } from '../run-seeds.ts';
import { require, SimulationFailure } from '../simulation-failure.ts';
import { Clients } from './clients.ts';
import { Cluster } from './cluster.ts';
import { FaultDriver } from './fault-driver.ts';
import { Operator } from './operator.ts';
import { productionRaft, type RaftAdapter } from './raft-adapter.ts';
import { drawRaftPlan } from './raft-plan.ts';

const LOOK_EVERY_US = 50_000;
const QUIET_US = 1_000_000;
const CONVERGE_MAX_US = 60_000_000;

export function runRaftSeed(
  seed: number,
  options: SeedOptions = {},
  adapter: RaftAdapter = productionRaft,
): SeedOutcome {
  const plan = drawRaftPlan(seed, options);
  const simulation = new Simulation(seed, options.traceLines ?? 0);
  let failure: SimulationFailure | undefined;
  let cluster: Cluster | undefined;
  try {
    cluster = new Cluster(simulation, plan, adapter);
    play(cluster);
  } catch (error) {
    failure =
      error instanceof SimulationFailure
        ? error
        : new SimulationFailure(ruleOf(error), String(error), { cause: error });
  }
  return outcomeOf(seed, simulation, { ...plan, failure });
}

function ruleOf(error: unknown): string {
  return error instanceof Error
    ? `an assertion failed: ${error.message.slice(0, 60)}`
    : 'something was thrown';
}

function play(cluster: Cluster): void {
  const { simulation, plan } = cluster;
  const operator = new Operator(cluster);
  const clients = new Clients(cluster);
  new FaultDriver(cluster, operator).start();
  simulation.repeat(LOOK_EVERY_US, () => {
    look(cluster);
    return LOOK_EVERY_US;
  });
  simulation.run(plan.faultyMs * 1_000);
  clients.stop();
  cluster.heal();
  simulation.say(() => 'healed');
  heal(cluster, clients);
  const { verdict, key } = checkLinearizability(registerModel, clients.history());
  require(verdict !== 'not linearizable', 'the history is not linearizable', () => `key ${key}`);
}

/** Checks what each node believes of itself. */
function look({ checker, nodes, simulation }: Cluster): void {
  for (const node of nodes.values()) {
    const view = node.core?.inspect();
    if (view === undefined) continue;
    checker.isSound(node, view);
    simulation.note(30, view.term, view.commitIndex);
  }
}

/** A leader in time, an answered write, equal replicas, and nothing left under way. */
function heal(cluster: Cluster, clients: Clients): void {
  const { simulation, plan } = cluster;
  const electionUs = 2 * plan.settings.electionTicks * plan.tickUs;
  const within = (limitUs: number, rule: string, isSo: () => boolean): void => {
    const startUs = simulation.nowUs;
    simulation.run(startUs + limitUs, isSo);
    require(isSo(), rule, () => `within ${limitUs / 1000} ms\n${stateOf(cluster)}`);
  };
  within(
    10 * electionUs + QUIET_US,
    'liveness: no leader after healing',
    () => cluster.leader()?.role.isTermReady === true,
  );
  let isProbed = false;
  clients.probe(() => (isProbed = true));
  within(CONVERGE_MAX_US, 'liveness: no write is answered after healing', () => isProbed);
  within(CONVERGE_MAX_US, 'liveness: replicas do not converge', () => isConverged(cluster));
  simulation.run(simulation.nowUs + QUIET_US + electionUs);
  within(CONVERGE_MAX_US, 'liveness: replicas do not stay equal', () => isConverged(cluster));
  within(CONVERGE_MAX_US, 'counters of a leader at rest are not zero', () => isIdle(cluster));
  for (const node of cluster.up()) {
    const digest = node.core?.digestState();
    if (digest !== undefined) simulation.note(40, digest[0], digest[1]);
  }
}

/** Nothing proposed, asked or sent is left open at the leader. */
function isIdle(cluster: Cluster): boolean {
  const leader = cluster.leader()?.core?.inspect();
  if (leader === undefined) return false;
  const isQuiet = leader.progress.every(
    ({ nodeId, inFlightMessages, inFlightBytes }) =>
      (inFlightMessages === 0 && inFlightBytes === 0) || cluster.checker.wiped.has(nodeId),
  );
  return leader.uncommittedBytes === 0 && leader.readsWaiting === 0 && isQuiet;
}

function isConverged(cluster: Cluster): boolean {
  const { checker, nodes } = cluster;
  const { configuration } = checker;
  if (configuration === undefined || configuration.votersOutgoing.length > 0) return false;
  return [...configuration.voters, ...configuration.learners].every((id) => {
    const worker = nodes.get(id)?.worker;
    return checker.wiped.has(id) || worker?.appliedIndex === checker.appliedIndex;
  });
}

function stateOf({ nodes, checker }: Cluster): string {
  const lines = [...nodes.values()].map((node) => {
    const view = node.core?.inspect();
    return `${node.id}: ${view === undefined ? 'down' : JSON.stringify(view)}`;
  });
  return [
    `applied ${checker.appliedIndex} ${JSON.stringify(checker.configuration)}`,
    ...lines,
  ].join('\n');
}
