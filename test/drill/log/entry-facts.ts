/** Turns one applied entry into facts. Follows leases by itself: what a task held before, and holds now. */
import type {
  Applied,
  Command,
  CommandResult,
  CoreEvent,
  CoreState,
  NewTask,
  Task,
} from '../../../src/core/index.ts';
import type { Entry } from '../../../src/runtime/entry-codec.ts';
import { CallFacts } from './call-facts.ts';
import { commandFacts } from './command-facts.ts';
import type { AskedTask, Fact, LeaseEnd, Taken } from './fact.ts';

/** A fact before it is known where it stands. */
export type Loose = Fact extends infer Each
  ? Each extends Fact
    ? Omit<Each, 'index' | 'at'>
    : never
  : never;

interface Lease {
  readonly token: number;
  readonly agentId: string;
  readonly isWaiting: boolean;
}

/** What the commands of an entry asked for, by task. */
interface Asked {
  readonly tasks: ReadonlyMap<string, AskedTask>;
  readonly usage: ReadonlyMap<string, Taken>;
  readonly results: ReadonlyMap<string, string>;
}

export class EntryFacts {
  readonly #leases = new Map<string, Lease>();
  readonly #calls = new CallFacts();

  /** Commands first, then ends, questions and answers, then starts: all of them at the same moment. */
  of(state: CoreState, entry: Entry, applied: Applied): Fact[] {
    const asked = askedOf(entry, applied);
    const loose: Loose[] = [];
    for (const [position, command] of entry.batch.commands.entries()) {
      const result = applied.results[position] as CommandResult;
      loose.push(...commandFacts(state, command, result, entry.texts[position] ?? null));
    }
    const touched = new Map<string, { readonly task: Task; readonly events: CoreEvent[] }>();
    for (const event of applied.events) {
      loose.push(...eventFacts(event, asked));
      if (!('task' in event)) continue;
      const known = touched.get(event.task.id) ?? { task: event.task, events: [] };
      known.events.push(event);
      touched.set(event.task.id, known);
    }
    const starts: Loose[] = [];
    for (const { events, task } of touched.values()) {
      loose.push(...this.#ends(task, events, asked));
      // An attempt that asks frees its slot before those that are placed by the same entry start.
      const begun = this.#begun(task);
      if (begun?.type === 'started') starts.push(begun);
      else if (begun !== null) loose.push(begun);
    }
    const where = { index: state.index, at: state.nowMs };
    // A dead letter can be queued again by the entry in which it failed.
    const [redriven, others] = [true, false].map((isMeant) =>
      loose.filter(({ type }) => (type === 'redriven') === isMeant),
    ) as [Loose[], Loose[]];
    const calls = this.#calls.of(state, entry, applied);
    return [...others, ...redriven, ...starts, ...calls].map(
      (fact) => ({ ...where, ...fact }) as Fact,
    );
  }

  #ends(task: Task, events: readonly CoreEvent[], asked: Asked): Loose[] {
    const facts: Loose[] = [];
    const lease = this.#leases.get(task.id);
    if (lease !== undefined && leaseOf(task)?.token !== lease.token) {
      this.#leases.delete(task.id);
      const taken = asked.usage.get(`${task.id} ${lease.token}`) ?? null;
      const code = codeOf(events);
      const { agentId, token } = lease;
      facts.push({
        type: 'ended',
        taskId: task.id,
        token,
        agentId,
        how: howEnded(events),
        code,
        taken,
      });
    }
    for (const event of events) {
      const settled = settledState(event);
      if (settled === null) continue;
      const source = event.type === 'task.adopted' ? event.copy : task;
      const result = settled === 'completed' ? (asked.results.get(source.id) ?? null) : null;
      const code = task.error?.code ?? (settled === 'failed' ? codeOf(events) : null);
      facts.push({
        type: 'settled',
        taskId: task.id,
        state: settled,
        reason: task.reason,
        code,
        result,
      });
    }
    return facts;
  }

  /** That the task has a lease which it had not before, or waits, or goes on. */
  #begun(task: Task): Loose | null {
    const before = this.#leases.get(task.id);
    const now = leaseOf(task);
    if (now === null) return null;
    this.#leases.set(task.id, now);
    const { agentId, isWaiting, token } = now;
    const { capabilities } = task.profile.spec.requires;
    if (before === undefined) {
      const queue = task.profile.queue.name;
      return { type: 'started', taskId: task.id, token, agentId, queue, capabilities };
    }
    if (before.isWaiting === isWaiting) return null;
    return { type: isWaiting ? 'asked' : 'answered', taskId: task.id, token };
  }
}

function leaseOf(task: Task): Lease | null {
  const isWaiting = task.state === 'input_required';
  if ((task.state !== 'running' && !isWaiting) || task.agentId === null) return null;
  return { token: task.fencingToken, agentId: task.agentId, isWaiting };
}

/** Of the attempt that failed; null where none did. */
function codeOf(events: readonly CoreEvent[]): string | null {
  const failed = events.find((event) => event.type === 'attempt.failed');
  return failed?.failure.error.code ?? null;
}

function howEnded(events: readonly CoreEvent[]): LeaseEnd {
  const types = new Set(events.map(({ type }) => type));
  if (types.has('task.completed')) return 'completed';
  if (types.has('attempt.failed')) return 'failed';
  // One whose copy was faster is canceled, too.
  return types.has('task.canceled') || types.has('task.adopted') ? 'canceled' : 'released';
}

function settledState({ type }: CoreEvent): 'completed' | 'failed' | 'canceled' | 'purged' | null {
  switch (type) {
    case 'task.completed':
    case 'task.adopted':
      return 'completed';
    case 'task.failed':
      return 'failed';
    case 'task.canceled':
      return 'canceled';
    case 'task.purged':
      return 'purged';
    default:
      return null;
  }
}

function askedOf({ batch, texts }: Entry, { results }: Applied): Asked {
  const tasks = new Map<string, AskedTask>();
  const usage = new Map<string, Taken>();
  const resultOf = new Map<string, string>();
  for (const [position, command] of batch.commands.entries()) {
    const result = results[position];
    if (command.type === 'task.submit')
      for (const task of tasksOf(command)) tasks.set(task.id, task);
    if (command.type !== 'task.complete' && command.type !== 'task.fail') continue;
    for (const [item, { fencingToken, taskId, usage: used }] of command.items.entries()) {
      if (result?.type !== 'taken' || result.refused?.has(item) === true) continue;
      if (used !== undefined) {
        const micros = Math.round(used.costUsd * 1e6);
        usage.set(`${taskId} ${fencingToken}`, { tokens: used.tokens, micros });
      }
      if (command.type === 'task.complete') resultOf.set(taskId, texts[position]?.[item] ?? 'null');
    }
  }
  return { tasks, usage, results: resultOf };
}

function tasksOf({ flow, specs, tasks }: Extract<Command, { type: 'task.submit' }>): AskedTask[] {
  return tasks.map((item) => {
    const spec = specs[item.spec];
    if (spec === undefined) throw new Error(`task ${item.id} has no spec`);
    return {
      id: item.id,
      spec,
      item,
      flowId: flow?.id ?? null,
      dependsOn: item.dependsOn ?? [],
      copyOf: null,
    };
  });
}

function eventFacts(event: CoreEvent, asked: Asked): Loose[] {
  switch (event.type) {
    case 'task.submitted':
      return [
        { type: 'submitted', task: asked.tasks.get(event.task.id) ?? madeByCore(event.task) },
      ];
    case 'task.redriven':
      return [{ type: 'redriven', taskId: event.task.id, by: event.by, why: event.why }];
    case 'schedule.fired': {
      const { nominalAt, outcome, schedule, task } = event;
      return [{ type: 'fired', key: schedule.key, nominalAt, taskId: task.id, outcome }];
    }
    case 'schedule.skipped': {
      const { nominalAt, reason, schedule } = event;
      return [{ type: 'skipped', key: schedule.key, nominalAt, reason }];
    }
    case 'schedule.changed': {
      const { reason, schedule } = event;
      const { waiting } = schedule;
      if (reason !== 'waiting' || waiting === null) return [];
      return [{ type: 'waiting', key: schedule.key, ...waiting }];
    }
    default:
      return [];
  }
}

/** A task that no submit asked for: a firing's, or a copy. */
function madeByCore(task: Task): AskedTask {
  const { id, profile } = task;
  const item: Omit<NewTask, 'id' | 'spec' | 'payloadBytes'> = {};
  const { kind, taskId } = task.extra?.copyOf ?? {};
  const copyOf = kind === undefined || taskId === undefined ? null : { kind, taskId };
  return { id, spec: profile.spec, item, flowId: null, dependsOn: [], copyOf };
}
