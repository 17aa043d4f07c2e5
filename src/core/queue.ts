import { UNTRACKED, type Tracked } from './change-set.ts';
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

export function createQueue(name: string, settings: QueueSettings): Queue {
  return {
    name,
    settings,
    paused: false,
    held: false,
    scheduled: 0,
    blocked: 0,
    queued: 0,
    running: 0,
    input_required: 0,
    failed: 0,
    ...UNTRACKED,
  };
}
