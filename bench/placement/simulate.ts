/** One run: tasks arrive, dispatchers send them, agents work through their queues in order. */
import { MemberHeap } from '../../src/scheduling/member-heap.ts';
import { Rng } from '../../src/base/rng.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Policy, Setting, Truth } from './policy.ts';
import type { Scenario } from './scenarios.ts';
import type { Change, World } from './world.ts';

/** Attempts after which a task is lost. */
const ATTEMPTS_MAX = 8;
/** What a lost task counts as. */
export const LOST_MS = 60_000;
/** An attempt on an agent that is down, or that fails fast. */
const DOWN_MS = 10;
const FAIL_MS = 20;
const FAIL_SHARE = 0.9;

export interface Run {
  /** From arrival to result by task, or LOST_MS. */
  readonly responsesMs: Float64Array;
  readonly lost: number;
  readonly attempts: number;
  /** How long each agent had something to do. */
  readonly workedMs: Float64Array;
}

/** A task under way at an agent. */
interface Job {
  readonly task: number;
  readonly sentMs: number;
  leftMs: number;
  readonly fails: boolean;
}

interface AgentState {
  speed: number;
  isDown: boolean;
  isFailing: boolean;
  /** The first is being worked on, since `sinceMs`. */
  readonly jobs: Job[];
  sinceMs: number;
  endMs: number;
}

/** What a dispatcher hears of, when its time has come. */
interface News {
  readonly atMs: number;
  readonly agent: number;
  readonly dispatcher: number;
  /** Null: a task was sent there. */
  readonly end: { readonly task: number; readonly sentMs: number; readonly ok: boolean } | null;
  /** Who is told that the agent has nothing to do, or -1. */
  readonly idleTo: number;
}

export interface RunOptions {
  readonly scenario: Scenario;
  readonly world: World;
  readonly policy: Policy;
  readonly setting: Setting;
  readonly seed: number;
}

export function simulate(options: RunOptions): Run {
  return new Simulation(options).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #agents: AgentState[];
  readonly #dispatchers: Dispatcher[];
  readonly #ends: MemberHeap;
  readonly #news: News[] = [];
  readonly #rng: Rng;
  readonly #attempts: Uint8Array;
  readonly #failedOn: Int32Array;
  readonly #responsesMs: Float64Array;
  readonly #workedMs: Float64Array;
  #newsHeard = 0;
  #nowMs = 0;
  #open: number;
  #lost = 0;
  #sent = 0;

  constructor({ policy, scenario, seed, setting, world }: RunOptions) {
    this.#scenario = scenario;
    this.#world = world;
    this.#rng = Rng.fromSeed(seed);
    this.#agents = Array.from(world.speeds, (speed) => {
      return { speed, isDown: false, isFailing: false, jobs: [], sinceMs: 0, endMs: Infinity };
    });
    this.#ends = new MemberHeap((a, b) => this.#agent(a).endMs < this.#agent(b).endMs);
    const { speeds } = world;
    const { slots } = scenario;
    const truth = this.#truth();
    this.#dispatchers = Array.from({ length: scenario.dispatchers }, (_, index) => {
      return new Dispatcher({ policy, setting, truth, speeds, slots, seed: seed * 64 + index });
    });
    this.#workedMs = new Float64Array(scenario.agents);
    this.#open = scenario.tasks;
    this.#attempts = new Uint8Array(scenario.tasks);
    this.#failedOn = new Int32Array(scenario.tasks).fill(-1);
    this.#responsesMs = new Float64Array(scenario.tasks);
  }

  run(): Run {
    const { arrivalsMs, changes } = this.#world;
    let [arrived, changed] = [0, 0];
    while (this.#open > 0) {
      const newsMs = this.#news[this.#newsHeard]?.atMs ?? Infinity;
      const changeMs = changes[changed]?.atMs ?? Infinity;
      const arrivalMs = arrivalsMs[arrived] ?? Infinity;
      const endMs = this.#ends.size > 0 ? this.#agent(this.#ends.top).endMs : Infinity;
      this.#nowMs = Math.min(newsMs, changeMs, arrivalMs, endMs);
      if (newsMs === this.#nowMs) this.#hear();
      else if (endMs === this.#nowMs) this.#end(this.#ends.top);
      else if (changeMs === this.#nowMs) this.#change(changes[changed++] as Change);
      else this.#send(arrived++);
    }
    return {
      responsesMs: this.#responsesMs,
      lost: this.#lost,
      attempts: this.#sent,
      workedMs: this.#workedMs,
    };
  }

  #agent(index: number): AgentState {
    return this.#agents[index] as AgentState;
  }

  #truth(): Truth {
    return {
      load: (agent) => this.#agent(agent).jobs.length,
      speed: (agent) => this.#agent(agent).speed,
      isWell: (agent) => !this.#agent(agent).isDown && !this.#agent(agent).isFailing,
      backlogMs: (agent) => {
        const { jobs, sinceMs, speed } = this.#agent(agent);
        if (jobs.length === 0) return 0;
        const left = jobs.reduce((sum, job) => sum + job.leftMs, 0);
        return Math.max(0, left / speed - (this.#nowMs - sinceMs));
      },
    };
  }

  #dispatcherOf(task: number): number {
    return this.#world.dispatchers[task] as number;
  }

  /** Sends a task through its dispatcher, or lets it wait there. */
  #send(task: number): void {
    const at = this.#dispatcherOf(task);
    const dispatcher = this.#dispatchers[at] as Dispatcher;
    const agent = dispatcher.send(this.#nowMs, this.#failedOn[task] as number);
    if (agent < 0) {
      dispatcher.wait(task);
      return;
    }
    this.#sent += 1;
    this.#attempts[task] = (this.#attempts[task] as number) + 1;
    if (this.#dispatchers.length > 1) this.#tell(agent, at, null);
    const state = this.#agent(agent);
    const fails = state.isDown || (state.isFailing && this.#rng.unit() < FAIL_SHARE);
    const leftMs = fails ? FAIL_MS * state.speed : (this.#world.works[task] as number);
    if (state.isDown) this.#scheduleRefusal(agent, task);
    else this.#enqueue(agent, { task, sentMs: this.#nowMs, leftMs, fails });
  }

  #enqueue(agent: number, job: Job): void {
    const state = this.#agent(agent);
    state.jobs.push(job);
    if (state.jobs.length > 1) return;
    state.sinceMs = this.#nowMs;
    this.#schedule(agent);
  }

  #schedule(agent: number): void {
    const state = this.#agent(agent);
    const [job] = state.jobs;
    if (job === undefined) {
      state.endMs = Infinity;
      this.#ends.remove(agent);
    } else {
      state.endMs = state.sinceMs + job.leftMs / state.speed;
      this.#ends.put(agent);
    }
  }

  /** An agent that is down refuses; its dispatcher hears of that after a moment at least. */
  #scheduleRefusal(agent: number, task: number): void {
    const end = { task, sentMs: this.#nowMs, ok: false };
    const atMs = this.#nowMs + Math.max(DOWN_MS, this.#scenario.delayMs);
    this.#insert({ atMs, agent, dispatcher: this.#dispatcherOf(task), end, idleTo: -1 });
  }

  #tell(agent: number, dispatcher: number, end: News['end'], idleTo = -1): void {
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

  #end(agent: number): void {
    const state = this.#agent(agent);
    const job = state.jobs.shift() as Job;
    this.#worked(agent, state);
    state.sinceMs = this.#nowMs;
    this.#schedule(agent);
    const idleTo = state.jobs.length === 0 ? this.#rng.below(this.#dispatchers.length) : -1;
    if (!job.fails) this.#finish(job.task);
    this.#tell(agent, this.#dispatcherOf(job.task), { ...job, ok: !job.fails }, idleTo);
  }

  /** The response is there when the agent is done, whenever the dispatcher hears of it. */
  #finish(task: number): void {
    this.#responsesMs[task] = this.#nowMs - (this.#world.arrivalsMs[task] as number);
    this.#open -= 1;
  }

  #hear(): void {
    const news = this.#news[this.#newsHeard] as News;
    this.#newsHeard += 1;
    if (this.#newsHeard === 4_096) {
      this.#news.splice(0, this.#newsHeard);
      this.#newsHeard = 0;
    }
    const { agent, dispatcher: own, end, idleTo } = news;
    for (const [index, dispatcher] of this.#dispatchers.entries()) {
      if (index !== own) dispatcher.heard(agent, end === null ? 1 : -1);
      else if (end !== null) dispatcher.ended(agent, this.#nowMs - end.sentMs, end.ok, this.#nowMs);
      if (index === idleTo) dispatcher.becameIdle(agent);
    }
    if (end !== null && !end.ok) this.#retry(end.task, agent);
    if (end !== null) this.#sendWaiting();
  }

  #retry(task: number, agent: number): void {
    this.#failedOn[task] = agent;
    if ((this.#attempts[task] as number) < ATTEMPTS_MAX) {
      this.#send(task);
      return;
    }
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

  #change(change: Change): void {
    const { agent } = change;
    const state = this.#agent(agent);
    switch (change.what) {
      case 'speed':
        this.#setSpeed(agent, change.speed);
        break;
      case 'down':
        state.isDown = true;
        for (const { sentMs, task } of state.jobs.splice(0)) {
          this.#tell(agent, this.#dispatcherOf(task), { task, sentMs, ok: false });
        }
        this.#schedule(agent);
        break;
      case 'up':
        state.isDown = false;
        break;
      case 'failing':
      case 'well':
        state.isFailing = change.what === 'failing';
        break;
      case 'known down':
      case 'known up':
        for (const dispatcher of this.#dispatchers) {
          dispatcher.setConnected(agent, change.what === 'known up', this.#nowMs);
        }
        this.#sendWaiting();
    }
  }

  #worked(agent: number, { sinceMs }: AgentState): void {
    this.#workedMs[agent] = (this.#workedMs[agent] as number) + this.#nowMs - sinceMs;
  }

  #setSpeed(agent: number, speed: number): void {
    const state = this.#agent(agent);
    const [job] = state.jobs;
    if (job !== undefined) {
      job.leftMs -= (this.#nowMs - state.sinceMs) * state.speed;
      this.#worked(agent, state);
    }
    state.sinceMs = this.#nowMs;
    state.speed = speed;
    this.#schedule(agent);
  }
}
