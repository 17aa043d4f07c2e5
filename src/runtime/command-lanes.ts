/**
 * Commands on their way into an entry, in three lanes: submits of the highest priority, whatever is no
 * submit, and all other submits.
 *
 * Each lane keeps its order. What frees resources never waits behind what brings work, and an entry
 * takes only some of the latter, so that no entry is long and the next urgent command is in the next one.
 */
import type { OrchestratorError } from '../base/errors.ts';
import type { Command, CommandResult } from '../core/index.ts';

export interface Proposal {
  readonly command: Command;
  readonly texts: readonly string[] | null;
  readonly items: number;
  readonly bytes: number;
  /** When it was proposed, in monotonic milliseconds. */
  readonly sinceMs: number;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: OrchestratorError) => void;
}

/** One entry takes at most about this much; the rest waits for the next. */
const ENTRY_ITEMS_MAX = 2_000;
const ENTRY_BYTES_MAX = 8 * 1024 * 1024;
/** … and of ordinary submits so many tasks. Larger entries are not cheaper a task; they only take longer. */
const ENTRY_SUBMITS_MAX = 2_000;
/** … where an entry is to be short, of what is no submit at most so many items for each task. */
const SHORT_OTHERS_FACTOR = 1.5;

/** The highest priority of the contract. */
const PRIORITY_MAX = 9;

type Lane = Proposal[];

export class CommandLanes {
  #urgent: Lane = [];
  #other: Lane = [];
  #submits: Lane = [];
  #items = 0;
  #bytes = 0;
  #submitTasks = 0;
  /** Ordinary submits waited, and the last entry had no room for one. */
  #wasPassedOver = false;

  /** Tasks of ordinary submits that an entry is to take at most; null where it need not be short. */
  shortTasks: number | null = null;

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Tasks of ordinary submits that wait. */
  get submitTasks(): number {
    return this.#submitTasks;
  }

  get isEmpty(): boolean {
    return this.#urgent.length + this.#other.length + this.#submits.length === 0;
  }

  /** The ordinary submit that waits for longest. */
  get oldestSubmit(): Proposal | undefined {
    return this.#submits[0];
  }

  add(proposal: Proposal): void {
    if (proposal.command.type !== 'task.submit') this.#other.push(proposal);
    else if (isUrgent(proposal)) this.#urgent.push(proposal);
    else {
      this.#submits.push(proposal);
      this.#submitTasks += proposal.items;
    }
    this.#items += proposal.items;
    this.#bytes += proposal.bytes;
  }

  /** Takes what makes the next entry; never nothing while something waits, and never passes a submit over twice. */
  take(): Proposal[] {
    const room = { items: ENTRY_ITEMS_MAX, bytes: ENTRY_BYTES_MAX };
    const taken: Proposal[] = [];
    if (this.#wasPassedOver) this.#takeSubmits(taken, { ...room, items: 0 });
    this.#urgent = fill(taken, this.#urgent, room);
    this.#takeOthers(taken, room);
    const submitsMax = this.shortTasks ?? ENTRY_SUBMITS_MAX;
    if (!this.#wasPassedOver) this.#takeSubmits(taken, { ...room, items: submitsMax });
    this.#wasPassedOver = this.#submits.length > 0 && !taken.some(isOrdinary);
    this.#forget(taken);
    return taken;
  }

  /** Puts back what was taken last and came to nothing: it is the next to be taken. */
  putBack(proposals: readonly Proposal[]): void {
    const submits = proposals.filter(isOrdinary);
    this.#urgent = [...proposals.filter(isUrgent), ...this.#urgent];
    this.#other = [
      ...proposals.filter((one) => one.command.type !== 'task.submit'),
      ...this.#other,
    ];
    this.#submits = [...submits, ...this.#submits];
    for (const { items } of submits) this.#submitTasks += items;
    for (const { bytes, items } of proposals) {
      this.#items += items;
      this.#bytes += bytes;
    }
  }

  /** Takes everything. */
  takeAll(): Proposal[] {
    const taken = [...this.#urgent, ...this.#other, ...this.#submits];
    this.#urgent = [];
    this.#other = [];
    this.#submits = [];
    this.#submitTasks = 0;
    this.#forget(taken);
    return taken;
  }

  /** Takes out ordinary submits that `isShed`, oldest first, until no more than so many tasks of them wait. */
  shed(submitTasksMax: number, isShed: (proposal: Proposal) => boolean): void {
    if (this.#submitTasks <= submitTasksMax) return;
    const gone: Proposal[] = [];
    this.#submits = this.#submits.filter((proposal) => {
      if (this.#submitTasks <= submitTasksMax || !isShed(proposal)) return true;
      this.#submitTasks -= proposal.items;
      gone.push(proposal);
      return false;
    });
    this.#forget(gone);
  }

  #takeOthers(taken: Proposal[], room: Room): void {
    const [head] = this.#other;
    if (this.shortTasks === null || head === undefined) {
      this.#other = fill(taken, this.#other, room);
      return;
    }
    const items = Math.max(this.shortTasks * SHORT_OTHERS_FACTOR, head.items);
    const short = { ...room, items };
    this.#other = fill(taken, this.#other, short);
    room.items -= items - short.items;
    room.bytes = short.bytes;
  }

  /** At least one whatever its number of tasks, if its bytes have room. */
  #takeSubmits(taken: Proposal[], room: Room): void {
    const [head] = this.#submits;
    if (head === undefined) return;
    const from = taken.length;
    this.#submits = fill(taken, this.#submits, {
      ...room,
      items: Math.max(room.items, head.items),
    });
    for (const { items } of taken.slice(from)) this.#submitTasks -= items;
  }

  #forget(proposals: readonly Proposal[]): void {
    for (const { bytes, items } of proposals) {
      this.#items -= items;
      this.#bytes -= bytes;
    }
  }
}

/** The highest priority among the specs of a submit: it is as urgent as the most urgent of its tasks. */
export function submitPriority(specs: readonly { readonly priority: number }[]): number {
  let highest = 0;
  for (const { priority } of specs) highest = Math.max(highest, priority);
  return highest;
}

/** Whether it is a submit of the highest priority. */
export function isUrgent({ command }: Proposal): boolean {
  return command.type === 'task.submit' && submitPriority(command.specs) >= PRIORITY_MAX;
}

function isOrdinary(proposal: Proposal): boolean {
  return proposal.command.type === 'task.submit' && !isUrgent(proposal);
}

interface Room {
  items: number;
  bytes: number;
}

/** Moves the head of `lane` to `taken` while there is room; returns the rest. */
function fill(taken: Proposal[], lane: Lane, room: Room): Lane {
  let count = 0;
  for (const proposal of lane) {
    const isFirst = taken.length === 0;
    if (!isFirst && (proposal.items > room.items || proposal.bytes > room.bytes)) break;
    room.items -= proposal.items;
    room.bytes -= proposal.bytes;
    taken.push(proposal);
    count += 1;
  }
  if (count === 0) return lane;
  return count === lane.length ? [] : lane.slice(count);
}
