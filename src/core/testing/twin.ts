/**
 * Core once more, as plainly as it can be written: arrays, linear searches, no timers, no counters.
 *
 * It says what core promises and shares none of core's machinery, so that the two can be held
 * against each other. Slow on purpose.
 */
import type { AnswerItem, Command, CommandBatch, CoreSettings, NewTask } from '../command.ts';
import { CORE_SETTINGS_DEFAULT } from '../state.ts';
import type { AgentSpec, TaskSpec } from '../spec.ts';
import {
  avoidAgent,
  escalated,
  isAble,
  isSpent,
  mustAvoid,
  policyDelay,
  queueOf,
  takeChunks,
} from './twin-retries.ts';
import { answer, ask, goOn } from './twin-questions.ts';
import {
  dueAt,
  totalUntil,
  twinTask,
  type Lease,
  type TwinKey,
  type TwinTask,
  type TwinAgent,
  type TwinQueue,
  isPoison,
} from './twin-task.ts';

/** One word for each item of a command: `ok`, a refusal's code, or for submits the task's id. */
export type Answer = readonly string[];

export class Twin {
  readonly tasks: TwinTask[] = [];
  readonly agents: TwinAgent[] = [];
  readonly queues: TwinQueue[] = [];
  keys: TwinKey[] = [];
  index = 0;
  now = 0;
  #settings: CoreSettings = CORE_SETTINGS_DEFAULT;
  #submitted = 0;
  readonly #chance: () => number;

  /** @param chance - draws in [0, 1), in the order core draws them */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  apply(batch: CommandBatch): Answer[] {
    this.index += 1;
    if (batch.at > this.now) this.now = batch.at;
    return batch.commands.map((command) => this.#one(command));
  }

  /** Tasks of a queue in a state. */
  count(queue: string, state: string): number {
    return this.tasks.filter((task) => queueOf(task.spec) === queue && task.state === state).length;
  }

  leasesOf(agentId: string): TwinTask[] {
    return this.tasks.filter((task) => task.agentId === agentId);
  }

  #one(command: Command): Answer {
    switch (command.type) {
      case 'task.submit':
        return this.#submit(command.specs, command.tasks);
      case 'task.assign':
        return command.taskIds.map((id, i) => this.#assign(id, command.agentIds[i] ?? ''));
      case 'task.complete':
        return command.items.map((item) => this.#leased(item, (task) => this.#forget(task)));
      case 'task.fail':
        return command.items.map((item) =>
          this.#leased(item, (task) => {
            const retried = item.retryable ? Math.max(0, item.retryAfterMs ?? 0) : null;
            if (item.critique !== undefined) task.critique = item.critique;
            this.#attemptFailed(task, item.error.code, 'retry', retried);
          }),
        );
      case 'task.break':
        return command.items.map((item) =>
          this.#leased(item, (task) =>
            this.#attemptFailed(task, command.error.code, command.reason, 'at once'),
          ),
        );
      case 'task.release':
        return command.items.map((item) =>
          this.#leased(item, (task) => {
            task.attempt -= 1;
            if (task.cancel !== null) this.#forget(task);
            else this.#move(task, 'queued', command.reason);
          }),
        );
      case 'task.extend':
        return command.items.map((item) =>
          this.#leased(item, (task) => {
            if (task.question === null) task.runUntil = this.now + command.runMs;
            else task.question.left = command.runMs;
          }),
        );
      case 'task.details':
        return command.items.map((item) =>
          this.#leased(item, (task) => {
            task.details = item.details;
          }),
        );
      case 'task.ask':
        return command.items.map((item) => {
          let answer = 'ok';
          const lease = this.#leased(item, (task) => (answer = ask(task, item, this.now)));
          return lease === 'ok' ? answer : lease;
        });
      case 'task.answer':
        return command.items.map((item) => this.#answer(item));
      case 'task.cancel':
        return command.taskIds.map((id) => this.#cancel(id, command.reason, command.graceMs ?? 0));
      case 'task.output':
        return command.items.map((item) => {
          let answer = 'ok';
          const lease = this.#leased(item, (task) => (answer = takeChunks(task, item)));
          return lease === 'ok' ? answer : lease;
        });
      case 'task.retry':
        return command.taskIds.map((id) => this.#redrive(id));
      case 'dead-letter.purge':
        return command.taskIds.map((id) => this.#purge(id));
      case 'agent.enroll':
        return command.agentIds.map((id, i) => {
          const spec = command.specs[command.specOf[i] as number] as AgentSpec;
          return this.#register(id, command.incarnation, spec);
        });
      default:
        return [this.#other(command)];
    }
  }

  #other(command: Command): string {
    switch (command.type) {
      case 'agent.register':
        return this.#register(command.agentId, command.incarnation, command.spec);
      case 'agent.drain':
        return this.#agent(command.agentId, (agent) => (agent.state = 'draining'));
      case 'agent.back':
        return this.#agent(command.agentId, (agent) => (agent.state = 'ready'));
      case 'agent.lost':
        return this.#agent(command.agentId, (agent) => {
          this.#takeBack(agent, 'agent_lost');
          agent.state = 'lost';
        });
      case 'agent.remove':
        return this.#agent(command.agentId, (agent) => {
          this.#takeBack(agent, 'agent_removed');
          this.agents.splice(this.agents.indexOf(agent), 1);
        });
      case 'queue.set': {
        const known = this.queues.some((queue) => queue.name === command.queue);
        if (!known && this.queues.length >= this.#settings.queuesMax) return 'QUEUE_LIMIT';
        const queue = this.#queue(command.queue);
        const { depthMax, strategy } = command.settings;
        queue.settings = {
          strategy: strategy ?? queue.settings.strategy,
          depthMax: depthMax ?? queue.settings.depthMax,
        };
        return 'ok';
      }
      case 'queue.pause':
      case 'queue.resume': {
        const queue = this.queues.find(({ name }) => name === command.queue);
        if (queue === undefined) return 'QUEUE_NOT_FOUND';
        queue.paused = command.type === 'queue.pause';
        return 'ok';
      }
      case 'queue.remove': {
        if (command.queue === 'default') return 'QUEUE_IS_DEFAULT';
        const at = this.queues.findIndex(({ name }) => name === command.queue);
        if (at < 0) return 'QUEUE_NOT_FOUND';
        if (this.tasks.some(({ spec }) => queueOf(spec) === command.queue))
          return 'QUEUE_NOT_EMPTY';
        this.queues.splice(at, 1);
        return 'ok';
      }
      case 'settings.set':
        this.#settings = command.settings;
        return 'ok';
      case 'clock.advance':
        this.#advance();
        return 'ok';
      default:
        throw new Error(`the twin knows no ${command.type}`);
    }
  }

  #submit(specs: readonly TaskSpec[], items: readonly NewTask[]): Answer {
    // Tried on copies first: all or nothing.
    const live = this.#liveKeys();
    const made: TwinKey[] = [];
    const answers: string[] = [];
    const accepted: { item: NewTask; spec: TaskSpec }[] = [];
    for (const item of items) {
      const spec = specs[item.spec] as TaskSpec;
      if (item.idempotencyKey !== undefined) {
        const key = `${spec.namespace}\n${item.idempotencyKey}`;
        const bodyHash = item.bodyHash ?? '';
        const earlier = [...live, ...made].find((entry) => entry.key === key);
        if (earlier !== undefined && earlier.bodyHash !== bodyHash) return ['IDEMPOTENCY_CONFLICT'];
        if (earlier !== undefined) {
          answers.push(`again ${earlier.taskId}`);
          continue;
        }
        made.push({ key, taskId: item.id, bodyHash, madeAt: this.now });
      }
      const ids = [...this.tasks.map((task) => task.id), ...accepted.map((one) => one.item.id)];
      if (ids.includes(item.id)) return ['TASK_EXISTS'];
      accepted.push({ item, spec });
      answers.push(item.id);
    }
    const code = this.#room(
      accepted.map((one) => queueOf(one.spec)),
      made.length === 0 ? 0 : live.length + made.length,
    );
    if (code !== null) return [code];
    this.#remember(made);
    for (const { item, spec } of accepted) this.#add(item, spec);
    return answers;
  }

  /** Expired keys stay until the clock is advanced, but for those whose place or name is needed. */
  #remember(made: readonly TwinKey[]): void {
    if (made.length === 0) return;
    const excess = this.keys.length + made.length - this.#settings.idempotencyKeysMax;
    const kept = this.keys
      .slice(Math.max(0, excess))
      .filter((entry) => made.every(({ key }) => key !== entry.key));
    this.keys = [...kept, ...made];
  }

  #room(queues: readonly string[], keys: number): string | null {
    const { idempotencyKeysMax, queueDefaults, queuesMax } = this.#settings;
    if (keys > idempotencyKeysMax) return 'IDEMPOTENCY_FULL';
    for (const name of new Set(queues)) {
      const known = this.queues.find((queue) => queue.name === name);
      const waiting = this.count(name, 'queued') + this.count(name, 'scheduled');
      const added = queues.filter((queue) => queue === name).length;
      if (waiting + added > (known?.settings ?? queueDefaults).depthMax) return 'QUEUE_FULL';
    }
    const names = new Set([...this.queues.map((queue) => queue.name), ...queues]);
    if (names.size > this.queues.length && names.size > queuesMax) return 'QUEUE_LIMIT';
    return null;
  }

  #add(item: NewTask, spec: TaskSpec): void {
    this.#queue(queueOf(spec));
    this.#submitted += 1;
    const order = this.#submitted;
    this.tasks.push(twinTask(item, spec, { order, now: this.now }));
  }

  #assign(taskId: string, agentId: string): string {
    const task = this.#find(taskId);
    if (task === undefined) return 'TASK_NOT_FOUND';
    if (task.state !== 'queued' || task.token === this.index) return 'TASK_NOT_QUEUED';
    if (this.#queue(queueOf(task.spec)).paused) return 'QUEUE_PAUSED';
    const agent = this.agents.find(({ id }) => id === agentId);
    if (agent === undefined) return 'AGENT_NOT_FOUND';
    if (agent.state !== 'ready') return 'AGENT_NOT_READY';
    const running = this.leasesOf(agentId).filter(({ state }) => state === 'running');
    if (running.length >= agent.spec.slots) return 'AGENT_FULL';
    if (!isAble(agent, task.spec)) return 'AGENT_NOT_ABLE';
    if (mustAvoid(task, agentId, this.agents)) return 'AGENT_AVOIDED';
    task.attempt += 1;
    task.token = this.index;
    this.#move(task, 'running', null);
    task.agentId = agentId;
    task.startedAt = this.now;
    const { runMs } = task.spec.timeouts;
    if (runMs !== undefined) task.runUntil = this.now + runMs;
    return 'ok';
  }

  #leased(ref: Lease, then: (task: TwinTask) => void): string {
    const task = this.#find(ref.taskId);
    if (task === undefined) return 'TASK_NOT_FOUND';
    if (task.agentId === null || task.token !== ref.fencingToken) return 'LEASE_FENCED';
    then(task);
    return 'ok';
  }

  #answer(item: AnswerItem): string {
    const task = this.#find(item.taskId);
    return task === undefined ? 'TASK_NOT_FOUND' : answer(task, item, this.now);
  }

  #attemptFailed(
    task: TwinTask,
    code: string,
    reason: string,
    wait: number | 'at once' | null,
  ): void {
    const agent = this.agents.find(({ id }) => id === task.agentId);
    this.#failures(task, code);
    const { retry } = task.spec;
    const isLast = isSpent(task, code, wait === null);
    if (task.cancel !== null) return this.#forget(task);
    if (wait !== null && isPoison(task, code, this.#settings.poisonAgents ?? 3)) {
      this.#fail(task, 'POISON_TASK', 'poison');
    } else if (wait === null || retry.nonRetryable.includes(code)) {
      this.#fail(task, code, 'not_retryable');
    } else if (isLast) {
      this.#fail(task, code, 'attempts_exhausted');
    } else {
      this.#reroute(task, agent);
      const delay = wait === 'at once' ? 0 : Math.max(wait, policyDelay(task, this.#chance()));
      this.#move(task, delay === 0 ? 'queued' : 'scheduled', reason);
      if (delay > 0) task.runAt = this.now + delay;
    }
  }

  /** What the rules of its spec change for the next attempt. */
  #reroute(task: TwinTask, agent: TwinAgent | undefined): void {
    if (agent !== undefined) avoidAgent(task, agent);
    for (const step of task.spec.rules?.escalate ?? []) {
      if (step.afterAttempt !== task.attempt) continue;
      const name = queueOf({ ...task.spec, queue: step.queue ?? task.spec.queue });
      const hasRoom =
        this.queues.some((queue) => queue.name === name) ||
        this.queues.length < this.#settings.queuesMax;
      if (hasRoom) this.#queue(name);
      task.spec = escalated(task.spec, step, hasRoom);
    }
  }

  #failures(task: TwinTask, code: string): void {
    task.failures = [...task.failures, `${task.attempt} ${task.agentId} ${code}`].slice(-20);
  }

  #fail(task: TwinTask, code: string, reason: string): void {
    if (task.cancel !== null) return this.#forget(task);
    this.#move(task, 'failed', reason);
    task.error = code;
    task.details = null;
    Object.assign(task, { critique: null, invalid: 0, avoid: null, totalFrom: null });
  }

  /** Into another state, with nothing left of the one before. */
  #move(task: TwinTask, state: string, reason: string | null): void {
    task.state = state;
    task.reason = reason;
    task.stateAt = this.now;
    task.runAt = 0;
    task.runUntil = 0;
    task.agentId = null;
    task.question = null;
    task.asked = [];
    task.waited = 0;
  }

  #cancel(taskId: string, reason: string, graceMs: number): string {
    const task = this.#find(taskId);
    if (task === undefined) return 'TASK_NOT_FOUND';
    if (task.state === 'failed') return 'TASK_FINISHED';
    if (graceMs > 0 && task.agentId !== null) {
      const until = this.now + graceMs;
      if (task.cancel === null || task.cancel.until > until) task.cancel = { reason, until };
      return 'ok';
    }
    this.#forget(task);
    return 'ok';
  }

  #redrive(taskId: string): string {
    const task = this.#find(taskId);
    if (task === undefined) return 'TASK_NOT_FOUND';
    if (task.state !== 'failed') return 'TASK_NOT_FAILED';
    this.#move(task, 'queued', 'redriven');
    task.attempt = 0;
    task.delayLast = 0;
    if (task.spec.timeouts.totalMs !== undefined) task.totalFrom = this.now;
    task.error = null;
    return 'ok';
  }

  #purge(taskId: string): string {
    const task = this.#find(taskId);
    if (task === undefined) return 'TASK_NOT_FOUND';
    if (task.state !== 'failed') return 'TASK_NOT_FAILED';
    this.#forget(task);
    return 'ok';
  }

  #register(id: string, incarnation: string, spec: AgentSpec): string {
    const known = this.agents.find((agent) => agent.id === id);
    if (known === undefined) {
      if (this.agents.length >= this.#settings.agentsMax) return 'AGENT_LIMIT';
      this.agents.push({ id, spec, incarnation, state: 'ready' });
      return 'ok';
    }
    if (known.incarnation !== incarnation) this.#takeBack(known, 'agent_restarted');
    Object.assign(known, { spec, incarnation, state: 'ready' });
    return 'ok';
  }

  #takeBack(agent: TwinAgent, reason: string): void {
    for (const task of this.leasesOf(agent.id)) {
      this.#attemptFailed(task, reason.toUpperCase(), reason, 'at once');
    }
  }

  #advance(): void {
    for (;;) {
      const due = this.tasks
        .filter((task) => dueAt(task) <= this.now)
        .toSorted((a, b) => dueAt(a) - dueAt(b) || a.order - b.order);
      const [task] = due;
      if (task === undefined) break;
      this.#fire(task);
    }
    this.keys = this.#liveKeys();
  }

  #liveKeys(): TwinKey[] {
    const window = this.#settings.idempotencyWindowMs;
    return this.keys.filter((entry) => entry.madeAt + window > this.now);
  }

  #fire(task: TwinTask): void {
    if (task.deadlineAt !== 0 && task.deadlineAt <= this.now) {
      if (task.agentId !== null) {
        this.#failures(task, 'DEADLINE_EXCEEDED');
      }
      this.#fail(task, 'DEADLINE_EXCEEDED', 'deadline');
    } else if (totalUntil(task) <= this.now) {
      if (task.agentId !== null) this.#failures(task, 'TOTAL_TIMEOUT');
      this.#fail(task, 'TOTAL_TIMEOUT', 'total_timeout');
    } else if (task.cancel !== null && task.cancel.until <= this.now) {
      this.#forget(task);
    } else if (task.state === 'scheduled') {
      this.#move(task, 'queued', task.reason);
    } else if (task.state === 'queued') {
      this.#fail(task, 'QUEUE_TIMEOUT', 'queue_timeout');
    } else if (task.question !== null) {
      const { default: given, key } = task.question;
      if (given === null) {
        this.#failures(task, 'INPUT_EXPIRED');
        this.#fail(task, 'INPUT_EXPIRED', 'input_expired');
      } else goOn(task, { key, answer: given, by: null, reason: 'expired_default' }, this.now);
    } else {
      this.#attemptFailed(task, 'RUN_TIMEOUT', 'run_timeout', 'at once');
    }
  }

  #agent(id: string, then: (agent: TwinAgent) => void): string {
    const agent = this.agents.find((one) => one.id === id);
    if (agent === undefined) return 'AGENT_NOT_FOUND';
    then(agent);
    return 'ok';
  }

  #find(id: string): TwinTask | undefined {
    return this.tasks.find((task) => task.id === id);
  }

  #forget(task: TwinTask): void {
    this.tasks.splice(this.tasks.indexOf(task), 1);
  }

  #queue(name: string): TwinQueue {
    const known = this.queues.find((queue) => queue.name === name);
    if (known !== undefined) return known;
    const queue = { name, settings: this.#settings.queueDefaults, paused: false };
    this.queues.push(queue);
    return queue;
  }
}
