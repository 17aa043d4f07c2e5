import { Fleet, type Job } from './fleet.ts';

/**
 * Agents that work on several tasks at once: the fleet has each of them once for each of its hands, and a hand works at the agent's
 * speed. A task goes to the hand with the fewest.
 */
export class Crew {
  readonly #fleet: Fleet;
  readonly #hands: number;
  readonly #size: number;

  /** @param speeds - by agent */
  constructor(speeds: Float64Array, hands: number) {
    this.#hands = hands;
    this.#size = speeds.length;
    const byHand = new Float64Array(speeds.length * hands);
    for (const [agent, speed] of speeds.entries())
      byHand.fill(speed, agent * hands, (agent + 1) * hands);
    this.#fleet = new Fleet(byHand);
  }

  /** Tasks at all agents. */
  get taskCount(): number {
    return this.#fleet.taskCount;
  }

  /** When the next task is done; infinity where there is none. */
  get nextEndMs(): number {
    return this.taskCount === 0 ? Infinity : this.#fleet.endMs(this.#fleet.next);
  }

  /** Takes the task out that is done next. */
  end(nowMs: number): { readonly agent: number; readonly job: Job } {
    const hand = this.#fleet.next;
    return { agent: Math.floor(hand / this.#hands), job: this.#fleet.shift(hand, nowMs) };
  }

  /** Tasks at the agent. */
  load(agent: number): number {
    let tasks = 0;
    for (let hand = agent * this.#hands; hand < this.#endOf(agent); hand++)
      tasks += this.#fleet.load(hand);
    return tasks;
  }

  speed(agent: number): number {
    return this.#fleet.speed(agent * this.#hands);
  }

  isDown(agent: number): boolean {
    return this.#fleet.isDown(agent * this.#hands);
  }

  isFailing(agent: number): boolean {
    return this.#fleet.isFailing(agent * this.#hands);
  }

  /** Milliseconds until one of its hands is free. */
  backlogMs(agent: number, nowMs: number): number {
    let least = Infinity;
    for (let hand = agent * this.#hands; hand < this.#endOf(agent); hand++)
      least = Math.min(least, this.#fleet.backlogMs(hand, nowMs));
    return least;
  }

  /** How long each agent's hands had something to do, all together. */
  workedMs(): Float64Array {
    const byHand = this.#fleet.workedMs();
    return Float64Array.from({ length: this.#size }, (_, agent) => {
      return this.#handsOf(agent).reduce((sum, hand) => sum + (byHand[hand] as number), 0);
    });
  }

  add(agent: number, job: Job, nowMs: number): void {
    let [best, fewest] = [-1, Infinity];
    for (let hand = agent * this.#hands; hand < this.#endOf(agent); hand++) {
      const tasks = this.#fleet.load(hand);
      if (tasks < fewest) [best, fewest] = [hand, tasks];
    }
    this.#fleet.add(best, job, nowMs);
  }

  /** As {@link Fleet.remove}. */
  remove(agent: number, task: number, isHedge: boolean, nowMs: number): number | null {
    for (const hand of this.#handsOf(agent)) {
      const workedMs = this.#fleet.remove(hand, task, isHedge, nowMs);
      if (workedMs !== null) return workedMs;
    }
    return null;
  }

  takeDown(agent: number): Job[] {
    return this.#handsOf(agent).flatMap((hand) => this.#fleet.takeDown(hand));
  }

  bringUp(agent: number): void {
    for (const hand of this.#handsOf(agent)) this.#fleet.bringUp(hand);
  }

  setFailing(agent: number, isFailing: boolean): void {
    for (const hand of this.#handsOf(agent)) this.#fleet.setFailing(hand, isFailing);
  }

  setSpeed(agent: number, speed: number, nowMs: number): void {
    for (const hand of this.#handsOf(agent)) this.#fleet.setSpeed(hand, speed, nowMs);
  }

  #endOf(agent: number): number {
    return (agent + 1) * this.#hands;
  }

  #handsOf(agent: number): number[] {
    return Array.from({ length: this.#hands }, (_, hand) => agent * this.#hands + hand);
  }
}
