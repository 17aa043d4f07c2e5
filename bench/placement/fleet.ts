/**
 * The agents of a run and the tasks that are at them: a million cost no objects.
 *
 * Each agent works on the first of its tasks, in the order in which they came; its tasks are a list through rows that
 * all agents share. What an event reads of an agent lies on one cache line, and of a task on half of one: with a column
 * for each field most of the time of a large run would be spent waiting for memory.
 */
import { grown } from '../../src/base/grown.ts';
import { MemberHeap } from '../../src/scheduling/member-heap.ts';

/** A task that is sent to an agent. */
export interface Job {
  readonly task: number;
  readonly sentMs: number;
  /** Work that is left of it: milliseconds at speed 1. */
  readonly leftMs: number;
  readonly fails: boolean;
  /** The second attempt of a task that is under way elsewhere. */
  readonly isHedge: boolean;
}

const NONE = -1;

/** Fields of an agent's record, eight bytes each. */
const FIELDS = 8;
const SPEED = 0;
/** The moment up to which the work done is taken off the first task. */
const SINCE = 1;
/** The moment from which the first task has been worked on. */
const BEGUN = 2;
const END = 3;
/** How long it had something to do, up to its last change. */
const WORKED = 4;
/** Of the same record, four bytes each: rows of its first and last task, their number, and two bits. */
const HALVES = 16;
const FIRST = 10;
const LAST = 11;
const COUNT = 12;
const STATE = 13;
const DOWN = 1;
const FAILING = 2;

/** Fields of a row, eight bytes each, and then four. */
const ROW_FIELDS = 4;
const SENT = 0;
const LEFT = 1;
const ROW_HALVES = 8;
const TASK = 4;
const NEXT = 5;
const MARKS = 6;
const FAILS = 1;
const HEDGE = 2;

/** 72 bytes an agent, 32 a row. */
export class Fleet {
  readonly #size: number;
  readonly #agents: Float64Array;
  /** The same bytes. */
  readonly #halves: Int32Array;
  readonly #ends: MemberHeap;
  #rows: Float64Array;
  #rowHalves: Int32Array;
  #rowsUsed = 0;
  #unused = NONE;
  #taskCount = 0;

  /** @param speeds - by agent; copied */
  constructor(speeds: Float64Array) {
    this.#size = speeds.length;
    this.#agents = new Float64Array(this.#size * FIELDS);
    this.#halves = new Int32Array(this.#agents.buffer);
    this.#ends = new MemberHeap((a, b) => this.endMs(a) < this.endMs(b), this.#size);
    for (const [agent, speed] of speeds.entries()) {
      this.#set(agent, SPEED, speed);
      this.#setHalf(agent, FIRST, NONE);
    }
    this.#rows = new Float64Array(Math.max(16, this.#size) * ROW_FIELDS);
    this.#rowHalves = new Int32Array(this.#rows.buffer);
  }

  /** Tasks at all agents. */
  get taskCount(): number {
    return this.#taskCount;
  }

  /** The agent whose first task is done first, or -1 where none has any. */
  get next(): number {
    return this.#ends.top;
  }

  /** When the agent's first task will be done; only for one that has any. */
  endMs(agent: number): number {
    return this.#get(agent, END);
  }

  /** Tasks at the agent. */
  load(agent: number): number {
    return this.#half(agent, COUNT);
  }

  speed(agent: number): number {
    return this.#get(agent, SPEED);
  }

  isDown(agent: number): boolean {
    return (this.#half(agent, STATE) & DOWN) !== 0;
  }

  isFailing(agent: number): boolean {
    return (this.#half(agent, STATE) & FAILING) !== 0;
  }

  /** Milliseconds until all that the agent has is done. O(its tasks). */
  backlogMs(agent: number, nowMs: number): number {
    let row = this.#half(agent, FIRST);
    if (row < 0) return 0;
    let left = 0;
    for (; row >= 0; row = this.#rowHalf(row, NEXT)) left += this.#leftMs(row);
    return Math.max(0, left / this.speed(agent) - (nowMs - this.#get(agent, SINCE)));
  }

  /** How long each agent had something to do. */
  workedMs(): Float64Array {
    return Float64Array.from({ length: this.#size }, (_, agent) => this.#get(agent, WORKED));
  }

  /** Puts a task behind those of the agent. */
  add(agent: number, { fails, isHedge, leftMs, sentMs, task }: Job, nowMs: number): void {
    const row = this.#takeRow();
    this.#rows[row * ROW_FIELDS + SENT] = sentMs;
    this.#rows[row * ROW_FIELDS + LEFT] = leftMs;
    this.#setRowHalf(row, TASK, task);
    this.#setRowHalf(row, NEXT, NONE);
    this.#setRowHalf(row, MARKS, (fails ? FAILS : 0) | (isHedge ? HEDGE : 0));
    this.#count(agent, 1);
    const isFirst = this.load(agent) === 1;
    if (isFirst) this.#setHalf(agent, FIRST, row);
    else this.#setRowHalf(this.#half(agent, LAST), NEXT, row);
    this.#setHalf(agent, LAST, row);
    if (isFirst) this.#begin(agent, nowMs);
  }

  /** Takes the first task out, which is done or has failed. */
  shift(agent: number, nowMs: number): Job {
    this.#work(agent, nowMs);
    const job = this.#takeFirst(agent);
    this.#begin(agent, nowMs);
    return job;
  }

  /**
   * Takes an attempt at a task out that is not wanted any more.
   *
   * Returns how long the agent has worked on it, in milliseconds; null where it is not there. O(tasks of the agent).
   */
  remove(agent: number, task: number, isHedge: boolean, nowMs: number): number | null {
    let before = NONE;
    let row = this.#half(agent, FIRST);
    while (row >= 0 && !this.#isAttempt(row, task, isHedge)) {
      before = row;
      row = this.#rowHalf(row, NEXT);
    }
    if (row < 0) return null;
    if (before < 0) {
      const workedMs = nowMs - this.#get(agent, BEGUN);
      this.shift(agent, nowMs);
      return workedMs;
    }
    this.#setRowHalf(before, NEXT, this.#rowHalf(row, NEXT));
    if (this.#half(agent, LAST) === row) this.#setHalf(agent, LAST, before);
    this.#count(agent, -1);
    this.#release(row);
    return 0;
  }

  /** The agent goes down, and its tasks leave it, in order. What it has done of the first counts for nothing. */
  takeDown(agent: number): Job[] {
    this.#setState(agent, DOWN, true);
    const jobs: Job[] = [];
    while (this.load(agent) > 0) jobs.push(this.#takeFirst(agent));
    this.#ends.remove(agent);
    return jobs;
  }

  bringUp(agent: number): void {
    this.#setState(agent, DOWN, false);
  }

  setFailing(agent: number, isFailing: boolean): void {
    this.#setState(agent, FAILING, isFailing);
  }

  setSpeed(agent: number, speed: number, nowMs: number): void {
    const row = this.#half(agent, FIRST);
    if (row >= 0) {
      const done = (nowMs - this.#get(agent, SINCE)) * this.speed(agent);
      this.#rows[row * ROW_FIELDS + LEFT] = this.#leftMs(row) - done;
      this.#work(agent, nowMs);
    }
    this.#set(agent, SPEED, speed);
    this.#set(agent, SINCE, nowMs);
    this.#schedule(agent);
  }

  #begin(agent: number, nowMs: number): void {
    this.#set(agent, SINCE, nowMs);
    this.#set(agent, BEGUN, nowMs);
    this.#schedule(agent);
  }

  #schedule(agent: number): void {
    const row = this.#half(agent, FIRST);
    if (row < 0) {
      this.#ends.remove(agent);
      return;
    }
    this.#set(agent, END, this.#get(agent, SINCE) + this.#leftMs(row) / this.speed(agent));
    this.#ends.put(agent);
  }

  #work(agent: number, nowMs: number): void {
    this.#set(agent, WORKED, this.#get(agent, WORKED) + nowMs - this.#get(agent, SINCE));
  }

  #count(agent: number, tasks: number): void {
    this.#setHalf(agent, COUNT, this.load(agent) + tasks);
    this.#taskCount += tasks;
  }

  #takeFirst(agent: number): Job {
    const row = this.#half(agent, FIRST);
    const marks = this.#rowHalf(row, MARKS);
    const job = {
      task: this.#rowHalf(row, TASK),
      sentMs: this.#rows[row * ROW_FIELDS + SENT] as number,
      leftMs: this.#leftMs(row),
      fails: (marks & FAILS) !== 0,
      isHedge: (marks & HEDGE) !== 0,
    };
    this.#setHalf(agent, FIRST, this.#rowHalf(row, NEXT));
    this.#count(agent, -1);
    this.#release(row);
    return job;
  }

  #isAttempt(row: number, task: number, isHedge: boolean): boolean {
    const marked = (this.#rowHalf(row, MARKS) & HEDGE) !== 0;
    return this.#rowHalf(row, TASK) === task && marked === isHedge;
  }

  #takeRow(): number {
    const row = this.#unused;
    if (row >= 0) {
      this.#unused = this.#rowHalf(row, NEXT);
      return row;
    }
    if (this.#rowsUsed * ROW_FIELDS === this.#rows.length) {
      this.#rows = grown(this.#rows, new Float64Array(this.#rows.length * 2));
      this.#rowHalves = new Int32Array(this.#rows.buffer);
    }
    return this.#rowsUsed++;
  }

  #release(row: number): void {
    this.#setRowHalf(row, NEXT, this.#unused);
    this.#unused = row;
  }

  #setState(agent: number, bit: number, on: boolean): void {
    const state = this.#half(agent, STATE);
    this.#setHalf(agent, STATE, on ? state | bit : state & ~bit);
  }

  #get(agent: number, field: number): number {
    return this.#agents[agent * FIELDS + field] as number;
  }

  #set(agent: number, field: number, value: number): void {
    this.#agents[agent * FIELDS + field] = value;
  }

  #half(agent: number, field: number): number {
    return this.#halves[agent * HALVES + field] as number;
  }

  #setHalf(agent: number, field: number, value: number): void {
    this.#halves[agent * HALVES + field] = value;
  }

  #leftMs(row: number): number {
    return this.#rows[row * ROW_FIELDS + LEFT] as number;
  }

  #rowHalf(row: number, field: number): number {
    return this.#rowHalves[row * ROW_HALVES + field] as number;
  }

  #setRowHalf(row: number, field: number, value: number): void {
    this.#rowHalves[row * ROW_HALVES + field] = value;
  }
}
