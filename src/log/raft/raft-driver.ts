/**
 * Steps a Raft core: gathers what happened in one turn, lets the core take it as one step, carries out what it says.
 *
 *   inputs ─▶ one step ─▶ persist ─▶ journal ─▶ durable ─▶ sendAfter leaves, and the core is told
 *                    └──▶ send ─▶ transport          └──▶ everything else ─▶ the log above
 *
 * Invariants
 *   D1  one step at a time; its outputs are begun in their order before the next
 *   D2  nothing that waits for a write leaves before the journal told of that write
 */
import { invariant } from '../../base/invariant.ts';
import type {
  NodeId,
  RaftInput,
  RaftMessage,
  RaftOutput,
  RaftProtocol,
  WriteToken,
} from '../../consensus/index.ts';
import type { Journal } from './journal/journal.ts';
import type { ShellClock } from './shell-ports.ts';

/** Outputs that are neither writes nor messages. */
export type RaftNotice = Exclude<RaftOutput, { kind: 'persist' | 'send' | 'sendAfter' }>;

/** Notices about files, snapshots and what went wrong. */
export type DiskNotice = Extract<
  RaftNotice,
  {
    kind:
      | 'configuration'
      | 'readEntries'
      | 'compact'
      | 'readSnapshotChunk'
      | 'writeSnapshotChunk'
      | 'installSnapshot'
      | 'peerFault'
      | 'failed';
  }
>;

export interface RaftDriverOptions {
  readonly core: RaftProtocol;
  readonly journal: Journal;
  readonly clock: ShellClock;
  /** Length of a tick. */
  readonly tickMs: number;
  /** @returns false where the message went nowhere */
  readonly send: (to: NodeId, message: RaftMessage) => boolean;
  readonly onNotice: (notice: RaftNotice) => void;
  /** A step threw, which no step may; nothing is stepped until {@link RaftDriver.stop}. */
  readonly onBroken: (error: unknown) => void;
  /** The journal failed; the core was told. */
  readonly onJournalFailed: (error: Error) => void;
}

/** After a pause of the process only so many ticks are made up for: messages that wait in sockets come first. */
const TICKS_AT_ONCE_MAX = 4;

type Held = Extract<RaftOutput, { kind: 'sendAfter' }>;

export class RaftDriver {
  readonly #options: RaftDriverOptions;
  #inputs: RaftInput[] = [];
  #held: Held[] = [];
  #durableSeq = 0;
  #newestToken: WriteToken = { seq: 0, generation: 0 };
  #isScheduled = false;
  #isStarted = false;
  #isStepping = false;
  #isStopped = false;
  #tickedMs: number;
  #cancelTick: () => void = () => undefined;

  constructor(options: RaftDriverOptions) {
    this.#options = options;
    this.#tickedMs = options.clock.monotonicMs();
  }

  start(): void {
    const { core, journal, onJournalFailed } = this.#options;
    journal.listen({
      onDurable: (token) => this.#durable(token),
      onFailed: (error) => {
        this.submit({ kind: 'persistFailed', token: this.#newestToken, message: error.message });
        onJournalFailed(error);
      },
    });
    this.#carryOut(core.start());
    this.#isStarted = true;
    this.#schedule();
    this.#armTick();
  }

  /** Takes note of something that happened; the core hears of it in the next turn. */
  submit(input: RaftInput): void {
    if (this.#isStopped) return;
    this.#inputs.push(input);
    this.#schedule();
  }

  /** What came in before the start waits for it. */
  #schedule(): void {
    if (this.#isScheduled || !this.#isStarted) return;
    this.#isScheduled = true;
    this.#options.clock.defer(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  /** Nothing is stepped, sent or written from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTick();
    this.#inputs = [];
    this.#held = [];
  }

  #turn(): void {
    if (this.#isStopped || this.#inputs.length === 0) return;
    invariant(!this.#isStepping, 'a core takes one step at a time');
    this.#isStepping = true;
    const inputs = this.#inputs;
    this.#inputs = [];
    try {
      this.#carryOut(this.#options.core.stepAll(inputs));
    } catch (error) {
      // A broken invariant: this node must not go on, and its data must stay as they are.
      this.#options.onBroken(error);
    }
    this.#isStepping = false;
  }

  #carryOut(outputs: readonly RaftOutput[]): void {
    for (const output of outputs) {
      if (this.#isStopped) return;
      if (output.kind === 'persist') {
        this.#newestToken = output.token;
        this.#options.journal.write(output);
      } else if (output.kind === 'send') this.#send(output.to, output.message);
      else if (output.kind === 'sendAfter') this.#sendAfter(output);
      else this.#options.onNotice(output);
    }
  }

  #sendAfter(held: Held): void {
    if (held.after.seq > this.#durableSeq) this.#held.push(held);
    else this.#send(held.to, held.message);
  }

  #send(to: NodeId, message: RaftMessage): void {
    if (this.#options.send(to, message)) return;
    // What repeats itself anyway need not be told as lost.
    const isFlow = message.kind === 'appendRequest' || message.kind === 'snapshotChunk';
    if (isFlow) this.submit({ kind: 'peerUnreachable', nodeId: to });
  }

  #durable(token: WriteToken): void {
    if (this.#isStopped) return;
    this.#durableSeq = token.seq;
    const held = this.#held;
    this.#held = held.filter(({ after }) => after.seq > token.seq);
    for (const one of held) if (one.after.seq <= token.seq) this.#send(one.to, one.message);
    this.submit({ kind: 'persisted', token });
  }

  #armTick(): void {
    const { clock, tickMs } = this.#options;
    this.#cancelTick = clock.setTimer(tickMs, () => {
      const nowMs = clock.monotonicMs();
      const owed = Math.floor((nowMs - this.#tickedMs) / tickMs);
      const isPaused = owed > TICKS_AT_ONCE_MAX;
      for (let tick = Math.min(owed, TICKS_AT_ONCE_MAX); tick > 0; tick -= 1) {
        this.submit({ kind: 'tick' });
      }
      this.#tickedMs = isPaused ? nowMs : this.#tickedMs + owed * tickMs;
      this.#armTick();
    });
  }
}
