/** Core and its leader's scheduler, tied together as a turn of the command loop does it. */
import {
  apply,
  barredAgents,
  createState,
  type AgentId,
  type BreakerDefaults,
  type Command,
  type CoreState,
  type LeaseRef,
  type NewTask,
  type Task,
  type TaskId,
  type TaskPlacement,
} from '../../core/index.ts';
import { register, taskSpec, type SpecOptions } from '../../core/testing/commands.ts';
import { refusalsOf } from '../../core/testing/trace.ts';
import { Scheduler } from '../../scheduling/index.ts';
import { feedScheduler } from '../../scheduling/testing/feed-scheduler.ts';
import { proposePlacement } from '../turn-placement.ts';

type Fields = Partial<Omit<NewTask, 'id' | 'spec' | 'payloadBytes'>>;

export class PlacementWorld {
  readonly state: CoreState;
  readonly scheduler: Scheduler;
  /** Proposals of the newest batch that core refused, and those that it granted. */
  refusals = 0;
  /** Codes of all refusals so far. */
  readonly refused: Set<string> = new Set();
  starts = 0;
  /** Proposals so far. */
  proposed = 0;
  #nowMs = 1_000_000;
  #tasks = 0;

  constructor(seed: number, breakers: BreakerDefaults = {}) {
    this.state = createState(seed);
    this.state.settings = { ...this.state.settings, breakers };
    const barred = (task: Task): readonly AgentId[] | null => barredAgents(this.state, task);
    this.scheduler = new Scheduler({ seed, barred, plans: true });
    this.apply(
      { type: 'limit.set', limit: 'calls', settings: { rate: { units: 3, perMs: 200, burst: 4 } } },
      { type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 3 } },
    );
  }

  /** One batch of freely chosen commands. */
  batch(wanted: readonly (readonly [number, number])[], waitMs: number): void {
    this.#nowMs += waitMs;
    const window = this.scheduler.plans?.nextWindow(this.#nowMs) ?? null;
    this.apply(...wanted.map(([kind, choice]) => this.#command(kind, choice)));
    // The answer comes when the batch has changed what it was about.
    if (window !== null) this.scheduler.plans?.take(window.number, null, this.#nowMs);
  }

  /** Batches of nothing, until there is nothing to propose any more. */
  settle(): void {
    do this.apply();
    while (this.starts > 0);
  }

  register(id: string, slots: number): void {
    this.apply(register(id, { slots }));
  }

  submitMany(count: number, fields: Fields, waitMs: number, spec: SpecOptions = {}): void {
    this.#nowMs += waitMs;
    this.apply(this.#submit(count, [spec], () => fields));
  }

  submitCommand(count: number, spec: SpecOptions, fields: Fields = {}): Command {
    return this.#submit(count, [spec], () => fields);
  }

  completeAll(): void {
    const items = [...this.state.tasks.values()]
      .filter(({ state }) => state === 'running')
      .map(({ fencingToken, id }) => ({ taskId: id, fencingToken, resultBytes: 1 }));
    this.apply({ type: 'task.complete', items });
  }

  complete(tasks: readonly Task[]): void {
    const items = tasks.map(({ fencingToken, id }) => ({
      taskId: id,
      fencingToken,
      resultBytes: 1,
    }));
    this.apply({ type: 'task.complete', items });
  }

  /** Applies commands and what the scheduler proposes for them, as one entry. */
  apply(...wanted: Command[]): void {
    const commands = [...wanted];
    const assign = proposePlacement(this.state, this.scheduler, commands, this.#nowMs);
    if (assign !== null) commands.push(assign);
    if (assign?.type === 'task.assign') this.proposed += assign.taskIds.length;
    const { events, results } = apply(this.state, this.state.index + 1, {
      at: this.#nowMs,
      commands,
    });
    for (const code of assign === null ? [] : refusalsOf(results.at(-1))) this.refused.add(code);
    this.refusals = events.filter(({ type }) => type === 'assignment.refused').length;
    this.starts = events.filter(({ type }) => type === 'task.assigned').length;
    feedScheduler(this.scheduler, this.state, events);
  }

  #command(kind: number, choice: number): Command {
    const agentId = `a${choice % 4}` as AgentId;
    const items = this.#leases(choice);
    switch (kind) {
      case 0:
      case 1: {
        const capabilities = choice % 3 === 0 ? ['email', 'post'] : ['email'];
        return register(
          agentId,
          { capabilities, slots: 1 + (choice % 4), labels: { zone: `z${choice % 3}` } },
          `${choice % 2}`,
        );
      }
      case 2: {
        const types = ['agent.drain', 'agent.lost', 'agent.back', 'agent.remove'] as const;
        return { type: types[choice % 4] ?? 'agent.back', agentId };
      }
      case 3: {
        const error = { code: 'BOOM', message: 'boom' };
        return {
          type: 'task.fail',
          items: items.map((ref) => ({ ...ref, error, retryable: true })),
        };
      }
      case 4: {
        const types = ['queue.pause', 'queue.resume', 'queue.remove'] as const;
        const type = types[(choice >> 3) % 3] ?? 'queue.pause';
        return { type, queue: QUEUES[choice % 3] as string };
      }
      case 5:
        return { type: 'task.cancel', taskIds: [this.#anyTask(choice)], reason: 'asked' };
      case 6:
        return { type: 'clock.advance' };
      case 7:
        return { type: 'task.release', items, reason: 'asked' };
      case 8:
        return choice % 4 === 3 ? forceCommand(choice) : this.#limitCommand(choice);
      case 9:
        return { type: 'task.ask', items: items.map((ref) => ({ ...ref, ...QUESTION })) };
      case 10:
        return { type: 'fairness.set', weights: { team: 1 + (choice % 3) } };
      case 11:
      case 12:
      case 13:
        return { type: 'task.complete', items: items.map((ref) => ({ ...ref, resultBytes: 1 })) };
      default:
        return this.#submitAny(choice);
    }
  }

  #limitCommand(choice: number): Command {
    switch (choice % 5) {
      case 0:
        return {
          type: 'limit.set',
          limit: 'seats',
          settings: { concurrencyMax: 1 + (choice % 4) },
        };
      case 1:
        return { type: 'limit.remove', limit: 'seats' };
      case 2: {
        const rate = { units: 1 + (choice % 4), perMs: 100, burst: 1 + (choice % 6) };
        return { type: 'limit.set', limit: 'calls', settings: { rate } };
      }
      case 3: {
        const settings = { concurrencyMax: 1 + (choice % 3), rate: { units: 4, perMs: 100 } };
        return { type: 'queue.set', queue: QUEUES[choice % 3] as string, settings };
      }
      default: {
        const settings = { concurrencyMax: null, rate: null };
        return { type: 'queue.set', queue: QUEUES[choice % 3] as string, settings };
      }
    }
  }

  #submitAny(choice: number): Command {
    const n = choice >> 2;
    const downstreams = n % 9 < 2 ? { downstreams: [`service-${n % 9}`] } : {};
    const spec = {
      namespace: n % 3 === 0 ? 'team' : 'default',
      queue: n % 5 === 0 ? 'mail' : 'default',
      type: n % 7 === 0 ? 'post' : 'email',
      priority: n % 4,
      rules: { concurrency: { limit: 2, policy: 'queue' as const }, ...downstreams },
    };
    const hasSeats = this.state.records.limits.get('seats') !== undefined;
    return this.#submit(1 + (choice % 4), [spec], (i) => {
      const m = n + i * 5;
      const limits = [
        ...(m % 4 === 0 ? [{ name: 'calls', key: `k${m % 2}` }] : []),
        ...(m % 6 === 0 && hasSeats ? [{ name: 'seats' }] : []),
      ];
      return {
        ...(m % 2 === 0 ? { concurrencyKey: `u${m % 3}` } : {}),
        ...(m % 5 === 0 ? { fairnessKey: `f${m % 4}`, estimate: { tokens: 20_000 } } : {}),
        ...(limits.length === 0 ? {} : { limits }),
        ...(m % 7 < 3 ? { placement: placementOf(m) } : {}),
        ...(m % 13 === 0 ? { dedupe: { key: `d${m % 2}`, mode: 'keep-last' as const } } : {}),
      };
    });
  }

  #submit(count: number, specs: readonly SpecOptions[], fields: (i: number) => Fields): Command {
    const tasks = Array.from({ length: count }, (_, i) => {
      this.#tasks += 1;
      const id = `t${String(this.#tasks).padStart(9, '0')}` as TaskId;
      return { id, spec: 0, payloadBytes: 1, ...fields(i) };
    });
    return { type: 'task.submit', specs: specs.map((spec) => taskSpec(spec)), tasks };
  }

  #leases(choice: number): LeaseRef[] {
    const leased = [...this.state.tasks.values()].filter(({ agentId }) => agentId !== null);
    const tasks = leased.filter((_, i) => (choice >> (i % 5)) % 2 === 1).slice(0, 3);
    return tasks.map(({ fencingToken, id }) => ({ taskId: id, fencingToken }));
  }

  #anyTask(choice: number): TaskId {
    const ids = [...this.state.tasks.keys()];
    return ids[choice % Math.max(1, ids.length)] ?? ('nobody' as TaskId);
  }
}

const QUEUES = ['default', 'mail', 'team/mail'];
const QUESTION = {
  key: 'ok',
  message: '?',
  schema: null,
  default: null,
  answerers: null,
  expiresMs: 200,
};

function forceCommand(choice: number): Command {
  const kind = choice % 8 === 3 ? 'downstream' : 'capability';
  const name = kind === 'downstream' ? `service-${choice % 2}` : 'post';
  const to = (['open', 'closed', 'auto', 'auto'] as const)[(choice >> 3) % 4] ?? 'auto';
  return { type: 'breaker.force', kind, name, to, reason: null, by: null };
}

function placementOf(choice: number): TaskPlacement {
  if (choice % 2 === 0) return { near: { zone: `z${choice % 3}` } };
  return { apart: `g${choice % 2}`, costs: { zone: { z0: choice % 5, z1: 2 } } };
}
