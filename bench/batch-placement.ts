/**
 * What plans for waiting tasks are worth: `npm run bench -- batch-placement [--quick]`.
 *
 * The real scheduler in virtual time, on 32 agents of two slots: each has one of eight datasets, one of four
 * zones and one of three kinds of processor. Of the tasks 60 % had best be near a dataset and a zone, 20 % say
 * what processors cost, 10 % come in groups of four that had best be apart, 10 % have no wishes. They arrive
 * by a Poisson process and run for an exponential time of a second, and half a second more for each label
 * of `near` that their agent has not. `cost` is what wishes made of the agent that a task got. That is the mix
 * `labels`; in `costs` each task says what each processor and each zone costs it, 0 to 9 by chance.
 *
 * Three ways, on the same tasks: without plans; with plans by cheapest first, as after the solver was lost; and
 * with the solver. A window is asked for every 100 ms and answered 50 ms later; the solver has a number of
 * steps, not a time, so that the same seed gives the same figures anywhere.
 */
import { Rng } from '../src/base/rng.ts';
import {
  controlOf,
  type Agent,
  type AgentId,
  type Task,
  type TaskPlacement,
} from '../src/core/index.ts';
import { NO_EXTRA } from '../src/core/extra.ts';
import { solveWindow } from '../src/runtime/planning/solve-window.ts';
import { UNWATCHED } from '../src/quantum/watch.ts';
import { groupOf, wishCost, wishOf } from '../src/scheduling/batch/wish-cost.ts';
import { Scheduler, type BatchWindow } from '../src/scheduling/index.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from '../src/scheduling/testing/fixtures.ts';
import { arrivalOf } from '../src/scheduling/testing/fleet.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import { quantile } from './harness/statistics.ts';

type Mix = 'labels' | 'costs';
type Way = 'no plans' | 'cheapest first' | 'solver';

const WAYS: readonly Way[] = ['no plans', 'cheapest first', 'solver'];
const CASES: readonly (readonly [Mix, number])[] = [
  ['labels', 0.7],
  ['labels', 0.95],
  ['labels', 1.2],
  ['costs', 0.95],
  ['costs', 1.2],
];
const SEEDS = isQuick() ? 3 : 10;
const TASKS = isQuick() ? 2_000 : 5_000;
const AGENTS = 32;
const SLOTS = 2;
const STEPS_MAX = 1_000_000;
const ASK_MS = 100;
const ANSWER_MS = 50;
const MISS_MS = 500;

interface Job {
  readonly task: Task;
  readonly arrivesMs: number;
  readonly workMs: number;
  startsMs: number;
  cost: number;
}

/** Tasks in the order in which they come, the same for every way. */
function jobsOf(mix: Mix, load: number, seed: number): Job[] {
  const rng = Rng.fromSeed(seed);
  const exponential = (mean: number): number => -mean * Math.log(1 - rng.unit());
  const profile = makeProfile({ queue: makeQueue('default', 'power-of-two-choices') });
  let nowMs = 0;
  return Array.from({ length: TASKS }, (_, seq) => {
    nowMs += exponential(1_000 / (load * AGENTS * SLOTS));
    const task = makeTask(seq, profile);
    const placement = mix === 'labels' ? placementOf(seq, rng) : variedCosts(rng);
    if (placement !== null) task.extra = { ...NO_EXTRA, control: controlOf({ placement }) };
    return { task, arrivesMs: nowMs, workMs: exponential(1_000), startsMs: 0, cost: 0 };
  });
}

function placementOf(seq: number, rng: Rng): TaskPlacement | null {
  const kind = rng.below(10);
  // Popular datasets are asked for more often: the smaller of two draws.
  const dataset = `d${Math.min(rng.below(8), rng.below(8))}`;
  if (kind < 6) return { near: { dataset, zone: `z${rng.below(4)}` } };
  if (kind < 8) return { costs: { processor: { a: 1, b: 4, c: 8 } } };
  return kind === 8 ? { apart: `g${seq >> 5}` } : null;
}

/** No two tasks alike: what suits one agent best may suit another nearly as well. */
function variedCosts(rng: Rng): TaskPlacement {
  const draw = (names: string): Record<string, number> =>
    Object.fromEntries(names.split('').map((name) => [name, rng.below(10)]));
  const zone = Object.fromEntries([0, 1, 2, 3].map((name) => [`z${name}`, rng.below(10)]));
  return { costs: { processor: draw('abc'), zone } };
}

class Floor {
  readonly scheduler: Scheduler;
  readonly agents: ReadonlyMap<AgentId, Agent>;
  readonly #jobs: readonly Job[];
  readonly #byId: ReadonlyMap<string, Job>;
  readonly #way: Way;
  /** Attempts that run, by their end; a list is fast enough for 64 slots. */
  readonly #running: { readonly endsMs: number; readonly job: Job }[] = [];
  #window: { readonly window: BatchWindow; readonly dueMs: number } | null = null;
  #asksAtMs = 0;
  windows = 0;
  /** Windows in which the solver's answer was the best. */
  solved = 0;
  solveMs = 0;

  constructor(way: Way, jobs: readonly Job[], seed: number) {
    this.#way = way;
    this.#jobs = jobs;
    this.#byId = new Map(jobs.map((job) => [job.task.id, job]));
    this.scheduler = new Scheduler({ seed, plans: way !== 'no plans' });
    const agents = Array.from({ length: AGENTS }, (_, i) =>
      makeAgent(`a${i}`, {
        slots: SLOTS,
        labels: { dataset: `d${i % 8}`, zone: `z${(i >> 3) % 4}`, processor: 'abc'.charAt(i % 3) },
      }),
    );
    this.agents = new Map(agents.map((agent) => [agent.id, agent]));
    for (const agent of agents) {
      this.scheduler.agentChanged(agent);
      this.scheduler.setCredit(agent.id, Infinity);
    }
  }

  run(): void {
    let next = 0;
    while (next < this.#jobs.length || this.#running.length > 0) {
      const arrival = this.#jobs[next]?.arrivesMs ?? Infinity;
      const ending = this.#running[0]?.endsMs ?? Infinity;
      const nowMs = Math.min(arrival, ending);
      this.#plan(nowMs);
      if (arrival <= ending) this.#place(nowMs, [(this.#jobs[next++] as Job).task], []);
      else this.#place(nowMs, [], [(this.#running.shift() as { job: Job }).job.task]);
    }
  }

  #plan(nowMs: number): void {
    const { plans } = this.scheduler;
    if (plans === null) return;
    if (this.#window !== null && nowMs >= this.#window.dueMs) {
      const { number, problem } = this.#window.window;
      const startMs = performance.now();
      const limits = { stepsMax: STEPS_MAX, seed: number };
      const found = this.#way === 'solver' ? solveWindow(problem, limits, UNWATCHED) : null;
      this.solveMs += performance.now() - startMs;
      this.windows += 1;
      const judgement = plans.take(number, found, this.#window.dueMs);
      if (judgement?.source === 'solver') this.solved += 1;
      this.#asksAtMs = this.#window.dueMs + ASK_MS;
      this.#window = null;
    }
    if (this.#window !== null || nowMs < this.#asksAtMs) return;
    const window = plans.nextWindow(nowMs);
    if (window !== null) this.#window = { window, dueMs: nowMs + ANSWER_MS };
  }

  #place(nowMs: number, arrivals: readonly Task[], ended: readonly Task[]): void {
    const freed = ended.map(({ agentId }) => agentId as AgentId);
    const request = { freed, ended, arrivals: arrivals.map(arrivalOf), nowMs };
    const { agentIds, taskIds } = this.scheduler.place({ ...request, assignmentsMax: 100 });
    for (const task of ended) this.#end(task);
    for (const [position, id] of taskIds.entries()) {
      this.#start(this.#byId.get(id) as Job, agentIds[position] as AgentId, nowMs);
    }
    for (const task of arrivals) this.scheduler.taskWaiting(task);
    this.scheduler.batchApplied();
  }

  #end(task: Task): void {
    const agent = this.agents.get(task.agentId as AgentId) as Agent;
    agent.leases.delete(task);
    task.state = 'completed';
    task.agentId = null;
    this.scheduler.leaseEnded(agent, task);
  }

  #start(job: Job, agentId: AgentId, nowMs: number): void {
    const agent = this.agents.get(agentId) as Agent;
    const { task } = job;
    const wish = wishOf(task);
    const group = wish === null ? null : groupOf(wish, 'default');
    const others = [...agent.leases].map((other) => wishOf(other));
    const neighbours = others.filter((its) => its !== null && groupOf(its, 'default') === group);
    job.cost =
      wish === null ? 0 : wishCost(wish, agent.spec, group === null ? 0 : neighbours.length);
    job.startsMs = nowMs;
    const { labels } = agent.spec;
    const misses = Object.entries(wish?.near ?? {}).filter(
      ([name, value]) => labels[name] !== value,
    );
    agent.leases.add(task);
    task.state = 'running';
    task.agentId = agentId;
    this.scheduler.taskLeft(task);
    this.scheduler.leaseGranted(agent, task);
    const endsMs = nowMs + job.workMs + MISS_MS * misses.length;
    const at = this.#running.findIndex((other) => other.endsMs > endsMs);
    this.#running.splice(at < 0 ? this.#running.length : at, 0, { endsMs, job });
  }
}

function add(measures: Measures, name: string, jobs: readonly Job[], floor: Floor): void {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const wishing = jobs.filter(({ task }) => wishOf(task) !== null);
  const plain = jobs.filter(({ task }) => wishOf(task) === null);
  const waitOf = ({ arrivesMs, startsMs }: Job): number => startsMs - arrivesMs;
  const waits = Float64Array.from(jobs, waitOf).sort();
  measures.add(`${name}: cost a task with wishes`, '', mean(wishing.map(({ cost }) => cost)));
  measures.add(`${name}: wait, mean`, 'ms', mean(jobs.map(waitOf)));
  measures.add(`${name}: wait, p99`, 'ms', quantile(waits, 0.99));
  if (plain.length > 0) {
    measures.add(`${name}: wait of tasks without wishes, mean`, 'ms', mean(plain.map(waitOf)));
  }
  if (floor.solved > 0) {
    const share = (100 * floor.solved) / floor.windows;
    measures.add(`${name}: windows where the solver beat cheapest first`, '%', share);
    measures.add(`${name}: time a window`, 'ms', floor.solveMs / floor.windows);
  }
}

const measures = new Measures();
for (const [mix, load] of CASES) {
  for (const way of WAYS) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const jobs = jobsOf(mix, load, seed);
      const floor = new Floor(way, jobs, seed);
      floor.run();
      add(measures, `${mix}, load ${load}, ${way}`, jobs, floor);
    }
  }
}
report('batch-placement', measures.all, {
  agents: AGENTS,
  slots: SLOTS,
  tasks: TASKS,
  seeds: SEEDS,
});
