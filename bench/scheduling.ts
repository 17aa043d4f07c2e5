/**
 * What a scheduling decision costs, by strategy and number of agents.
 *
 *   node bench/scheduling.ts [--quick] [--decide] [--agents 1000,10000] [--strategies least-loaded,round-robin]
 *
 * Two loads, both in batches of 64 and in a steady state in which each batch frees as many slots as
 * it fills. `half`: half of all slots are taken and tasks are placed as they arrive. `full`: every slot
 * is taken and freed slots go to waiting tasks. `place` is the call that decides; `events` is what
 * is fed after core applied the batch (in `full` with the arrivals that have to wait). Both are medians
 * over the batches; the other two columns are single runs and only tell the order of magnitude.
 *
 * A second table tells what the strategy alone takes of it: `pick` and `picked`, with nothing in flight. With
 * `--decide` it is the only one.
 */
import { parseArgs } from 'node:util';
import { Rng } from '../src/base/rng.ts';
import {
  STRATEGY_NAMES,
  type Agent,
  type AgentId,
  type Profile,
  type StrategyName,
  type Task,
  type TaskId,
} from '../src/core/index.ts';
import { AgentTable } from '../src/scheduling/agent-table.ts';
import { Latency } from '../src/scheduling/latency.ts';
import { Pool } from '../src/scheduling/pool.ts';
import { Scheduler, type Arrival } from '../src/scheduling/index.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from '../src/scheduling/testing/fixtures.ts';

const BATCH = 64;
const SLOTS = 4;

/** The middle of some times: what other programs on the machine interrupt does not count. */
function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

type Load = 'half' | 'full';

interface Figures {
  readonly registerNs: number;
  readonly poolNs: number;
  readonly placeNs: number;
  readonly eventsNs: number;
}

function profileOf(strategy: StrategyName): Profile {
  return makeProfile({ queue: makeQueue('default', strategy) });
}

/** As in life: ids as long as real ones, since they are keys. */
function taskOf(seq: number, profile: Profile): Task {
  const id = `0190f5fe-7c00-7a00-8000-${seq.toString(16).padStart(12, '0')}` as TaskId;
  return { ...makeTask(seq, profile), id };
}

function agentOf(index: number): Agent {
  return makeAgent(`agent-${index}`, {
    capabilities: ['work', `kind-${index % 16}`],
    slots: SLOTS,
    labels: { zone: `zone-${index % 3}` },
    weight: 1 + (index % 4),
  });
}

/** Core's part: grants all that is proposed, ends the oldest leases. */
class Fleet {
  readonly scheduler = new Scheduler({ seed: 1 });
  readonly #agents = new Map<AgentId, Agent>();
  readonly #profile: Profile;
  readonly #arrivalProfile: Arrival['profile'];
  readonly #waiting = new Map<TaskId, Task>();
  #running: { agent: Agent; task: Task }[] = [];
  #seq = 0;
  #nowMs = 0;
  placeMs: number[] = [];
  eventsMs: number[] = [];

  constructor(strategy: StrategyName, agentCount: number) {
    this.#profile = profileOf(strategy);
    const { signature } = this.#profile;
    const queueName = this.#profile.queue.name;
    const priority = this.#profile.spec.priority;
    this.#arrivalProfile = {
      signature,
      requires: this.#profile.spec.requires,
      queueName,
      strategy,
      paused: false,
      priority,
      queueGate: null,
      gates: null,
    };
    for (let index = 0; index < agentCount; index++) {
      const agent = agentOf(index);
      this.#agents.set(agent.id, agent);
    }
  }

  /** Milliseconds to register everybody. */
  register(): number {
    const from = performance.now();
    for (const agent of this.#agents.values()) {
      this.scheduler.agentChanged(agent);
      this.scheduler.setCredit(agent.id, Infinity);
    }
    return performance.now() - from;
  }

  /** One batch that ends `endCount` running tasks and brings `arriveCount` new ones. */
  batch(endCount: number, arriveCount: number): void {
    this.#nowMs += 1;
    const ended = this.#takeRunning(endCount);
    const tasks = Array.from({ length: arriveCount }, () => taskOf(++this.#seq, this.#profile));
    const arrivals = tasks.map(({ id }) => ({
      id,
      profile: this.#arrivalProfile,
      affinityKey: null,
      control: null,
      gates: null,
    }));
    const freed = ended.map(({ agent }) => agent.id);
    const tasksEnded = ended.map(({ task }) => task);
    const request = {
      freed,
      ended: tasksEnded,
      arrivals,
      nowMs: this.#nowMs,
      assignmentsMax: 1_000_000,
    };
    const placeFrom = performance.now();
    const { taskIds, agentIds } = this.scheduler.place(request);
    this.placeMs.push(performance.now() - placeFrom);
    for (const { agent, task } of ended) {
      agent.leases.delete(task);
      task.state = 'completed';
    }
    const arrived = new Map(tasks.map((task) => [task.id, task]));
    const granted = agentIds.map((agentId, position) => {
      const id = taskIds[position] as TaskId;
      const task = (this.#waiting.get(id) ?? arrived.get(id)) as Task;
      this.#waiting.delete(id);
      arrived.delete(id);
      const agent = this.#agents.get(agentId) as Agent;
      agent.leases.add(task);
      task.state = 'running';
      this.#running.push({ agent, task });
      return { agent, task };
    });
    const eventsFrom = performance.now();
    for (const { agent, task } of ended) {
      this.scheduler.leaseEnded(agent, task);
      this.scheduler.observe(agent.id, 20, true, this.#nowMs);
    }
    for (const { agent, task } of granted) this.scheduler.leaseGranted(agent, task);
    for (const task of arrived.values()) this.scheduler.taskWaiting(task);
    this.eventsMs.push(performance.now() - eventsFrom);
    for (const task of arrived.values()) this.#waiting.set(task.id, task);
  }

  /** Takes some running tasks at steps through the list, so that no order of agents remains. */
  #takeRunning(count: number): { agent: Agent; task: Task }[] {
    const taken: { agent: Agent; task: Task }[] = [];
    for (let number = 0; number < count && this.#running.length > 0; number++) {
      const position = (this.#seq * 7_919 + number * 104_729) % this.#running.length;
      const last = this.#running.pop() as { agent: Agent; task: Task };
      const one = this.#running[position] ?? last;
      if (one !== last) this.#running[position] = last;
      taken.push(one);
    }
    return taken;
  }
}

function measure(
  strategy: StrategyName,
  agentCount: number,
  load: Load,
  decisions: number,
): Figures {
  const fleet = new Fleet(strategy, agentCount);
  const registerMs = fleet.register();
  const target = load === 'half' ? (agentCount * SLOTS) / 2 : agentCount * SLOTS + 10_000;
  const poolFrom = performance.now();
  fleet.batch(0, 1);
  const poolMs = performance.now() - poolFrom;
  for (let started = 1; started < target; started += 1_000) fleet.batch(0, 1_000);
  for (let done = 0; done < decisions / 4; done += BATCH) fleet.batch(BATCH, BATCH);
  fleet.placeMs = [];
  fleet.eventsMs = [];
  for (let done = 0; done < decisions; done += BATCH) fleet.batch(BATCH, BATCH);
  return {
    registerNs: (registerMs * 1e6) / agentCount,
    poolNs: (poolMs * 1e6) / agentCount,
    placeNs: (median(fleet.placeMs) * 1e6) / BATCH,
    eventsNs: (median(fleet.eventsMs) * 1e6) / BATCH,
  };
}

function tableOf(agentCount: number): AgentTable {
  const table = new AgentTable();
  for (let index = 0; index < agentCount; index++) {
    const agent = table.add(agentOf(index));
    table.setCredit(agent, 1_000_000);
    table.setAvailable(agent, true);
  }
  return table;
}

/** Nanoseconds of one choice among all agents, the median of stretches of 1,000. */
function decideNs(name: StrategyName, table: AgentTable, decisions: number): number {
  const shared = { latency: new Latency(), interference: null };
  const pool = new Pool('work', { capabilities: ['work'], labels: {} }, table, shared);
  for (const agent of table.indices()) {
    shared.latency.reset(agent);
    pool.add(agent);
  }
  pool.strategies.get(name);
  pool.strategies.finish();
  const strategy = pool.strategies.get(name);
  // What learns has something to go by.
  for (let member = 0; member < pool.numbersUsed; member++)
    strategy.observed?.(member, { runMs: 50 + (member % 100), ok: true, nowMs: 0 });
  const choice = { key: '', rng: Rng.fromSeed(2), nowMs: 0, isDecision: true as const };
  const times: number[] = [];
  for (let done = 0; done < decisions; done += 1_000) {
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${done + index}`);
    const from = performance.now();
    for (const [at, key] of keys.entries()) {
      // As the scheduler tells it of a batch.
      if (at % BATCH === 0) strategy.foresee?.(keys.slice(at, at + BATCH));
      choice.key = key;
      strategy.picked(strategy.pick(choice));
    }
    times.push(performance.now() - from);
  }
  return (median(times) * 1e6) / 1_000;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    decide: { type: 'boolean', default: false },
    agents: { type: 'string', default: '1000,10000,100000' },
    strategies: { type: 'string', default: STRATEGY_NAMES.join() },
  },
});
const decisions = values.quick ? 50_000 : 200_000;
const sizes = values.agents.split(',').map(Number);

const chosen = STRATEGY_NAMES.filter((name) => values.strategies.split(',').includes(name));

function printPlaces(): void {
  console.log(
    '| strategy | load | agents | place ns/task | events ns/task | register ns/agent | first task ns/agent |',
  );
  console.log('|---|---|---:|---:|---:|---:|---:|');
  const cases = chosen.flatMap((strategy) =>
    (['half', 'full'] as const).flatMap((load) => sizes.map((size) => ({ strategy, load, size }))),
  );
  for (const { strategy, load, size } of cases) {
    const figures = measure(strategy, size, load, decisions);
    const cells = [figures.placeNs, figures.eventsNs, figures.registerNs, figures.poolNs];
    const row = cells.map((cell) => Math.round(cell)).join(' | ');
    console.log(`| ${strategy} | ${load} | ${size} | ${row} |`);
  }
}

function printDecisions(): void {
  console.log('\n| strategy | agents | decide ns/task |');
  console.log('|---|---:|---:|');
  for (const size of sizes) {
    // One fleet for all strategies: garbage of this size would be collected during the others' turns.
    const table = tableOf(size);
    for (const strategy of chosen) {
      console.log(
        `| ${strategy} | ${size} | ${Math.round(decideNs(strategy, table, decisions))} |`,
      );
    }
  }
}

if (!values.decide) printPlaces();
printDecisions();
