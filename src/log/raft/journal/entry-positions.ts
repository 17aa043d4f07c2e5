import { invariant } from '../../../base/invariant.ts';

/** Places for so many entries are made at first. */
const CAPACITY_MIN = 1024;
/** Bytes kept for each entry: group, term, commands. */
const COLUMNS = 3;

/**
 * Where each entry of the log is: the group of the journal that holds it, its term, and how many commands the log has up
 * to and including it. 24 bytes an entry.
 *
 * Groups, terms and commands never fall from one entry to the next.
 */
export class EntryPositions {
  #baseIndex = 0;
  #baseTerm = 0;
  #baseCommands = 0;
  #count = 0;
  /** Entry `baseIndex + 1 + n` has its place at `head + n`. */
  #head = 0;
  #places: Float64Array = new Float64Array(CAPACITY_MIN * COLUMNS);

  /** Forgets everything: the next entry is the one behind `index`. */
  restart(index: number, term: number, commands: number): void {
    this.#baseIndex = index;
    this.#baseTerm = term;
    this.#baseCommands = commands;
    this.#count = 0;
    this.#head = 0;
  }

  get baseIndex(): number {
    return this.#baseIndex;
  }

  /** Commands up to and including the base. */
  get baseCommands(): number {
    return this.#baseCommands;
  }

  get lastIndex(): number {
    return this.#baseIndex + this.#count;
  }

  get lastCommands(): number {
    return this.commandsAt(this.lastIndex);
  }

  push(term: number, isCommand: boolean): void {
    const commands = this.lastCommands + (isCommand ? 1 : 0);
    this.#makeRoom();
    const at = (this.#head + this.#count) * COLUMNS;
    this.#places[at] = 0;
    this.#places[at + 1] = term;
    this.#places[at + 2] = commands;
    this.#count += 1;
  }

  /** Drops the entries from `index` on. */
  truncate(index: number): void {
    invariant(index > this.#baseIndex, 'entries before the base are never taken back');
    this.#count = Math.min(this.#count, index - 1 - this.#baseIndex);
  }

  /**
   * Drops the entries up to `index`, which becomes the base.
   *
   * @param term - of the new base; what is known of it by default
   */
  compact(index: number, term: number | undefined = this.termAt(index)): void {
    invariant(index >= this.#baseIndex && index <= this.lastIndex, 'the new base is in the log');
    this.#baseCommands = this.commandsAt(index);
    this.#baseTerm = term ?? this.#baseTerm;
    const dropped = index - this.#baseIndex;
    this.#head += dropped;
    this.#count -= dropped;
    this.#baseIndex = index;
  }

  /** Group of the entry at `index`; 0 while it is not in one, undefined where there is no such entry. */
  groupAt(index: number): number | undefined {
    return this.#has(index) ? this.#at(index, 0) : undefined;
  }

  setGroup(index: number, group: number): void {
    if (this.#has(index)) this.#places[this.#place(index)] = group;
  }

  /** Term of the entry at `index`, which may be the base. */
  termAt(index: number): number | undefined {
    if (index === this.#baseIndex) return this.#baseTerm;
    return this.#has(index) ? this.#at(index, 1) : undefined;
  }

  /** How many commands the log has up to and including `index`, which may be the base. */
  commandsAt(index: number): number {
    if (index === this.#baseIndex) return this.#baseCommands;
    invariant(this.#has(index), () => `entry ${index} must be in the log`);
    return this.#at(index, 2);
  }

  /** Index of the entry that is the log's `command`-th; the base for one before it. Binary search. */
  indexOfCommand(command: number): number {
    if (command <= this.#baseCommands) return this.#baseIndex;
    invariant(command <= this.lastCommands, () => `command ${command} must be in the log`);
    let low = this.#baseIndex + 1;
    let high = this.lastIndex;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#at(middle, 2) < command) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #has(index: number): boolean {
    return index > this.#baseIndex && index <= this.lastIndex;
  }

  #place(index: number): number {
    return (this.#head + index - this.#baseIndex - 1) * COLUMNS;
  }

  #at(index: number, column: number): number {
    return this.#places[this.#place(index) + column] as number;
  }

  #makeRoom(): void {
    const end = (this.#head + this.#count + 1) * COLUMNS;
    if (end <= this.#places.length) return;
    const kept = this.#places.subarray(this.#head * COLUMNS, (this.#head + this.#count) * COLUMNS);
    const isHalfEmpty = kept.length * 2 < this.#places.length;
    if (isHalfEmpty)
      this.#places.copyWithin(0, this.#head * COLUMNS, kept.byteOffset / 8 + kept.length);
    else {
      const larger = new Float64Array(this.#places.length * 2);
      larger.set(kept);
      this.#places = larger;
    }
    this.#head = 0;
  }
}
