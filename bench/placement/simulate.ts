/** One run: tasks arrive, dispatchers send them, agents work through their queues in order. */
import { Rng } from '../../src/base/rng.ts';
import { emptyBins } from '../../src/scheduling/born/dispatch-record.ts';
import { Crew } from './crew.ts';
import { Dispatcher } from './dispatcher.ts';
import { Hedges, type HedgeCounts } from './hedges.ts';
import type { Policy, Setting, Truth } from './policy.ts';
import { recordsOf } from './records.ts';
import type { Scenario } from './scenarios.ts';
import type { HedgeMode } from './second-agent.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { Change, World } from './world.ts';

/** Attempts after which a task is lost. */
const ATTEMPTS_MAX = 8;
/** What a lost task counts as. */
export const LOST_MS = 60_000;
/** An attempt on an agent that is down, or that fails fast. */
const DOWN_MS = 10;
const FAIL_MS = 20;
const FAIL_SHARE = 0.9;
const NOBODY = -1;

export interface Run {
  /** From arrival to result by task, or LOST_MS. */
  readonly responsesMs: Float64Array;
  /** The agent that did the task, or -1 for one that is lost. */
  readonly doneBy: Int32Array;
  readonly lost: number;
  /** Tasks that an attempt of their own failed of, those that are lost among them. */
  readonly struck: number;
  readonly attempts: number;
  /** How long each agent had something to do. */
  readonly workedMs: Float64Array;
  /** What dispatchers were told of tasks that were not theirs. */
  readonly told: number;
  /** Dispatchers that were told that an agent has nothing to do. */
  readonly idleTold: number;
  /** Where tasks went in the distributions that they were drawn from; all 0 without such. */
  readonly dispatches: Float64Array;
  readonly hedges: HedgeCounts | null;
}

/** What a dispatcher hears of, when its time has come. */
interface News {
  readonly atMs: number;
  readonly agent: number;
  readonly dispatcher: number;
  /** Null: a task was sent there. */
  readonly end: End | null;
  /** Who is told that the agent has nothing to do, or -1. */
  readonly idleTo: number;
}

interface End {
  readonly task: number;
  readonly sentMs: number;
  readonly ok: boolean;
  readonly isHedge: boolean;
}

export interface RunOptions {
  readonly scenario: Scenario;
  readonly world: World;
  readonly policy: Policy;
  readonly setting: Setting;
  readonly seed: number;
  /** How hedges are placed, with one dispatcher that hears at once; without it there are none. */
  readonly hedging?: HedgeMode;
  /** Told how long choices take. */
  readonly stopwatch?: Stopwatch;
}

export function simulate(options: RunOptions): Run {
  return new Simulation(options).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #fleet: Crew;
  readonly #dispatchers: Dispatcher[];
  readonly #hedges: Hedges | null;
  readonly #stopwatch: Stopwatch | null;
  readonly #news: News[] = [];
  readonly #rng: Rng;
  readonly #attempts: Uint8Array;
  readonly #failedOn: Int32Array;
  readonly #doneBy: Int32Array;
  readonly #responsesMs: Float64Array;
  #newsHeard = 0;
  #nowMs = 0;
  #open: number;
  #lost = 0;
  #sent = 0;
  #told = 0;
  #idleTold = 0;

  constructor({ hedging, policy, scenario, seed, setting, stopwatch, world }: RunOptions) {
    this.#scenario = scenario;
    this.#world = world;
    this.#rng = Rng.fromSeed(seed);
    this.#fleet = new Crew(world.speeds, scenario.hands ?? 1);
    this.#hedges = hedging === undefined ? null : new Hedges(scenario.tasks);
    this.#stopwatch = stopwatch ?? null;
    const records = recordsOf(world.speeds, scenario.slots, policy, setting);
    const ownOrder = scenario.ownOrder ?? false;
    const truth = this.#truth();
    const known = { policy, setting, records, truth, hedging: hedging ?? null, ownOrder };
    this.#dispatchers = Array.from({ length: scenario.dispatchers }, (_, index) => {
      return new Dispatcher({ ...known, seed: seed * 64 + index });
    });
    this.#open = scenario.tasks;
    this.#attempts = new Uint8Array(scenario.tasks);
    this.#failedOn = new Int32Array(scenario.tasks).fill(NOBODY);
    this.#doneBy = new Int32Array(scenario.tasks).fill(NOBODY);
    this.#responsesMs = new Float64Array(scenario.tasks);
  }

  run(): Run {
    const { arrivalsMs, changes } = this.#world;
    const fleet = this.#fleet;
    let [arrived, changed] = [0, 0];
    while (this.#open > 0) {
      const newsMs = this.#news[this.#newsHeard]?.atMs ?? Infinity;
      const changeMs = changes[changed]?.atMs ?? Infinity;
      const arrivalMs = arrivalsMs[arrived] ?? Infinity;
      const endMs = fleet.nextEndMs;
      const hedgeMs = this.#hedges?.dueMs(fleet.taskCount) ?? Infinity;
      // A hedge that could not be paid when it was due is due at once when it can be.
      const nextMs = Math.min(newsMs, changeMs, arrivalMs, endMs, hedgeMs);
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      if (newsMs === nextMs) this.#hear();
      else if (endMs === nextMs) this.#end();
      else if (changeMs === nextMs) this.#change(changes[changed++] as Change);
      else if (arrivalMs === nextMs) this.#send(arrived++);
      else this.#hedge();
    }
    return this.#result();
  }

  #result(): Run {
    const dispatches = emptyBins();
    for (const dispatcher of this.#dispatchers) dispatcher.addDispatches(dispatches);
    return {
      responsesMs: this.#responsesMs,
      doneBy: this.#doneBy,
      lost: this.#lost,
      struck: this.#failedOn.reduce((sum, agent) => sum + (agent === NOBODY ? 0 : 1), 0),
      attempts: this.#sent,
      workedMs: this.#fleet.workedMs(),
      told: this.#told,
      idleTold: this.#idleTold,
      dispatches,
      hedges: this.#hedges?.counts ?? null,
    };
  }

  #truth(): Truth {
    const fleet = this.#fleet;
    return {
      load: (agent) => fleet.load(agent),
      speed: (agent) => fleet.speed(agent),
      isWell: (agent) => !fleet.isDown(agent) && !fleet.isFailing(agent),
      backlogMs: (agent) => fleet.backlogMs(agent, this.#nowMs),
    };
  }

  #dispatcherOf(task: number): number {
    return this.#world.dispatchers[task] as number;
  }

  /** Sends a task through its dispatcher, or lets it wait there. */
  #send(task: number): void {
    const at = this.#dispatcherOf(task);
    const dispatcher = this.#dispatchers[at] as Dispatcher;
    const fromMs = this.#stopwatch?.start() ?? 0;
    const agent = dispatcher.send(this.#nowMs, this.#failedOn[task] as number);
    if (fromMs > 0) this.#stopwatch?.chosen(fromMs);
    if (agent < 0) {
      dispatcher.wait(task);
      return;
    }
    this.#attempts[task] = (this.#attempts[task] as number) + 1;
    if (this.#dispatchers.length > 1) this.#tell(agent, at, null);
    this.#hedges?.started(task, agent, this.#nowMs);
    this.#start(task, agent, false);
  }

  /** An attempt reaches its agent. */
  #start(task: number, agent: number, isHedge: boolean): void {
    this.#sent += 1;
    const fleet = this.#fleet;
    const sentMs = this.#nowMs;
    if (fleet.isDown(agent)) {
      this.#scheduleRefusal(agent, { task, sentMs, ok: false, isHedge });
      return;
    }
    const fails = fleet.isFailing(agent) && this.#rng.unit() < FAIL_SHARE;
    const failMs = this.#scenario.hangMs ?? FAIL_MS;
    const leftMs = fails ? failMs * fleet.speed(agent) : (this.#world.works[task] as number);
    fleet.add(agent, { task, sentMs, leftMs, fails, isHedge }, sentMs);
  }

  /** An agent that is down refuses; its dispatcher hears of that after a moment at least. */
  #scheduleRefusal(agent: number, end: End): void {
    const atMs = this.#nowMs + Math.max(DOWN_MS, this.#scenario.delayMs);
    const dispatcher = this.#dispatcherOf(end.task);
    this.#insert({ atMs, agent, dispatcher, end, idleTo: NOBODY });
  }

  #tell(agent: number, dispatcher: number, end: End | null, idleTo = NOBODY): void {
    const atMs = this.#nowMs + this.#scenario.delayMs;
    this.#insert({ atMs, agent, dispatcher, end, idleTo });
  }

  /** Most news comes in order, for all of it is late by the same time. */
  #insert(news: News): void {
    let place = this.#news.length;
    while (place > this.#newsHeard && (this.#news[place - 1] as News).atMs > news.atMs) place -= 1;
    if (place === this.#news.length) this.#news.push(news);
    else this.#news.splice(place, 0, news);
  }

  #end(): void {
    const { agent, job } = this.#fleet.end(this.#nowMs);
    const { fails, isHedge, sentMs, task } = job;
    const isIdle = this.#fleet.load(agent) === 0;
    const idleTo = isIdle ? this.#rng.below(this.#dispatchers.length) : NOBODY;
    if (!fails) this.#finish(task, agent, isHedge);
    this.#tell(agent, this.#dispatcherOf(task), { task, sentMs, ok: !fails, isHedge }, idleTo);
  }

  /** The response is there when the agent is done, whenever the dispatcher hears of it. */
  #finish(task: number, agent: number, byHedge: boolean): void {
    this.#responsesMs[task] = this.#nowMs - (this.#world.arrivalsMs[task] as number);
    this.#doneBy[task] = agent;
    this.#open -= 1;
    if (this.#hedges !== null) this.#callOff(this.#hedges, task, byHedge);
  }

  /** The other attempt at a task that is done is not wanted any more. */
  #callOff(hedges: Hedges, task: number, byHedge: boolean): void {
    const other = byHedge ? hedges.ownAgent(task) : hedges.copyAgent(task);
    hedges.done(task, byHedge, this.#nowMs);
    if (other < 0) return;
    const workedMs = this.#fleet.remove(other, task, !byHedge, this.#nowMs);
    // One that was refused is no more at its agent: its end is yet to be heard.
    if (workedMs === null) return;
    hedges.counts.wastedMs += workedMs;
    this.#dispatchers[this.#dispatcherOf(task)]?.heard(other, -1);
  }

  #hedge(): void {
    const hedges = this.#hedges as Hedges;
    const task = hedges.takeDue();
    const dispatcher = this.#dispatchers[this.#dispatcherOf(task)] as Dispatcher;
    const agent = dispatcher.sendCopy(this.#nowMs, hedges.ownAgent(task));
    if (agent < 0) return;
    hedges.hedged(task, agent);
    this.#start(task, agent, true);
  }

  #hear(): void {
    const news = this.#news[this.#newsHeard] as News;
    this.#newsHeard += 1;
    if (this.#newsHeard === 4_096) {
      this.#news.splice(0, this.#newsHeard);
      this.#newsHeard = 0;
    }
    const { agent, dispatcher: own, end, idleTo } = news;
    for (let index = 0; index < this.#dispatchers.length; index++) {
      const dispatcher = this.#dispatchers[index] as Dispatcher;
      if (index !== own) dispatcher.heard(agent, end === null ? 1 : -1);
      else if (end !== null) this.#hearEnd(dispatcher, agent, end);
      if (index === idleTo) dispatcher.becameIdle(agent);
    }
    this.#told += this.#dispatchers.length - 1;
    if (idleTo >= 0) this.#idleTold += 1;
    if (end === null) return;
    if (!end.ok) this.#failed(end, agent);
    this.#sendWaiting();
  }

  #hearEnd(dispatcher: Dispatcher, agent: number, { ok, sentMs }: End): void {
    const fromMs = this.#stopwatch?.start() ?? 0;
    dispatcher.ended(agent, this.#nowMs - sentMs, ok, this.#nowMs);
    if (fromMs > 0) this.#stopwatch?.heard(fromMs);
  }

  #failed({ isHedge, task }: End, agent: number): void {
    const hedges = this.#hedges;
    if (isHedge) hedges?.copyEnded(task);
    else {
      this.#failedOn[task] = agent;
      hedges?.ownEnded(task);
    }
    const isOver = (this.#attempts[task] as number) >= ATTEMPTS_MAX;
    if (hedges !== null) {
      // Done meanwhile by the other attempt, or that one is still under way.
      if (this.#doneBy[task] !== NOBODY) return;
      if (isHedge ? hedges.ownAgent(task) >= 0 || !isOver : isOver && hedges.copyAgent(task) >= 0)
        return;
    }
    if (isOver) this.#lose(task);
    else this.#send(task);
  }

  #lose(task: number): void {
    this.#lost += 1;
    this.#open -= 1;
    this.#responsesMs[task] = LOST_MS;
  }

  #sendWaiting(): void {
    for (const dispatcher of this.#dispatchers) {
      while (dispatcher.hasRoom) {
        const task = dispatcher.nextWaiting();
        if (task === undefined) break;
        this.#send(task);
      }
    }
  }

  /** An agent that is back has nothing to do, and tells one dispatcher. */
  #greet(agent: number): void {
    this.#idleTold += 1;
    this.#dispatchers[agent % this.#dispatchers.length]?.becameIdle(agent);
  }

  #change(change: Change): void {
    const { agent } = change;
    const fleet = this.#fleet;
    switch (change.what) {
      case 'speed':
        fleet.setSpeed(agent, change.speed, this.#nowMs);
        break;
      case 'down':
        for (const { isHedge, sentMs, task } of fleet.takeDown(agent)) {
          this.#tell(agent, this.#dispatcherOf(task), { task, sentMs, ok: false, isHedge });
        }
        break;
      case 'up':
        fleet.bringUp(agent);
        break;
      case 'failing':
      case 'well':
        fleet.setFailing(agent, change.what === 'failing');
        break;
      case 'known down':
      case 'known up':
        for (const dispatcher of this.#dispatchers) {
          dispatcher.setConnected(agent, change.what === 'known up', this.#nowMs);
        }
        if (change.what === 'known up') this.#greet(agent);
        this.#sendWaiting();
    }
  }
}
