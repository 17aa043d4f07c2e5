/** What breakers see of an entry: attempts as they begin and end, and the breakers themselves, in core's order. */
import type { Applied, CoreEvent, CoreState, TaskId } from '../../../src/core/index.ts';
import type { Entry } from '../../../src/runtime/entry-codec.ts';
import type { Loose } from './entry-facts.ts';

type Changed = Extract<CoreEvent, { type: 'breaker.changed' }>;
type Said = { readonly isRetryable: boolean; readonly blames: string | null };

/** Of an attempt that the server broke off: another may follow, and nobody was blamed. */
const BROKEN: Said = { isRetryable: true, blames: null };

export class CallFacts {
  /** Tokens of running attempts, by task. */
  readonly #running = new Map<string, number>();
  /** Breakers that are kept, by key, each with a number of its own. */
  #kept = new Map<string, { readonly seq: number; readonly loose: Loose }>();

  of(state: CoreState, entry: Entry, { events }: Applied): Loose[] {
    const forgotten = this.#forgotten(state, events);
    return [
      ...settings(entry),
      ...forgotten.before,
      ...this.#over(state, events),
      ...events.flatMap((_, at) => this.#seen(state, entry, events, at)),
      // Those that began in this very entry.
      ...this.#over(state, []),
      ...forgotten.after,
    ];
  }

  /** Nothing is counted by a breaker in an entry before it is forgotten; it may have closed before. */
  #forgotten(state: CoreState, events: readonly CoreEvent[]): Record<'before' | 'after', Loose[]> {
    const gone = { before: [] as Loose[], after: [] as Loose[] };
    const now = new Map<string, { readonly seq: number; readonly loose: Loose }>();
    for (const { key, kind, name, seq } of state.records.breakers.values())
      now.set(key, { seq, loose: { type: 'breaker-forgotten', kind, name } });
    const changed = new Set(events.filter(isChange).map(({ breaker }) => breaker.key));
    for (const [key, { loose, seq }] of this.#kept)
      if (now.get(key)?.seq !== seq) gone[changed.has(key) ? 'after' : 'before'].push(loose);
    this.#kept = now;
    return gone;
  }

  /** Attempts that are over without an event that says how. */
  #over(state: CoreState, events: readonly CoreEvent[]): Loose[] {
    const told = new Set(events.filter(isEnd).map(({ task }) => task.id as string));
    const facts: Loose[] = [];
    for (const [taskId, token] of this.#running) {
      const task = state.tasks.get(taskId as TaskId);
      const isHeld = task !== undefined && task.agentId !== null && task.fencingToken === token;
      if (isHeld || told.has(taskId)) continue;
      this.#running.delete(taskId);
      facts.push({ type: 'call-ended', taskId, token, how: 'over', code: null, ...BROKEN });
    }
    return facts;
  }

  #seen(state: CoreState, entry: Entry, events: readonly CoreEvent[], at: number): Loose[] {
    const event = events[at];
    if (event?.type === 'breaker.changed') return [changeFact(event, events.slice(at + 1))];
    if (event?.type === 'task.assigned') {
      const { agent, task } = event;
      const { requires, rules } = task.profile.spec;
      const { capabilities } = requires;
      const [taskId, token, agentId] = [task.id, state.index, agent.id];
      this.#running.set(taskId, token);
      const downstreams = rules?.downstreams ?? [];
      return [{ type: 'call-began', taskId, token, agentId, capabilities, downstreams }];
    }
    if (event === undefined || !isEnd(event)) return [];
    const taskId = event.task.id;
    const token = this.#running.get(taskId);
    if (token === undefined) return [];
    this.#running.delete(taskId);
    const isFailed = event.type === 'attempt.failed';
    const how = isFailed ? 'failed' : 'completed';
    const code = isFailed ? event.failure.error.code : null;
    return [{ type: 'call-ended', taskId, token, how, code, ...said(entry, taskId, token) }];
  }
}

function isChange(event: CoreEvent): event is Changed {
  return event.type === 'breaker.changed';
}

function isEnd(
  event: CoreEvent,
): event is Extract<CoreEvent, { type: 'task.completed' | 'attempt.failed' }> {
  return event.type === 'task.completed' || event.type === 'attempt.failed';
}

/** An event has the breaker as it was after the entry: where it went first is where the next event finds it. */
function changeFact({ breaker, from }: Changed, later: readonly CoreEvent[]): Loose {
  const { kind, name, openUntil, state } = breaker;
  const next = later.filter(isChange).find((event) => event.breaker === breaker);
  const to = next?.from ?? state;
  const isKnown = next === undefined && to === 'open' && openUntil > 0;
  return { type: 'breaker-changed', kind, name, from, to, openUntil: isKnown ? openUntil : null };
}

/** What an agent said of its failure. */
function said({ batch }: Entry, taskId: string, token: number): Said {
  for (const command of batch.commands) {
    if (command.type !== 'task.fail') continue;
    const item = command.items.find((one) => one.taskId === taskId && one.fencingToken === token);
    if (item !== undefined) return { isRetryable: item.retryable, blames: item.downstream ?? null };
  }
  return BROKEN;
}

function settings({ batch }: Entry): Loose[] {
  return batch.commands.flatMap((command): Loose[] => {
    if (command.type === 'breaker.set') {
      const { kind, name, settings: change } = command;
      return [{ type: 'breaker-set', kind, name, settings: change }];
    }
    if (command.type !== 'breaker.force') return [];
    const { kind, name, to } = command;
    return [{ type: 'breaker-forced', kind, name, to }];
  });
}
