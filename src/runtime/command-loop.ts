/**
 * The one loop that changes anything.
 *
 * A turn takes the commands that came in since the last one, adds the assignments that the scheduler
 * proposes for them, appends all of it to the log as one entry, and when that is durable applies it to
 * core and lets the effects out. One entry is under way at a time: what comes in meanwhile is the next
 * turn, so batches grow exactly as far as the disk makes them wait.
 *
 * Invariants
 *   C1  nothing is applied, answered or sent before the entry behind it is durable
 *   C2  entries are applied in log order, each once
 *   C3  after a failed log nothing is answered well any more
 */
import { OrchestratorError } from '../base/errors.ts';
import {
  apply,
  nextDeadline,
  type Applied,
  type Command,
  type CommandResult,
  type CoreState,
} from '../core/index.ts';
import type { ReplicatedLog } from '../log/index.ts';
import type { Clock } from './clock.ts';
import { encodeEntry, type Entry } from './entry-codec.ts';

/** What a turn asks for placement, and what it tells of the outcome. */
export interface TurnHooks {
  /** Assignments for this turn's commands, as a command; null when there is nothing to assign. */
  place(commands: readonly Command[], at: number): Command | null;
  /** Takes note of what an entry did; what leaves the process waits for {@link flush}. */
  applied(entry: Entry, applied: Applied): void;
  /** Lets out what {@link applied} gathered. */
  flush(): void;
  /** An entry was not kept: its proposed assignments are void. */
  dropped(entry: Entry): void;
  /** Whether waiting work could be placed although no command asks for it. */
  hasWork(): boolean;
  /** Moment at which waiting work may be placeable by itself, or null. */
  nextOpenAt(): number | null;
}

export interface CommandLoopOptions {
  readonly state: CoreState;
  readonly log: ReplicatedLog;
  readonly clock: Clock;
  readonly hooks: TurnHooks;
  readonly onEntry?: (bytes: number, items: number, durationMs: number) => void;
}

/** Commands waiting for their turn, at most; past it callers are refused. */
export const PENDING_ITEMS_MAX = 200_000;
export const PENDING_BYTES_MAX: number = 128 * 1024 * 1024;

/** One entry takes at most about this much; the rest waits for the next. */
const ENTRY_ITEMS_MAX = 20_000;
const ENTRY_BYTES_MAX = 8 * 1024 * 1024;

/** How long the loop leaves a full disk alone before its own commands try again. */
const FULL_PAUSE_MS = 1_000;

interface Proposal {
  readonly command: Command;
  readonly texts: readonly string[] | null;
  readonly items: number;
  readonly bytes: number;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: OrchestratorError) => void;
}

export class CommandLoop {
  readonly #options: CommandLoopOptions;
  #pending: Proposal[] = [];
  #pendingItems = 0;
  #pendingBytes = 0;
  #busy = false;
  #scheduled = false;
  #stopped: OrchestratorError | null = null;
  #pausedUntilMs = 0;
  #cancelPause: (() => void) | null = null;
  #deadline: { readonly at: number; readonly cancel: () => void } | null = null;
  #idle: (() => void)[] = [];

  constructor(options: CommandLoopOptions) {
    this.#options = options;
  }

  /** Commands and bytes that wait for their turn. */
  get backlog(): { readonly items: number; readonly bytes: number } {
    return { items: this.#pendingItems, bytes: this.#pendingBytes };
  }

  /**
   * Asks for a change; resolves with its result once it is durable and applied.
   *
   * @param texts - payloads or results of the command's items, as JSON text, in their order
   * @throws OrchestratorError `OVERLOADED` past the stated bounds, `LOG_FULL`, `LOG_ENTRY_TOO_LARGE`,
   *   `LOG_FAILED`, `STOPPED`:
   *   nothing was changed (after `LOG_FAILED` it may have been, which the next start finds out)
   */
  propose(command: Command, texts: readonly string[] | null = null): Promise<CommandResult> {
    if (this.#stopped !== null) return Promise.reject(this.#stopped);
    const items = itemsOf(command);
    const bytes = (texts === null ? 0 : lengthOf(texts)) + heldLength(command);
    if (this.#isFull(items, bytes)) return Promise.reject(overloaded(this.#pendingItems));
    return new Promise((resolve, reject) => {
      this.#pending.push({ command, texts, items, bytes, resolve, reject });
      this.#pendingItems += items;
      this.#pendingBytes += bytes;
      this.wake();
    });
  }

  /** Makes sure a turn comes soon. */
  wake(): void {
    if (this.#scheduled || this.#busy || this.#stopped !== null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#busy && this.#stopped === null) this.#turn();
    });
  }

  /** Takes no more proposals and resolves when the last entry is applied. */
  async stop(reason: OrchestratorError): Promise<void> {
    this.#stopped ??= reason;
    if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#cancelTimers();
    for (const proposal of this.#take(true)) proposal.reject(reason);
  }

  /** Resolves when no command waits and no entry is under way. */
  async drained(): Promise<void> {
    while (this.#busy || this.#pending.length > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #isFull(items: number, bytes: number): boolean {
    if (this.#pending.length === 0) return false;
    return (
      this.#pendingItems + items > PENDING_ITEMS_MAX ||
      this.#pendingBytes + bytes > PENDING_BYTES_MAX
    );
  }

  #take(all: boolean): Proposal[] {
    let [count, items, bytes] = [0, 0, 0];
    for (const proposal of this.#pending) {
      if (!all && count > 0 && items + proposal.items > ENTRY_ITEMS_MAX) break;
      if (!all && count > 0 && bytes + proposal.bytes > ENTRY_BYTES_MAX) break;
      count += 1;
      items += proposal.items;
      bytes += proposal.bytes;
    }
    const taken = this.#pending.slice(0, count);
    this.#pending = count === this.#pending.length ? [] : this.#pending.slice(count);
    this.#pendingItems -= items;
    this.#pendingBytes -= bytes;
    return taken;
  }

  #turn(): void {
    const { state, clock, hooks } = this.#options;
    const proposals = this.#take(false);
    const at = clock.now();
    const commands = proposals.map((proposal) => proposal.command);
    const texts: (readonly string[] | null)[] = proposals.map((proposal) => proposal.texts);
    if (clock.monotonicMs() >= this.#pausedUntilMs || proposals.length > 0) {
      const due = nextDeadline(state);
      if (due !== null && due <= Math.max(at, state.nowMs))
        commands.push({ type: 'clock.advance' });
      const assign = hooks.place(commands, at);
      if (assign !== null) commands.push(assign);
    }
    if (commands.length === 0) {
      this.#rest({ placeable: false });
      return;
    }
    const entry: Entry = { batch: { at, commands }, texts };
    this.#append(entry, proposals);
  }

  #append(entry: Entry, proposals: readonly Proposal[]): void {
    this.#busy = true;
    const { log, clock, onEntry } = this.#options;
    const startedMs = clock.monotonicMs();
    const body = encodeEntry(entry);
    log.append(body).then(
      (index) => {
        onEntry?.(body.byteLength, entry.batch.commands.length, clock.monotonicMs() - startedMs);
        this.#durable(index, entry, proposals);
      },
      (error: unknown) => this.#refused(error, entry, proposals),
    );
  }

  #durable(index: number, entry: Entry, proposals: readonly Proposal[]): void {
    const { state, hooks } = this.#options;
    const applied = apply(state, index, entry.batch);
    hooks.applied(entry, applied);
    this.#busy = false;
    // The next entry goes to the disk before this one's effects go out, so that the two overlap.
    if (this.#stopped === null) this.#turn();
    for (const [position, proposal] of proposals.entries()) {
      proposal.resolve(applied.results[position] as CommandResult);
    }
    hooks.flush();
    if (!this.#busy) this.#rest({ placeable: hooks.hasWork() });
  }

  #refused(error: unknown, entry: Entry, proposals: readonly Proposal[]): void {
    const { clock, hooks } = this.#options;
    this.#busy = false;
    const refusal = asLogError(error);
    if (refusal.code === 'LOG_FULL') {
      this.#pausedUntilMs = clock.monotonicMs() + FULL_PAUSE_MS;
      this.#cancelPause?.();
      this.#cancelPause = clock.setTimer(FULL_PAUSE_MS, () => this.wake());
    } else if (refusal.code !== 'LOG_ENTRY_TOO_LARGE') {
      this.#stopped ??= refusal;
      this.#cancelTimers();
    }
    hooks.dropped(entry);
    for (const proposal of proposals) proposal.reject(refusal);
    if (this.#stopped !== null) for (const proposal of this.#take(true)) proposal.reject(refusal);
    this.#rest({ placeable: refusal.code !== 'LOG_FULL' && hooks.hasWork() });
  }

  /** Nothing is under way: arms the timer of the next deadline, or goes on if there is work. */
  #rest({ placeable }: { readonly placeable: boolean }): void {
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#stopped !== null) return;
    const { state, clock, hooks } = this.#options;
    if (this.#pending.length > 0 || placeable) this.wake();
    if (clock.monotonicMs() < this.#pausedUntilMs) return;
    const due = earlier(nextDeadline(state), hooks.nextOpenAt());
    if (due === (this.#deadline?.at ?? null)) return;
    this.#deadline?.cancel();
    this.#deadline = due === null ? null : { at: due, cancel: this.#armDeadline(due) };
  }

  #cancelTimers(): void {
    this.#cancelPause?.();
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  #armDeadline(due: number): () => void {
    const { clock } = this.#options;
    // A step of the clock may leave the deadline in the future when the timer fires: then it is armed anew.
    return clock.setTimer(due - clock.now(), () => {
      this.#deadline = null;
      this.wake();
    });
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function itemsOf(command: Command): number {
  if ('items' in command) return command.items.length;
  if ('taskIds' in command) return command.taskIds.length;
  return command.type === 'task.submit' ? command.tasks.length : 1;
}

/** Text that a command itself carries, where that can be large. */
function heldLength(command: Command): number {
  switch (command.type) {
    case 'task.details':
      return command.items.reduce((sum, { details }) => sum + details.length, 0);
    case 'task.answer':
      return command.items.reduce((sum, { answer }) => sum + answer.length, 0);
    case 'task.ask':
      return command.items.reduce(
        (sum, item) =>
          sum + item.message.length + (item.schema?.length ?? 0) + (item.default?.length ?? 0),
        0,
      );
    default:
      return 0;
  }
}

function lengthOf(texts: readonly string[]): number {
  let length = 0;
  for (const text of texts) length += text.length;
  return length;
}

function overloaded(pending: number): OrchestratorError {
  return new OrchestratorError(
    'OVERLOADED',
    `at most ${PENDING_ITEMS_MAX} changes may wait for the log, got ${pending}; try again shortly`,
    { pending, retryAfterMs: 1_000 },
  );
}

function asLogError(error: unknown): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  return new OrchestratorError('LOG_FAILED', 'the log must take entries', {}, { cause: error });
}
