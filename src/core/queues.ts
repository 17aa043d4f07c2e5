/** What operators do to queues. */
import type { Command } from './command.ts';
import { fitQueueGate } from './gates.ts';
import { reject, type Rejection } from './rejection.ts';
import { removeQueue } from './remove-queue.ts';
import type { Step } from './step.ts';
import type { QueueChange, QueueSettings } from './spec.ts';
import { internQueue } from './transition.ts';

type SetQueue = Extract<Command, { type: 'queue.set' }>;
type QueueCommand = Extract<Command, { type: `queue.${string}` }>;

/** Any of the changes that operators ask for. */
export function changeQueue(step: Step, command: QueueCommand): Rejection | null {
  if (command.type === 'queue.set') return setQueue(step, command);
  if (command.type === 'queue.remove') return removeQueue(step, command.queue);
  return pauseQueue(step, command.queue, command.type === 'queue.pause');
}

/** Makes a queue, or changes the settings that are given. */
function setQueue(step: Step, command: SetQueue): Rejection | null {
  const { state, events } = step;
  const full = state.queues.size >= state.settings.queuesMax;
  if (full && !state.queues.has(command.queue)) {
    return reject('QUEUE_LIMIT', `there can be at most ${state.settings.queuesMax} queues`, {
      queuesMax: state.settings.queuesMax,
    });
  }
  const queue = internQueue(state, command.queue);
  state.queueChanges.touch(queue);
  queue.settings = changed(queue.settings, command.settings);
  fitQueueGate(state, queue);
  events.push({ type: 'queue.changed', queue });
  return null;
}

function changed(settings: QueueSettings, change: QueueChange): QueueSettings {
  const { concurrencyMax, depthMax, rate, strategy } = { ...settings, ...change };
  return {
    strategy,
    depthMax,
    ...(concurrencyMax == null ? {} : { concurrencyMax }),
    ...(rate == null ? {} : { rate }),
  };
}

/** Stops or lets go on the start of waiting tasks; running ones are not touched. */
function pauseQueue(step: Step, name: string, paused: boolean): Rejection | null {
  const { state, events } = step;
  const queue = state.queues.get(name);
  if (queue === undefined) {
    return reject('QUEUE_NOT_FOUND', `a queue must exist, got ${name}`, { queue: name });
  }
  if (queue.paused === paused) return null;
  state.queueChanges.touch(queue);
  queue.paused = paused;
  events.push({ type: 'queue.changed', queue });
  return null;
}
