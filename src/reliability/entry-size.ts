/**
 * How many ordinary tasks an entry of the log takes while too much comes.
 *
 * What is urgent waits for the entry under way and then for its own: the shorter they are, the sooner it is
 * through. But each entry waits for the disk, and an event loop that idles meanwhile, with work waiting, does
 * less than it could: so entries are as short as they can be with the loop nearly always busy. Where something
 * urgent came lately they stay short all the same: its wait grows with them, what larger ones save is little. Pure.
 */

export const ENTRY_TASKS_MIN = 200;
export const ENTRY_TASKS_MAX = 1_000;
/** … while something urgent comes. */
export const ENTRY_TASKS_URGENT_MAX = 300;
/** Share of the time that the loop may idle: at none, entries could be shorter still. */
const IDLE_WANTED = 0.06;
/** Weight of the newest step in how much it idles: single steps swing with the disk. */
const NEWEST = 0.3;
/** Most that a step changes the size by. */
const GROWTH_MAX = 0.15;

export class EntrySize {
  #tasks = ENTRY_TASKS_MIN;
  #idle = IDLE_WANTED;

  get tasks(): number {
    return Math.round(this.#tasks);
  }

  /**
   * Takes a step.
   *
   * @param idleShare - share of the time in which the event loop had nothing to do, 0 to 1
   * @param waiting - changes that wait to be in an entry; where few do, idling says nothing about the disk
   * @param tasksMax - what it may grow to, at least {@link ENTRY_TASKS_MIN}
   */
  step(idleShare: number, waiting: number, tasksMax: number = ENTRY_TASKS_MAX): void {
    this.#tasks = Math.min(this.#tasks, tasksMax);
    this.#idle += NEWEST * (idleShare - this.#idle);
    const change = Math.min(GROWTH_MAX, this.#idle - IDLE_WANTED);
    if (change > 0 && waiting < this.#tasks) return;
    const tasks = this.#tasks * (1 + change);
    this.#tasks = Math.min(tasksMax, Math.max(ENTRY_TASKS_MIN, tasks));
  }
}
