/**
 * What runs of each share, and which of the running tasks the batch at hand is expected to end.
 *
 * Owns: the mark that a task counts (`Task.share`). Does not own: the shares, gates that tasks pass.
 */
import { costOfTask, isGated, usesOf, type Task } from '../core/index.ts';
import {
  occupy,
  vacate,
  type CountedShare,
  type FairShare,
  type FairShares,
} from './fair-share.ts';
import type { Gates } from './gates.ts';
import { queueMirror } from './queue-mirror.ts';

export class RunningShares {
  readonly #shares: FairShares;
  readonly #gates: Gates;
  /** Tasks that are not counted as running because the batch at hand ends their attempt. */
  #ended: Task[] = [];
  /** Those of them that pass gates, each once, and also those that wait for input. */
  #endedGated: Set<Task> | null = null;

  constructor(shares: FairShares, gates: Gates) {
    this.#shares = shares;
    this.#gates = gates;
  }

  /** Counts a task in its share exactly while it runs. Whatever led here, core's record decides. */
  count(task: Task): void {
    const counted = task.share as FairShare | CountedShare | null;
    const isRunning = task.state === 'running';
    // One that never ran holds no gate; one that waited for input held its gates without being counted.
    if (!isRunning && task.fencingToken > 0 && isGated(task)) {
      for (const { gate } of usesOf(task)) this.#gates.wake(gate);
    }
    if (isRunning === (counted !== null)) return;
    if (counted === null) {
      const { plain, namespace } = queueMirror(this.#shares, task.profile.queue);
      const fairnessKey = task.extra?.control?.fairnessKey ?? null;
      const share = fairnessKey === null ? plain : this.#shares.key(namespace, fairnessKey);
      const cost = costOfTask(task, this.#shares.settings);
      task.share = cost === 1 ? share : { share, cost };
      occupy(share, cost);
      return;
    }
    uncount(task, counted);
  }

  /** @param isAlone - one share has all the work: then what the batch will change about shares does not matter */
  expectEnd(task: Task, isAlone: boolean): void {
    const counted = task.share as FairShare | CountedShare | null;
    if (counted !== null && !isAlone) {
      uncount(task, counted);
      this.#ended.push(task);
    }
    if (!isGated(task)) return;
    this.#endedGated ??= new Set();
    if (this.#endedGated.has(task)) return;
    this.#endedGated.add(task);
    this.#gates.expectEnd(task);
  }

  /** Drops what was expected of the last batch. O(its tasks). */
  batchApplied(): void {
    const ended = this.#ended;
    if (ended.length > 0) {
      this.#ended = [];
      for (const task of ended) this.count(task);
    }
    this.#endedGated = null;
    this.#gates.applied();
  }
}

function uncount(task: Task, counted: FairShare | CountedShare): void {
  task.share = null;
  if ('share' in counted) vacate(counted.share, counted.cost);
  else vacate(counted, 1);
}
