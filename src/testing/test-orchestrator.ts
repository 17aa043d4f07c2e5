/**
 * A whole orchestrator for tests: in memory, on a clock that the test moves, with switches for what
 * goes wrong. Works with any test runner.
 *
 * Everything but the disk and the clock is what runs in production. Every method that changes anything
 * resolves when nothing happens any more, so what follows sees all that came of it.
 */
import { AssertionError } from 'node:assert';
import { OrchestratorError } from '../base/errors.ts';
import { Rng } from '../base/rng.ts';
import type { AgentHandler, RegisterAgent, SubmitTask } from '../contract/index.ts';
import {
  UnifiedQuantumOrchestrator,
  type UnifiedQuantumOrchestratorOptions,
} from '../orchestrator.ts';
import type { FeedEvent, Runtime } from '../runtime/index.ts';
import { checkEverything } from './check-everything.ts';
import { describeTask, describeWaiting } from './describe-task.ts';
import { EventRecord, type EventPattern } from './event-record.ts';
import { Expectations, type TaskRef } from './expectations.ts';
import { HandlerRuns } from './handler-runs.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStorage } from './memory-storage.ts';
import { comeToRest } from './rest.ts';
import { ScriptedAgent } from './scripted-agent.ts';
import {
  durationMs,
  momentMs,
  ProcessClock,
  TestClock,
  type Duration,
  type Moment,
} from './test-clock.ts';
import { TestTask, type TestTaskHost } from './test-task.ts';

export interface TestOrchestratorOptions {
  /** Seed of all chance: ids, placement, jitter. The same seed and steps give the same run. Default 1. */
  readonly seed?: number;
  /** The moment the clock begins with. Default 2026-01-01T00:00:00Z. */
  readonly startAt?: Moment;
  readonly settings?: Pick<
    UnifiedQuantumOrchestratorOptions,
    'admission' | 'hedging' | 'idempotencyWindowMs' | 'logger' | 'maxAgents' | 'metrics'
  >;
}

interface HandlerAgent {
  readonly spec: RegisterAgent;
  readonly handler: AgentHandler;
}

type AgentId = Parameters<Runtime['agents']['get']>[0];
type TaskId = Parameters<Runtime['tasks']['get']>[0];

export class TestOrchestrator implements AsyncDisposable {
  readonly clock: TestClock;
  readonly #time: ManualClock;
  readonly #options: TestOrchestratorOptions;
  readonly #seed: number;
  readonly #rng: Rng;
  readonly #storage = new MemoryStorage();
  readonly #record = new EventRecord();
  readonly #expect: Expectations;
  readonly #runs = new HandlerRuns();
  readonly #agents = new Map<string, HandlerAgent>();
  readonly #scripted = new Map<string, ScriptedAgent>();
  readonly #taskHost: TestTaskHost;
  #orchestrator: UnifiedQuantumOrchestrator | null = null;
  #runtime: Runtime | null = null;
  #process: ProcessClock;
  #crashed = unheardPromise();

  private constructor(options: TestOrchestratorOptions) {
    this.#options = options;
    this.#seed = options.seed ?? 1;
    this.#rng = Rng.fromSeed(this.#seed);
    const time = new ManualClock(momentMs(options.startAt ?? '2026-01-01T00:00:00Z'));
    this.#time = time;
    this.#process = new ProcessClock(time);
    const settle = (): Promise<void> => this.settle();
    this.clock = new TestClock({ time, settle, process: () => this.#process });
    this.#expect = new Expectations(() => this.#runtime, this.#record);
    this.#taskHost = this.#hostTasks();
  }

  /** Starts an orchestrator that is empty. */
  static async start(options: TestOrchestratorOptions = {}): Promise<TestOrchestrator> {
    const started = new TestOrchestrator(options);
    await started.#open();
    return started;
  }

  /** The orchestrator under test, as a program has it. Another one after each {@link restart}. */
  get orchestrator(): UnifiedQuantumOrchestrator {
    if (this.#orchestrator !== null) return this.#orchestrator;
    throw new OrchestratorError('STOPPED', 'the orchestrator must run, got one that was stopped');
  }

  /** Its parts, for what this kit has no method for. */
  get runtime(): Runtime {
    return this.orchestrator.runtime;
  }

  /** Every event since the beginning, oldest first. */
  get events(): readonly FeedEvent[] {
    return this.#record.all;
  }

  /**
   * Registers an agent that this process serves with `handler`. It goes with a {@link crash}, and is
   * there again after the {@link restart}.
   *
   * @param options.isRealTime - the clock stands while one of its handlers runs: for handlers that wait
   *   for what is outside, such as files or the network
   */
  async agent(
    spec: RegisterAgent,
    handler: AgentHandler,
    options: { readonly isRealTime?: boolean } = {},
  ): Promise<void> {
    const watched = this.#runs.watched(handler, options.isRealTime ?? false);
    this.#agents.set(spec.id, { spec, handler: watched });
    await this.#untilCrash(this.orchestrator.registerAgent(spec, watched));
    await this.settle();
  }

  /** Connects a remote agent that the test plays, step by step. */
  async scripted(spec: RegisterAgent): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent(spec, {
      runtime: () => this.runtime,
      monotonicMs: () => this.#time.monotonicMs(),
      settle: () => this.settle(),
      untilCrash: (promise) => this.#untilCrash(promise),
      describeWaiting: () => describeWaiting(this.runtime),
    });
    await agent.reconnect();
    this.#scripted.set(spec.id, agent);
    return agent;
  }

  /**
   * Submits a task.
   *
   * @throws OrchestratorError with the code of the refusal; `CRASHED` when a crash came first
   */
  async submit<Result = unknown>(task: SubmitTask): Promise<TestTask<Result>> {
    const { id } = await this.#untilCrash(this.orchestrator.submitTask(task));
    await this.settle();
    return this.task<Result>(id);
  }

  /** The handle of a task, whoever submitted it. */
  task<Result = unknown>(id: string): TestTask<Result> {
    return new TestTask<Result>(id, this.#taskHost);
  }

  /** Lets everything go on until nothing happens any more, while the clock stands. */
  settle(): Promise<void> {
    return comeToRest({
      count: () =>
        this.#record.all.length + this.#runs.count + (this.#runtime?.observed.state.index ?? 0),
      isBusy: () => {
        const runtime = this.#runtime;
        return runtime !== null && !runtime.observed.loop.isIdle && !this.#storage.isStuck;
      },
      awaited: () => this.#runs.realTime(),
    });
  }

  /** Gives an agent up as lost, at once: its leases are over, its tasks go to others. */
  async loseAgent(id: string): Promise<void> {
    const scripted = this.#scripted.get(id);
    if (scripted?.isConnected === true) await scripted.dropConnection();
    this.#require(id);
    const { loop } = this.runtime.observed;
    await this.#untilCrash(loop.propose({ type: 'agent.lost', agentId: id as AgentId }));
    await this.settle();
  }

  /** Breaks the connection of a scripted agent; it has its heartbeat bound to come back. */
  async dropConnection(id: string): Promise<void> {
    await this.#requireScripted(id).dropConnection();
  }

  /** Brings an agent back that was lost or whose connection broke. */
  async reconnect(id: string): Promise<void> {
    const agent = this.#agents.get(id);
    if (agent === undefined) return this.#requireScripted(id).reconnect();
    await this.#untilCrash(this.orchestrator.registerAgent(agent.spec, agent.handler));
    await this.settle();
  }

  /** Whether the disk has no room left: what would change anything is refused with `LOG_FULL`. */
  async fullDisk(isFull: boolean): Promise<void> {
    this.#storage.setFull(isFull);
    await this.settle();
  }

  /** Whether the disk takes its time: nothing becomes durable, and a {@link crash} loses it. */
  async slowDisk(isSlow: boolean): Promise<void> {
    this.#storage.setSlow(isSlow);
    await this.settle();
  }

  /** Breaks the disk: the next write fails, and everything after it, until a {@link restart}. */
  failLog(): void {
    this.#storage.breakDown();
  }

  /** Ends the process as `kill -9` does: only what is durable is left. */
  crash(): void {
    if (this.#orchestrator === null) return;
    this.#orchestrator = null;
    this.#runtime = null;
    this.#process.end();
    this.#storage.crash();
    this.#runs.forget();
    for (const agent of this.#scripted.values()) agent.connectionLost();
    const { reject } = this.#crashed;
    this.#crashed = unheardPromise();
    reject(new OrchestratorError('CRASHED', 'the orchestrator crashed before it answered'));
  }

  /**
   * Starts the orchestrator again from what is durable, after a {@link crash} or else after a regular
   * stop. Agents of {@link agent} are registered anew; scripted ones connect again with what they hold.
   */
  async restart(): Promise<void> {
    await this.stop();
    await this.#open();
    for (const { handler, spec } of this.#agents.values())
      await this.#untilCrash(this.orchestrator.registerAgent(spec, handler));
    for (const agent of this.#scripted.values()) await agent.comeBack();
    await this.settle();
  }

  /** Stops the orchestrator; handlers that run are told to. Safe to call twice. */
  async stop(): Promise<void> {
    const orchestrator = this.#orchestrator;
    if (orchestrator === null) return;
    this.#storage.setSlow(false);
    for (const agent of this.#scripted.values()) agent.connectionLost();
    const stopped = orchestrator.stop(0);
    // The end of its patience is a timer too.
    this.#time.advance(0);
    await stopped;
    this.#orchestrator = null;
    this.#runtime = null;
    this.#process.end();
    this.#runs.forget();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Asserts that the task has completed, with that result where one is given. */
  expectCompleted(task: TaskRef, ...result: readonly [result?: unknown]): void {
    this.#expect.completed(task, result);
  }

  /** Asserts that the task has failed, with that code where one is given. */
  expectFailed(task: TaskRef, code?: string): void {
    this.#expect.failed(task, code);
  }

  /** Asserts where the task is. */
  expectState(task: TaskRef, state: Parameters<Expectations['state']>[1]): void {
    this.#expect.state(task, state);
  }

  /** Asserts that events happened in this order, with anything between them; of one task or of all. */
  expectEvents(patterns: readonly EventPattern[], task?: TaskRef): void {
    this.#expect.events(patterns, task);
  }

  /**
   * Lets time jump from timer to timer until the predicate holds.
   *
   * @param options.within - how much time may pass. Default 365 days
   * @throws AssertionError when it does not hold by then, or nothing is left that could change it
   */
  async eventually(
    predicate: () => boolean | Promise<boolean>,
    options: { readonly within?: Duration } = {},
  ): Promise<void> {
    const { within = '365d' } = options;
    const endMs = this.#time.monotonicMs() + durationMs(within);
    await this.settle();
    while (!(await predicate())) {
      if (await this.clock.jump(endMs - this.#time.monotonicMs())) continue;
      throw new AssertionError({
        message: `the predicate must hold within ${within}\n${this.#expect.describeAll()}`,
      });
    }
  }

  /**
   * Checks what must always hold: the core's invariants; that nothing acknowledged is lost and no task
   * completed twice; that the log, applied again, gives the same state.
   */
  async assertInvariants(): Promise<void> {
    await this.settle();
    await checkEverything(this.runtime, this.#record, this.#seed);
  }

  async #open(): Promise<void> {
    this.#process = new ProcessClock(this.#time);
    const orchestrator = new UnifiedQuantumOrchestrator({
      // A clock that jumps looks like a process that stalls.
      admission: { enabled: false },
      ...this.#options.settings,
      seed: this.#seed,
      clock: this.#process,
      storage: this.#storage,
      idBytes: (count) => Buffer.from(Array.from({ length: count }, () => this.#rng.below(256))),
      // There is nothing to take a checkpoint of: no timer has to see to it.
      checkpointBytes: Number.POSITIVE_INFINITY,
      checkpointIntervalMs: Number.POSITIVE_INFINITY,
    });
    await orchestrator.start();
    this.#orchestrator = orchestrator;
    this.#runtime = orchestrator.runtime;
    this.#record.follow(orchestrator.runtime);
  }

  async #result(id: string): Promise<unknown> {
    for (let jumps = 0; jumps < JUMPS_MAX; jumps++) {
      await this.#untilCrash(this.settle());
      const outcome = this.runtime.tasks.outcome(id as TaskId);
      if (outcome === null)
        throw new OrchestratorError('TASK_NOT_FOUND', `a task must be kept, got ${id}`);
      const { error, result, state } = outcome;
      if (state === 'completed') return result;
      if (error !== undefined)
        throw new OrchestratorError(error.code, error.message, { taskId: id, state });
      const running = this.#runs.ofTasks((other) => this.#isRunning(other));
      if (await this.clock.jump()) continue;
      if (running === null) break;
      await this.#untilCrash(running);
    }
    throw new AssertionError({
      message: `task ${id} must end, got nothing more that could end it\n${this.#taskHost.describe(id)}`,
    });
  }

  #isRunning(taskId: string): boolean {
    return this.#runtime?.tasks.get(taskId as TaskId)?.state === 'running';
  }

  #hostTasks(): TestTaskHost {
    return {
      view: (id) => this.runtime.tasks.get(id as TaskId),
      history: (id) => this.#record.ofTask(id),
      describe: (id) => describeTask(id, this.#runtime, this.#record),
      result: (id) => this.#result(id),
      cancel: async (id, reason) => {
        const [error] = await this.#untilCrash(this.runtime.tasks.cancel([id as TaskId], reason));
        if (error != null) throw error;
        await this.settle();
      },
      answer: async (id, answer, options) => {
        await this.#untilCrash(this.runtime.inputs.answer(id as TaskId, { answer, ...options }));
        await this.settle();
      },
    };
  }

  #untilCrash<Value>(promise: Promise<Value>): Promise<Value> {
    return Promise.race([promise, this.#crashed.promise]);
  }

  #require(id: string): void {
    if (this.runtime.agents.get(id as AgentId) !== null) return;
    throw new AssertionError({ message: `an agent must be registered, got ${id}` });
  }

  #requireScripted(id: string): ScriptedAgent {
    const agent = this.#scripted.get(id);
    if (agent !== undefined) return agent;
    throw new AssertionError({
      message: `only a scripted agent has a connection of its own, got ${id}`,
    });
  }
}

function unheardPromise(): PromiseWithResolvers<never> {
  const promise = Promise.withResolvers<never>();
  // A crash that nobody waits beside is no fault.
  promise.promise.catch(() => undefined);
  return promise;
}

/** Jumps of the clock after which a task is taken for one that never ends. */
const JUMPS_MAX = 10_000;
