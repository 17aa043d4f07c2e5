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
 *   C4  while it follows another process it appends nothing, and applies what that one appended
 */
import { OrchestratorError } from '../base/errors.ts';
import { invariant } from '../base/invariant.ts';
import {
  apply,
  nextDeadline,
  type Applied,
  type Command,
  type CommandResult,
  type CoreState,
} from '../core/index.ts';
import type { LogEntry, ReplicatedLog } from '../log/index.ts';
import type { Clock } from './clock.ts';
import { CommandLanes, isUrgent, type Proposal } from './command-lanes.ts';
import { decodeEntry, encodeEntry, type Entry } from './entry-codec.ts';
import { EntryTime } from './entry-time.ts';

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
  /** Whether another turn would go on with what {@link place} had no time for. */
  isUnfinished?(): boolean;
  /** Moment at which waiting work may be placeable by itself, or null. */
  nextOpenAt(): number | null;
}

export interface CommandLoopOptions {
  readonly state: CoreState;
  readonly log: ReplicatedLog;
  readonly clock: Clock;
  readonly hooks: TurnHooks;
  readonly onEntry?: (bytes: number, items: number, durationMs: number) => void;
  /** Another process appends, until {@link CommandLoop.lead}. */
  readonly follows?: boolean;
  /** Told after each entry what waited for it. */
  readonly onWaited?: (waited: Waited) => void;
  /** Told when less waits than did. */
  readonly onRoom?: () => void;
}

/** How long commands of one entry waited to be applied. */
export interface Waited {
  /** Least wait of an ordinary submit, or where there was none of any command; in milliseconds. */
  readonly leastMs: number;
  readonly hasSubmits: boolean;
  /** Tasks of its submits. */
  readonly tasks: number;
}

/** Commands waiting for their turn, at most; past it callers are refused. */
export const PENDING_ITEMS_MAX = 200_000;
export const PENDING_BYTES_MAX: number = 128 * 1024 * 1024;

/** Refusals of a log that many share after which the same entry may be taken, and how long it is left alone. */
const NOT_YET_CODES = new Set(['NOT_LEADER', 'OVERLOADED']);
const NOT_YET_MS = 20;

/** Tasks that each cause may reach in one entry beside those that its commands name: some milliseconds of work. */
const STEP_MAX = 500;

/** How long the loop leaves a full disk alone before its own commands try again. */
const FULL_PAUSE_MS = 1_000;

interface UnderWay {
  readonly entry: Entry;
  readonly proposals: readonly Proposal[];
}

export class CommandLoop {
  readonly #options: CommandLoopOptions;
  readonly #pending = new CommandLanes();
  readonly #time: EntryTime;
  /** The entry under way holds a command proposed then. */
  #underWaySinceMs: number | null = null;
  #follows: boolean;
  /** The entry that the log has not taken yet. */
  #underWay: UnderWay | null = null;
  /** The one that another loop is to apply. */
  #givenUp: UnderWay | null = null;
  #busy = false;
  #scheduled = false;
  #stopped: OrchestratorError | null = null;
  #pausedUntilMs = 0;
  #cancelPause: (() => void) | null = null;
  /** Waits a moment before the same entry is tried again. */
  #isHeld = false;
  #cancelHold: (() => void) | null = null;
  #deadline: { readonly at: number; readonly cancel: () => void } | null = null;
  #idle: (() => void)[] = [];

  constructor(options: CommandLoopOptions) {
    this.#options = options;
    this.#time = new EntryTime(options.clock, options.state);
    this.#follows = options.follows === true;
  }

  /** Appends from now on: everything in the log is applied, and no other process appends. */
  lead(): void {
    this.#follows = false;
    this.wake();
  }

  /** Applies an entry that another process appended; the next one that is not applied. */
  follow({ body, index }: LogEntry): void {
    invariant(this.#follows, 'a loop that appends applies its own entries');
    const { hooks, state } = this.#options;
    const entry = decodeEntry(body);
    hooks.applied(entry, apply(state, index, entry.batch));
    hooks.flush();
  }

  /** Commands and bytes that wait for their turn. */
  get backlog(): { readonly items: number; readonly bytes: number } {
    return { items: this.#pending.items, bytes: this.#pending.bytes };
  }

  /** Tasks that ordinary submits bring to an entry at most, so that what is urgent is soon in one; null for no such bound. */
  set shortEntryTasks(tasks: number | null) {
    this.#pending.shortTasks = tasks;
  }

  get shortEntryTasks(): number | null {
    return this.#pending.shortTasks;
  }

  /** Tasks of ordinary submits that wait for their turn. */
  get waitingTasks(): number {
    return this.#pending.submitTasks;
  }

  /** How long the ordinary submit that is not applied yet waits for longest; 0 when none waits. */
  get longestWaitMs(): number {
    const sinceMs = this.#underWaySinceMs ?? this.#pending.oldestSubmit?.sinceMs;
    return sinceMs === undefined ? 0 : this.#options.clock.monotonicMs() - sinceMs;
  }

  /**
   * Refuses ordinary submits that wait, oldest first, until no more than so many of their tasks do.
   *
   * @param refusal - the error of one that is refused, or null to leave it
   */
  shed(
    tasksMax: number,
    refusal: (command: Command, tasks: number) => OrchestratorError | null,
  ): void {
    this.#pending.shed(tasksMax, ({ command, items, reject }) => {
      const error = refusal(command, items);
      if (error !== null) reject(error);
      return error !== null;
    });
  }

  /** Whether nothing waits for a turn and no entry is under way. */
  get isIdle(): boolean {
    return !this.#busy && !this.#scheduled && this.#pending.isEmpty;
  }

  /**
   * Asks for a change; resolves with its result once it is durable and applied.
   *
   * @param texts - payloads or results of the command's items, as JSON text, in their order
   * @param sinceMs - when it came, in monotonic milliseconds, where it waited elsewhere first
   * @throws OrchestratorError `NOT_LEADER`; `OVERLOADED` past the stated bounds, `LOG_FULL`, `LOG_ENTRY_TOO_LARGE`,
   *   `LOG_FAILED`, `STOPPED`:
   *   nothing was changed (after `LOG_FAILED` it may have been, which the next start finds out)
   */
  propose(
    command: Command,
    texts: readonly string[] | null = null,
    sinceMs: number = this.#options.clock.monotonicMs(),
  ): Promise<CommandResult> {
    if (this.#stopped !== null) return Promise.reject(this.#stopped);
    if (this.#follows) return Promise.reject(notLeader());
    const items = itemsOf(command);
    const bytes = (texts === null ? 0 : lengthOf(texts)) + heldLength(command);
    if (this.#isFull(items, bytes)) return Promise.reject(overloaded(this.#pending.items));
    return new Promise((resolve, reject) => {
      this.#pending.add({ command, texts, items, bytes, sinceMs, resolve, reject });
      this.wake();
    });
  }

  /** Makes sure a turn comes soon. */
  wake(): void {
    if (this.#scheduled || this.#busy || this.#follows || this.#isHeld || this.#stopped !== null)
      return;
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
    for (const proposal of this.#pending.takeAll()) proposal.reject(reason);
    this.#options.onRoom?.();
  }

  /**
   * Stops for another loop that goes on with the state: the entry under way is that one's to apply, should it be
   * committed, and whoever proposed it learns that it may have been.
   */
  giveUp(reason: OrchestratorError): Promise<void> {
    this.#givenUp = this.#underWay;
    this.#underWay = null;
    return this.stop(reason);
  }

  /** Resolves when no command waits and no entry is under way. */
  async drained(): Promise<void> {
    while (this.#busy || !this.#pending.isEmpty) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #isFull(items: number, bytes: number): boolean {
    if (this.#pending.isEmpty) return false;
    return (
      this.#pending.items + items > PENDING_ITEMS_MAX ||
      this.#pending.bytes + bytes > PENDING_BYTES_MAX
    );
  }

  #turn(): void {
    const { state, clock, hooks } = this.#options;
    const proposals = this.#pending.take();
    const at = this.#time.now();
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
      const isPaused = clock.monotonicMs() < this.#pausedUntilMs;
      this.#rest({ placeable: !isPaused && hooks.isUnfinished?.() === true });
      return;
    }
    const entry: Entry = { batch: { at, commands, stepMax: STEP_MAX }, texts };
    this.#append(entry, proposals);
    this.#options.onRoom?.();
  }

  #append(entry: Entry, proposals: readonly Proposal[]): void {
    this.#busy = true;
    this.#underWaySinceMs = oldestSubmitMs(proposals);
    const { log, clock, onEntry } = this.#options;
    const startedMs = clock.monotonicMs();
    const body = encodeEntry(entry);
    const underWay = { entry, proposals };
    this.#underWay = underWay;
    log.append(body).then(
      (index) => {
        onEntry?.(body.byteLength, entry.batch.commands.length, clock.monotonicMs() - startedMs);
        if (this.#underWay === underWay) this.committed(index);
        else if (this.#givenUp === underWay) this.#refused(leadershipLost(), entry, proposals);
      },
      (error: unknown) => this.#refused(error, entry, proposals),
    );
  }

  /**
   * The entry under way is in the log at `index`: applies it. A log that many share says so before the
   * append resolves, so that nothing can come between; false where none is under way.
   */
  committed(index: number): boolean {
    if (this.#underWay === null) return false;
    const { entry, proposals } = this.#underWay;
    this.#underWay = null;
    this.#durable(index, entry, proposals);
    return true;
  }

  #durable(index: number, entry: Entry, proposals: readonly Proposal[]): void {
    const { state, hooks } = this.#options;
    const applied = apply(state, index, entry.batch);
    hooks.applied(entry, applied);
    this.#underWaySinceMs = null;
    this.#tellWaited(proposals);
    if (!this.#answerUrgent(applied, proposals)) this.#goOn(applied, proposals);
    // All that answers lead to is done before the next tick, and nothing from outside comes in between.
    else process.nextTick(() => this.#goOn(applied, proposals));
  }

  /** Answers what is urgent while much else is to do; false where there is no such thing. */
  #answerUrgent({ results }: Applied, proposals: readonly Proposal[]): boolean {
    if (this.shortEntryTasks === null) return false;
    let isAny = false;
    for (const [position, proposal] of proposals.entries()) {
      if (!isUrgent(proposal)) continue;
      isAny = true;
      proposal.resolve(results[position] as CommandResult);
    }
    return isAny;
  }

  #goOn({ results }: Applied, proposals: readonly Proposal[]): void {
    const { hooks } = this.#options;
    this.#busy = false;
    // The next entry goes to the disk before this one's effects go out, so that the two overlap.
    if (this.#stopped === null) this.#turn();
    for (const [position, proposal] of proposals.entries()) {
      proposal.resolve(results[position] as CommandResult);
    }
    hooks.flush();
    if (!this.#busy) this.#rest({ placeable: hooks.hasWork() });
  }

  /** Proposals of a lane are in their order: its last one waited least, and ordinary submits come last. */
  #tellWaited(proposals: readonly Proposal[]): void {
    const { clock, onWaited } = this.#options;
    const last = proposals.at(-1);
    if (onWaited === undefined || last === undefined) return;
    let tasks = 0;
    for (const { command, items } of proposals) {
      if (command.type === 'task.submit' || command.type === 'schedule.fire') tasks += items;
    }
    const hasSubmits = last.command.type === 'task.submit';
    onWaited({ leastMs: clock.monotonicMs() - last.sinceMs, hasSubmits, tasks });
  }

  #refused(error: unknown, entry: Entry, proposals: readonly Proposal[]): void {
    const { clock, hooks } = this.#options;
    // Nothing is placed any more: what hangs on tasks is another loop's by now.
    const isOver = this.#stopped !== null;
    this.#busy = false;
    this.#underWay = null;
    this.#underWaySinceMs = null;
    const refusal = asLogError(error);
    if (NOT_YET_CODES.has(refusal.code) && this.#stopped === null) {
      this.#tryAgain(entry, proposals);
      return;
    }
    if (refusal.code === 'LOG_FULL') {
      this.#pausedUntilMs = clock.monotonicMs() + FULL_PAUSE_MS;
      this.#cancelPause?.();
      this.#cancelPause = clock.setTimer(FULL_PAUSE_MS, () => this.wake());
    } else if (refusal.code !== 'LOG_ENTRY_TOO_LARGE') {
      this.#stopped ??= refusal;
      this.#cancelTimers();
    }
    if (!isOver) hooks.dropped(entry);
    for (const proposal of proposals) proposal.reject(refusal);
    if (this.#stopped !== null)
      for (const proposal of this.#pending.takeAll()) proposal.reject(refusal);
    this.#options.onRoom?.();
    this.#rest({ placeable: refusal.code !== 'LOG_FULL' && hooks.hasWork() });
  }

  /** The entry is in no log, and may be in a moment: leadership is being handed over, or a bound was reached. */
  #tryAgain(entry: Entry, proposals: readonly Proposal[]): void {
    const { clock, hooks } = this.#options;
    hooks.dropped(entry);
    this.#pending.putBack(proposals);
    this.#isHeld = true;
    this.#cancelHold = clock.setTimer(NOT_YET_MS, () => {
      this.#isHeld = false;
      this.wake();
    });
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Nothing is under way: arms the timer of the next deadline, or goes on if there is work. */
  #rest({ placeable }: { readonly placeable: boolean }): void {
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#stopped !== null) return;
    const { state, clock, hooks } = this.#options;
    if (!this.#pending.isEmpty || placeable) this.wake();
    if (clock.monotonicMs() < this.#pausedUntilMs) return;
    const due = earlier(nextDeadline(state), hooks.nextOpenAt());
    if (due === (this.#deadline?.at ?? null)) return;
    this.#deadline?.cancel();
    this.#deadline = due === null ? null : { at: due, cancel: this.#armDeadline(due) };
  }

  #cancelTimers(): void {
    this.#cancelPause?.();
    this.#cancelHold?.();
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  #armDeadline(due: number): () => void {
    // A step of the clock may leave the deadline in the future when the timer fires: then it is armed anew.
    return this.#options.clock.setTimer(this.#time.until(due), () => {
      this.#deadline = null;
      this.wake();
    });
  }
}

/** When the ordinary submit was proposed that waits for longest; urgent ones come before them. */
function oldestSubmitMs(proposals: readonly Proposal[]): number | null {
  const submit = proposals.find(({ command }) => command.type === 'task.submit');
  return submit?.sinceMs ?? null;
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function itemsOf(command: Command): number {
  if ('items' in command) return command.items.length;
  if ('taskIds' in command) return command.taskIds.length;
  if (command.type === 'agent.enroll') return command.agentIds.length;
  return command.type === 'task.submit' || command.type === 'stage.add' ? command.tasks.length : 1;
}

/** Text that a command itself carries, where that can be large. */
function heldLength(command: Command): number {
  switch (command.type) {
    case 'stage.add':
      return lengthOf(command.payloads);
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

function notLeader(): OrchestratorError {
  return new OrchestratorError(
    'NOT_LEADER',
    'another process of the cluster must be asked: this one follows',
    { retryAfterMs: 200 },
  );
}

function leadershipLost(): OrchestratorError {
  return new OrchestratorError(
    'LEADERSHIP_LOST',
    'this process must lead until a change is applied: it may have been made',
  );
}

function asLogError(error: unknown): OrchestratorError {
  if (error instanceof OrchestratorError) return error;
  return new OrchestratorError('LOG_FAILED', 'the log must take entries', {}, { cause: error });
}
