/**
 * Is a history of concurrent operations one that a single copy of the object could have given?
 *
 * The algorithm of Wing and Gong with Lowe's memoisation, as in Porcupine: operations are put in an order one at a
 * time, each only if it began before every return still to come; a (set of ordered operations, state) that was seen
 * before is not tried again. Objects are independent, so each key is checked on its own.
 */

/** An operation of one client on one key. Moments are any numbers that order events. */
export interface Operation<Input, Output> {
  readonly key: string;
  readonly input: Input;
  readonly calledAt: number;
  /** `Infinity` where no answer came: the operation may have taken effect at any later moment, or never. */
  readonly returnedAt: number;
  /** `undefined` where no answer came. */
  readonly output: Output | undefined;
}

/** One object, as a deterministic machine. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The state after `input`, or `undefined` where it could not have given `output` (anything goes where unanswered). */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Equal for equal states only. */
  fingerprint(state: State): string | number;
}

export type Verdict = 'linearizable' | 'not linearizable' | 'too large';

export interface CheckResult {
  readonly verdict: Verdict;
  /** The first key that is not linearizable, or too large. */
  readonly key?: string;
}

const STEPS_MAX = 2_000_000;

/** Checks every key of a history. Cost: near linear for few clients; at worst exponential, then `too large`. */
export function checkLinearizability<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  stepsMax: number = STEPS_MAX,
): CheckResult {
  const keys = Map.groupBy(history, ({ key }) => key);
  for (const [key, operations] of keys) {
    const verdict = new Search(model, operations, stepsMax).run();
    if (verdict !== 'linearizable') return { verdict, key };
  }
  return { verdict: 'linearizable' };
}

/** A call or a return, in a list ordered by moment, from which ordered operations are lifted. */
interface Mark {
  readonly operation: number;
  readonly isCall: boolean;
  readonly at: number;
  next: Mark | undefined;
  previous: Mark | undefined;
}

interface Choice<State> {
  readonly call: Mark;
  readonly stateBefore: State;
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #head: Mark;
  readonly #returns: (Mark | undefined)[] = [];
  readonly #ordered: Uint32Array;
  readonly #seen = new Set<string>();
  readonly #stepsMax: number;
  #unanswered = 0;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    stepsMax: number,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#stepsMax = stepsMax;
    this.#ordered = new Uint32Array(Math.ceil(operations.length / 32) || 1);
    this.#head = this.#link();
  }

  run(): Verdict {
    const choices: Choice<State>[] = [];
    let answeredLeft = this.#operations.length - this.#unanswered;
    let state = this.#model.initial;
    let mark = this.#head.next;
    let steps = 0;
    while (answeredLeft > 0) {
      steps += 1;
      if (steps > this.#stepsMax) return 'too large';
      if (mark?.isCall === true) {
        const after = this.#try(mark, state);
        if (after === undefined) {
          mark = mark.next;
          continue;
        }
        choices.push({ call: mark, stateBefore: state });
        state = after;
        if (this.#returns[mark.operation] !== undefined) answeredLeft -= 1;
        this.#lift(mark);
        mark = this.#head.next;
        continue;
      }
      // A return comes before any call that fits: the last choice was wrong.
      const last = choices.pop();
      if (last === undefined) return 'not linearizable';
      state = last.stateBefore;
      if (this.#returns[last.call.operation] !== undefined) answeredLeft += 1;
      this.#flip(last.call.operation);
      this.#unlift(last.call);
      mark = last.call.next;
    }
    return 'linearizable';
  }

  /** Orders the operation next if the model allows it and the result is new; leaves it marked as ordered then. */
  #try(call: Mark, state: State): State | undefined {
    const operation = this.#operations[call.operation];
    if (operation === undefined) return undefined;
    const after = this.#model.step(state, operation.input, operation.output);
    if (after === undefined) return undefined;
    this.#flip(call.operation);
    const seen = `${this.#ordered.join()}|${this.#model.fingerprint(after)}`;
    if (this.#seen.has(seen)) {
      this.#flip(call.operation);
      return undefined;
    }
    this.#seen.add(seen);
    return after;
  }

  #flip(operation: number): void {
    const word = operation >>> 5;
    this.#ordered[word] = (this.#ordered[word] ?? 0) ^ (1 << (operation & 31));
  }

  /** Calls before returns of the same moment: operations that touch are concurrent. */
  #link(): Mark {
    const marks: Mark[] = [];
    for (const [operation, { calledAt, returnedAt }] of this.#operations.entries()) {
      marks.push(newMark(operation, true, calledAt));
      if (returnedAt === Infinity) {
        this.#unanswered += 1;
        this.#returns.push(undefined);
      } else {
        const end = newMark(operation, false, returnedAt);
        this.#returns.push(end);
        marks.push(end);
      }
    }
    marks.sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
    const head = newMark(-1, true, -Infinity);
    let tail = head;
    for (const mark of marks) {
      tail.next = mark;
      mark.previous = tail;
      tail = mark;
    }
    return head;
  }

  #lift(call: Mark): void {
    unlink(call);
    const end = this.#returns[call.operation];
    if (end !== undefined) unlink(end);
  }

  #unlift(call: Mark): void {
    const end = this.#returns[call.operation];
    if (end !== undefined) relink(end);
    relink(call);
  }
}

function newMark(operation: number, isCall: boolean, at: number): Mark {
  return { operation, isCall, at, next: undefined, previous: undefined };
}

function unlink(mark: Mark): void {
  if (mark.previous !== undefined) mark.previous.next = mark.next;
  if (mark.next !== undefined) mark.next.previous = mark.previous;
}

/** Puts a mark back where it was; in the reverse order of unlinking. */
function relink(mark: Mark): void {
  if (mark.previous !== undefined) mark.previous.next = mark;
  if (mark.next !== undefined) mark.next.previous = mark;
}
