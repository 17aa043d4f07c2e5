import { UNTRACKED, type Tracked } from './change-set.ts';
import type { GateUse } from './gate.ts';
import type { QueueSettings } from './spec.ts';

/** Where tasks of one kind of work wait. Made by its first task or by an operator. */
export interface Queue extends Tracked {
  /** Name within the namespace, after `namespace/` unless that is `default`. */
  readonly name: string;
  settings: QueueSettings;
  /** While true no waiting task starts; running ones go on. */
  paused: boolean;
  /** While true its namespace is killed, and nothing of it starts. Derived. */
  held: boolean;
  /** Holds it to its own limits, or null where it has none; derived from the settings. */
  gate: GateUse | null;
  /** What the scheduler keeps of it, or null. Not part of the state. */
  mirror: object | null;
  /** Tasks in each live state. */
  scheduled: number;
  blocked: number;
  queued: number;
  running: number;
  input_required: number;
  failed: number;
}

/** The name a queue is known by across namespaces. */
export function queueName(namespace: string, queue: string): string {
  return namespace === 'default' ? queue : `${namespace}/${queue}`;
}

/** The namespace in such a name. */
export function namespaceOf(queue: string): string {
  const at = queue.indexOf('/');
  return at < 0 ? 'default' : queue.slice(0, at);
}

export function createQueue(name: string, settings: QueueSettings): Queue {
  return {
    name,
    settings,
    paused: false,
    held: false,
    gate: null,
    mirror: null,
    scheduled: 0,
    blocked: 0,
    queued: 0,
    running: 0,
    input_required: 0,
    failed: 0,
    ...UNTRACKED,
  };
}
