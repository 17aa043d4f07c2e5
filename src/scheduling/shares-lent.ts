import type { TaskId } from '../core/index.ts';
import { start, vacate, type FairShare } from './fair-share.ts';

/** What the proposals of the batch at hand count for, until core has granted or refused them. */
export class SharesLent {
  #shares: FairShare[] = [];
  #costs: number[] = [];
  #ids: TaskId[] = [];
  #refused: Set<TaskId> | null = null;

  /** Counts a proposed start. */
  start(share: FairShare, cost: number, id: TaskId): void {
    start(share, cost);
    this.#shares.push(share);
    this.#costs.push(cost);
    this.#ids.push(id);
  }

  refused(id: TaskId): void {
    this.#refused ??= new Set();
    this.#refused.add(id);
  }

  /** Forgets all of it: what was granted is counted by now, what was refused is refunded. */
  settle(): void {
    if (this.#shares.length === 0) {
      this.#refused = null;
      return;
    }
    const [shares, costs, ids, refused] = [this.#shares, this.#costs, this.#ids, this.#refused];
    this.#shares = [];
    this.#costs = [];
    this.#ids = [];
    this.#refused = null;
    for (let i = 0; i < shares.length; i++) {
      const [share, cost] = [shares[i] as FairShare, costs[i] as number];
      vacate(share, cost, refused?.has(ids[i] as TaskId));
    }
  }
}
