import type { WebSocket } from 'ws';
import { isOrchestratorError } from '../../base/errors.ts';
import { packMessages, unpackMessage, type Problem, type RawFrame } from '../../contract/index.ts';
import type { Clock } from '../../runtime/index.ts';
import type { Reader, ReadTurns } from './read-turns.ts';

/** Requests of one peer under way at once; past it its socket is not read any more. */
const IN_FLIGHT_MAX = 256;
/** Bytes waiting for a peer; past it nothing more is read from it until it has taken them. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes waiting for a peer that does not read at all; past it the peer is cut off. */
const BUFFERED_BYTES_MAX = 256 * 1024 * 1024;
/** Tasks after which a peer's turn to be read is over. */
const TURN_TASKS = 200;
/** How long what need not be told at once may wait for more, in milliseconds. */
const LATER_MS = 10;
/** How long a peer may take to answer a goodbye, in milliseconds. */
const GOODBYE_MS_MAX = 2_000;

export interface FrameSocketOptions {
  readonly socket: WebSocket;
  readonly clock: Clock;
  /** Takes one frame. A rejection is told to the peer as a `problem`, and ends the connection. */
  readonly frame: (frame: RawFrame) => Promise<void> | void;
  /** Takes charge of a message before it is decoded; null leaves it to {@link frame}. */
  readonly screen?: (message: Buffer) => readonly Promise<void>[] | null;
  /** Frames of what came in numbers since the last message; asked for when one is about to leave. */
  readonly gather: () => readonly RawFrame[];
  readonly closed: () => void;
  /** Where a peer waits to be read that sends much; none leaves it to be read always. */
  readonly turns?: ReadTurns;
  readonly problemOf: (error: unknown) => Problem;
}

/**
 * One end of a channel: frames in, frames out, everything of one turn of the event loop in one message.
 *
 * A peer that sends faster than its requests are answered is not read until they are.
 */
export class FrameSocket implements Reader {
  readonly #options: FrameSocketOptions;
  #out: RawFrame[] = [];
  #scheduled = false;
  #isUrgent = false;
  #inFlight = 0;
  #isClosing = false;
  #cancelLater: (() => void) | null = null;
  /** It waits for its next turn; see {@link read}. */
  #isWaiting = false;
  /** It was refused something while too much came. */
  #isPaced = false;
  /** Tasks that were read since its turn began. */
  #taskCount = 0;

  constructor(options: FrameSocketOptions) {
    this.#options = options;
    const { socket } = options;
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#message(data, isBinary));
    socket.on('close', () => {
      this.#cancelLater?.();
      options.turns?.leave(this);
      options.closed();
    });
    // The close that follows says all there is to do about it.
    socket.on('error', () => undefined);
  }

  /** Sends a frame with whatever else this turn has to say. */
  send(frame: RawFrame): void {
    this.#out.push(frame);
    this.wake();
  }

  /** As {@link send} before anything else that this turn still has to do: the event loop is busy, and this is urgent. */
  sendFirst(frame: RawFrame): void {
    this.#out.push(frame);
    if (this.#isUrgent) return;
    this.#isUrgent = true;
    queueMicrotask(() => this.flush());
  }

  /** As {@link send} with what else is said in the next milliseconds: each message costs the same, however short. */
  sendLater(frame: RawFrame): void {
    this.#out.push(frame);
    if (this.#scheduled) return;
    this.#cancelLater ??= this.#options.clock.setTimer(LATER_MS, () => this.flush());
  }

  /** Makes sure that a message leaves at the end of this turn, with what is gathered then. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Takes note of tasks that the peer sent. Who sends many is read in turns with others. */
  read(tasks: number): void {
    this.#taskCount += tasks;
    this.#options.turns?.read(tasks);
    if (this.#taskCount >= TURN_TASKS) this.#endTurn();
  }

  /** The peer was refused something: it is left unread, and read no faster than the load allows from now on. */
  pace(): void {
    this.#isPaced = true;
    this.#endTurn();
  }

  begin(): void {
    this.#isWaiting = false;
    if (this.#options.turns?.isOpen === true) this.#isPaced = false;
    this.#regulate();
  }

  #endTurn(): void {
    const { turns } = this.#options;
    if (turns === undefined || this.#isWaiting || this.#isClosing) return;
    this.#isWaiting = true;
    turns.wait(this, this.#taskCount, this.#isPaced);
    this.#taskCount = 0;
    this.#regulate();
  }

  /** Sends what waits now. */
  flush(): void {
    this.#scheduled = false;
    this.#isUrgent = false;
    this.#cancelLater?.();
    this.#cancelLater = null;
    const { gather, socket } = this.#options;
    const frames = [...this.#out, ...gather()];
    if (frames.length === 0) return;
    this.#out = [];
    if (socket.readyState !== socket.OPEN) return;
    for (const message of packMessages(frames)) socket.send(message, () => this.#regulate());
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) socket.terminate();
    else this.#regulate();
  }

  /** Says goodbye: what waits is sent, then the connection is closed. `reason` is short and ASCII. */
  close(code: number, reason: string): void {
    const { socket } = this.#options;
    this.flush();
    this.#isClosing = true;
    this.#options.turns?.leave(this);
    // A socket that is not read would never see the peer's answer.
    socket.resume();
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), GOODBYE_MS_MAX).unref();
  }

  /** Tells the peer what is wrong with it, and ends the connection. */
  fail(error: unknown): void {
    if (this.#isClosing) return;
    const problem = this.#options.problemOf(error);
    this.send(['problem', problem]);
    // The text of a close frame has at most 123 bytes: the problem tells the rest.
    this.close(isOrchestratorError(error) ? 1008 : 1011, problem.code);
  }

  #message(data: Buffer, isBinary: boolean): void {
    try {
      if (this.#isClosing) return;
      const screened = isBinary ? (this.#options.screen?.(data) ?? null) : null;
      if (screened !== null) {
        for (const done of screened) this.#track(done);
        return;
      }
      for (const frame of isBinary ? unpackMessage(data) : unpackMessage(Buffer.alloc(0))) {
        // After a goodbye nothing is taken any more, also of what had arrived before it.
        if (this.#isClosing) return;
        const done = this.#options.frame(frame);
        if (done !== undefined) this.#track(done);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #track(done: Promise<void>): void {
    this.#inFlight += 1;
    this.#regulate();
    done
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#inFlight -= 1;
        this.#regulate();
      })
      // `finally` passes on what `catch` has dealt with.
      .catch(() => undefined);
  }

  /** Stops reading from a peer that asks for more than it takes; goes on when half of it is done. */
  #regulate(): void {
    const { socket } = this.#options;
    if (this.#isClosing) return;
    const { bufferedAmount } = socket;
    const isTooMuch = this.#inFlight >= IN_FLIGHT_MAX || bufferedAmount > UNREAD_BYTES_MAX;
    if (isTooMuch || this.#isWaiting) socket.pause();
    else if (this.#inFlight > IN_FLIGHT_MAX / 2 || bufferedAmount > UNREAD_BYTES_MAX / 2) return;
    else if (socket.isPaused) socket.resume();
  }
}
