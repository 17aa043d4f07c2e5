/**
 * Requests under way: each is sent, and sent again over the next connection where its answer was lost.
 *
 * A submit is numbered in a session when it is sent first, which is open by then: so the server knows a
 * repeat of it, or says that it cannot know. Only what was never sent, or is protected by keys, may go into
 * another session.
 */
import type { OrchestratorError } from '../base/errors.ts';
import type { Problem, RawFrame } from '../contract/index.ts';
import { SubmitSession } from './submit-session.ts';
import { problemError } from './task-error.ts';
import type { TaskWatch } from './task-watch.ts';

/** The server's answer, and the watches of the tasks it took. */
export interface Reply {
  readonly frame: RawFrame;
  readonly watches: readonly TaskWatch[];
}

export interface RequestKind {
  /** Whether it can be sent twice without a session. */
  readonly isRepeatable: boolean;
  /** Whether the results of the tasks it submits are watched for. */
  readonly isWatched: boolean;
  /** How many tasks it submits; 0 for anything else. */
  readonly tasks: number;
}

interface Request extends RequestKind {
  readonly frame: RawFrame;
  /** Whether the connection of now has taken it. */
  isSent: boolean;
  /** How often it was sent. */
  sends: number;
  /** Of a submit, once it has a number. */
  session: SubmitSession | null;
  sequence: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Refusals of a server that goes, or does not lead any more: another one, or the next one, knows better. */
const ELSEWHERE = new Set([
  'LEADERSHIP_LOST',
  'NOT_LEADER',
  'NO_LEADER',
  'NODE_REMOVED',
  'STOPPED',
  'LOG_CLOSED',
]);
/** Delay before such a request is sent again, where the connection stays, in milliseconds. */
const ELSEWHERE_MS = 200;

export class Requests {
  readonly #send: (frame: RawFrame) => boolean;
  readonly #requests = new Map<number, Request>();
  /** Submits without a number yet, oldest first. */
  readonly #unnumbered = new Set<Request>();
  #session = new SubmitSession();
  #nextId = 1;
  #again: NodeJS.Timeout | null = null;

  /** @param send - sends a frame; false while there is no connection */
  constructor(send: (frame: RawFrame) => boolean) {
    this.#send = send;
  }

  /** Sends a request, now or when it can be; resolves with its answer. */
  ask(frameOf: (requestId: number) => RawFrame, kind: RequestKind): Promise<Reply> {
    const requestId = this.#nextId++;
    const frame = frameOf(requestId);
    const { isRepeatable, isWatched, tasks } = kind;
    return new Promise((resolve, reject) => {
      const request: Request = {
        frame,
        isRepeatable,
        isWatched,
        tasks,
        isSent: false,
        sends: 0,
        session: null,
        sequence: 0,
        resolve,
        reject,
      };
      this.#requests.set(requestId, request);
      this.#dispatch(request);
    });
  }

  /** There is a connection. */
  opened(): void {
    for (const request of this.#requests.values()) {
      if (!this.#unnumbered.has(request)) this.#transmit(request);
    }
  }

  /** The connection was lost: what it took is sent again over the next one. */
  lost(): void {
    for (const request of this.#requests.values()) request.isSent = false;
  }

  /** The request that a frame answers; it is not under way any more. */
  take(frame: RawFrame): Request | undefined {
    const requestId = frame[1] as number;
    const request = this.#requests.get(requestId);
    if (request === undefined) return undefined;
    this.#requests.delete(requestId);
    request.session?.answered(request.sequence);
    this.#number();
    return request;
  }

  /** A request was refused: it is rejected, or sent again where that is of use. */
  refused(frame: RawFrame): void {
    const request = this.#requests.get(frame[1] as number);
    const problem = frame[2] as Problem;
    if (request === undefined) return;
    if (ELSEWHERE.has(problem.code)) {
      request.isSent = false;
      this.#again ??= setTimeout(() => this.#sendAgain(), ELSEWHERE_MS);
      return;
    }
    const { session } = request;
    if (problem.code === 'SESSION_EXPIRED' && session !== null) {
      if (this.#session === session) this.#session = new SubmitSession();
      // Sent once and refused, it was not taken.
      if (request.sends === 1 || request.isRepeatable) {
        request.session = null;
        request.sends = 0;
        request.isSent = false;
        this.#dispatch(request);
        return;
      }
    }
    this.take(frame);
    request.reject(problemError(problem));
  }

  /** The server ends the connection over something that was sent: to send it again would not mend it. */
  problem(problem: Problem): void {
    const sent = [...this.#requests.values()].filter(({ isSent }) => isSent);
    for (const request of sent) {
      this.take(request.frame);
      request.reject(problemError(problem));
    }
  }

  /** Rejects everything that is under way. */
  close(error: OrchestratorError): void {
    if (this.#again !== null) clearTimeout(this.#again);
    for (const request of this.#requests.values()) request.reject(error);
    this.#requests.clear();
    this.#unnumbered.clear();
  }

  #dispatch(request: Request): void {
    if (request.tasks === 0) {
      this.#transmit(request);
      return;
    }
    const session = this.#session;
    if (session.isOpen && !session.isFull && this.#unnumbered.size === 0) {
      this.#sendFirst(request, session);
      return;
    }
    this.#unnumbered.add(request);
    this.#number();
  }

  /** Numbers and sends submits, for as long as the session allows. */
  #number(): void {
    if (this.#unnumbered.size === 0) return;
    const session = this.#session;
    if (!session.isOpen) {
      this.#open(session);
      return;
    }
    for (const request of this.#unnumbered) {
      if (session.isFull) return;
      this.#unnumbered.delete(request);
      this.#sendFirst(request, session);
    }
  }

  #sendFirst(request: Request, session: SubmitSession): void {
    request.session = session;
    request.sequence = session.number(request.tasks);
    this.#transmit(request);
  }

  #open(session: SubmitSession): void {
    if (session.isAsked) return;
    session.isAsked = true;
    const kind = { isRepeatable: true, isWatched: false, tasks: 0 };
    const asked = this.ask((requestId) => ['hello', requestId, session.id], kind);
    asked.then(
      () => {
        session.isOpen = true;
        this.#number();
      },
      (error: Error) => {
        session.isAsked = false;
        this.#rejectUnnumbered(error);
      },
    );
  }

  #rejectUnnumbered(error: Error): void {
    for (const request of this.#unnumbered) {
      this.#requests.delete(request.frame[1] as number);
      request.reject(error);
    }
    this.#unnumbered.clear();
  }

  #transmit(request: Request): void {
    const { frame, sequence, session } = request;
    const isSent = this.#send(session === null ? frame : [...frame, session.frameOf(sequence)]);
    request.isSent = isSent;
    if (isSent) request.sends += 1;
  }

  #sendAgain(): void {
    this.#again = null;
    for (const request of this.#requests.values()) {
      if (!request.isSent && !this.#unnumbered.has(request)) this.#transmit(request);
    }
  }
}
