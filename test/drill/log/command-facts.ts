/** What the commands of an entry say by themselves, and whether they were taken. */
import type { Command, CommandResult, CoreState, NewTask } from '../../../src/core/index.ts';
import type { Loose } from './entry-facts.ts';

type Reports = Extract<Command, { items: readonly { readonly fencingToken: number }[] }>;

/** @param texts - JSON texts that the entry has for the command */
export function commandFacts(
  state: CoreState,
  command: Command,
  result: CommandResult,
  texts: readonly string[] | null,
): Loose[] {
  switch (command.type) {
    case 'task.submit':
      return submitFacts(command, result);
    case 'task.complete':
    case 'task.fail':
    case 'task.release':
    case 'task.extend':
    case 'task.details':
    case 'task.ask':
    case 'task.output':
      return [...reportFacts(command, result), ...outputFacts(command, result, texts)];
    case 'task.answer':
      return command.items
        .filter((_, item) => isTaken(result, item))
        .map(({ answer, key, taskId }) => ({ type: 'answer', taskId, key, answer }));
    case 'operation.act':
      return command.taskIds
        .filter((_, item) => isTaken(result, item))
        .map((taskId) => ({ type: 'operated', operationId: command.operationId, taskId }));
    case 'task.retry':
      return command.taskIds
        .filter((_, item) => isTaken(result, item))
        .map((taskId) => ({ type: 'redriven', taskId, by: 'retry', why: null }));
    case 'schedule.fire':
      return command.items
        .filter((_, item) => isTaken(result, item))
        .map((item) => ({ type: 'moment', ...item }));
    default:
      return result.type === 'refused' ? [] : settingFacts(state, command);
  }
}

function isTaken(result: CommandResult, item: number): boolean {
  return result.type === 'taken' && result.refused?.has(item) !== true;
}

function submitFacts(
  { flow, tasks }: Extract<Command, { type: 'task.submit' }>,
  result: CommandResult,
): Loose[] {
  if (result.type !== 'submitted') return [];
  const { repeated, taskIds } = result.submitted;
  const facts: Loose[] = repeated.map((position) => ({
    type: 'repeated',
    taskId: taskIds[position] ?? '',
    item: tasks[position] as NewTask,
  }));
  if (flow !== undefined)
    facts.push({ type: 'flow', flowId: flow.id, budget: flow.budget ?? null });
  return facts;
}

function reportFacts(command: Reports, result: CommandResult): Loose[] {
  return command.items.map(({ fencingToken, taskId }, item) => ({
    type: 'reported',
    what: command.type,
    taskId,
    token: fencingToken,
    isTaken: isTaken(result, item),
  }));
}

function outputFacts(
  command: Command,
  result: CommandResult,
  texts: readonly string[] | null,
): Loose[] {
  if (command.type !== 'task.output') return [];
  let at = 0;
  const facts: Loose[] = [];
  for (const [item, { fencingToken, from, lengths, taskId }] of command.items.entries()) {
    const chunks = (texts ?? []).slice(at, at + lengths.length);
    at += lengths.length;
    if (isTaken(result, item))
      facts.push({ type: 'output', taskId, token: fencingToken, from, chunks });
  }
  return facts;
}

function settingFacts(state: CoreState, command: Command): Loose[] {
  switch (command.type) {
    case 'agent.register': {
      const { agentId, spec } = command;
      return [{ type: 'agent', agentId, slots: spec.slots, capabilities: spec.capabilities }];
    }
    case 'agent.enroll':
      return command.agentIds.map((agentId, i) => {
        const { capabilities = [], slots = 0 } = command.specs[command.specOf[i] ?? -1] ?? {};
        return { type: 'agent', agentId, slots, capabilities };
      });
    case 'limit.set':
      return [{ type: 'limit', name: command.limit, settings: command.settings }];
    case 'limit.remove':
      return [{ type: 'limit', name: command.limit, settings: null }];
    case 'queue.set':
    case 'queue.pause':
    case 'queue.resume':
      return queueFacts(state, command.queue);
    case 'schedule.set': {
      const { name, namespace, nextAt, settings } = command;
      const key = namespace === 'default' ? name : `${namespace}/${name}`;
      return [{ type: 'schedule', key, settings, nextAt }];
    }
    case 'schedule.pause':
      return [{ type: 'schedule-paused', key: command.key }];
    case 'schedule.resume':
      return [{ type: 'schedule-resumed', key: command.key, nextAt: command.nextAt }];
    case 'tree.cancel':
    case 'tree.kill':
      return [{ type: 'cut', target: command.target }];
    case 'agent.kill':
    case 'namespace.kill':
      return [{ type: 'killed', kind: kindOf(command.type), target: command.target }];
    case 'agent.restore':
    case 'namespace.restore':
      return [{ type: 'restored', kind: kindOf(command.type), target: command.target }];
    default:
      return [];
  }
}

function kindOf(type: string): 'agent' | 'namespace' {
  return type.startsWith('agent') ? 'agent' : 'namespace';
}

function queueFacts(state: CoreState, name: string): Loose[] {
  const queue = state.queues.get(name);
  if (queue === undefined) return [];
  const { concurrencyMax = null, rate = null } = queue.settings;
  return [{ type: 'queue', name, settings: { concurrencyMax, rate, isPaused: queue.paused } }];
}
