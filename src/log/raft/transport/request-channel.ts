/**
 * Questions between nodes, and their answers, as frames of the links.
 *
 *   request   u64 number | u8 kind | body
 *   response  u64 number | u8: 0 = body follows, 1 = JSON {code, message, details} follows | body
 */
import { messageOf, OrchestratorError, type ErrorDetails } from '../../../base/errors.ts';
import { readU64, writeU64 } from '../../embedded/segment-header.ts';
import type { ShellClock } from '../shell-ports.ts';
import { encodeFrame } from './peer-frame.ts';

/** Answers a request; what it throws goes back with its code. */
export type RequestHandler = (from: string, kind: number, body: Buffer) => Promise<Uint8Array>;

interface Waiting {
  readonly to: string;
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimer: () => void;
}

export interface RequestChannelOptions {
  readonly clock: ShellClock;
  /** Requests to one peer that may wait, and of one peer that may be worked on. */
  readonly requestsMax: number;
  readonly handler: RequestHandler;
  readonly send: (to: string, frame: Buffer) => boolean;
}

interface Request {
  readonly kind: number;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
}

export class RequestChannel {
  readonly #options: RequestChannelOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #waitingOf = new Map<string, number>();
  readonly #workingFor = new Map<string, number>();
  #number = 0;

  constructor(options: RequestChannelOptions) {
    this.#options = options;
  }

  request(to: string, { body, kind, timeoutMs }: Request): Promise<Buffer> {
    const { clock, requestsMax, send } = this.#options;
    if ((this.#waitingOf.get(to) ?? 0) >= requestsMax) return Promise.reject(overloaded(to));
    this.#number += 1;
    const number = this.#number;
    const head = Buffer.alloc(9);
    writeU64(head, number, 0);
    head.writeUInt8(kind, 8);
    if (!send(to, encodeFrame('request', head, body))) {
      const message = `node ${to} must be reachable, got no connection with room for a request: try again shortly`;
      return Promise.reject(new OrchestratorError('PEER_UNREACHABLE', message, { peer: to }));
    }
    return new Promise((resolve, reject) => {
      const cancelTimer = clock.setTimer(timeoutMs, () =>
        this.#take(number)?.reject(answerLost(to, `none within ${timeoutMs} ms`)),
      );
      this.#waiting.set(number, { to, resolve, reject, cancelTimer });
      add(this.#waitingOf, to, 1);
    });
  }

  receiveRequest(from: string, payload: Buffer): void {
    if (payload.length < 9) throw malformed('request');
    const answer = (status: number, body: Uint8Array): void => {
      // The number goes back as it came, whatever it is.
      const head = Buffer.alloc(9, payload.subarray(0, 8));
      head.writeUInt8(status, 8);
      // Where the peer cannot be reached it learns from its own side that the answer is lost.
      this.#options.send(from, encodeFrame('response', head, body));
    };
    if ((this.#workingFor.get(from) ?? 0) >= this.#options.requestsMax) {
      answer(1, encodeError(overloaded('')));
      return;
    }
    add(this.#workingFor, from, 1);
    // The body is kept while it is worked on; the frame it is a view of is not.
    this.#options
      .handler(from, payload.readUInt8(8), Buffer.from(payload.subarray(9)))
      .then(
        (body) => answer(0, body),
        (error: unknown) => answer(1, encodeError(error)),
      )
      .finally(() => add(this.#workingFor, from, -1));
  }

  receiveResponse(from: string, payload: Buffer): void {
    if (payload.length < 9) throw malformed('response');
    const number = readU64(payload, 0);
    if (this.#waiting.get(number)?.to !== from) return;
    const waiting = this.#take(number);
    const body = Buffer.from(payload.subarray(9));
    if (payload.readUInt8(8) === 0) waiting?.resolve(body);
    else waiting?.reject(decodeError(body, from));
  }

  /** The connection to a peer broke: whatever it was asked may have been carried out or not. */
  lost(peerId: string): void {
    for (const [number, { to }] of this.#waiting) {
      if (to === peerId) this.#take(number)?.reject(answerLost(to, 'a broken connection'));
    }
  }

  close(): void {
    for (const [number, { to }] of this.#waiting) {
      this.#take(number)?.reject(answerLost(to, 'a closed transport'));
    }
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(number);
    add(this.#waitingOf, waiting.to, -1);
    waiting.cancelTimer();
    return waiting;
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function encodeError(error: unknown): Buffer {
  const fields =
    error instanceof OrchestratorError
      ? { code: error.code, message: error.message, details: error.details }
      : { code: 'PEER_FAILED', message: messageOf(error), details: {} };
  return Buffer.from(JSON.stringify(fields));
}

function decodeError(body: Buffer, from: string): OrchestratorError {
  try {
    const { code, details, message } = JSON.parse(body.toString('utf8')) as {
      readonly code: unknown;
      readonly message: unknown;
      readonly details: ErrorDetails;
    };
    return new OrchestratorError(String(code), String(message), details);
  } catch (cause) {
    const message = `node ${from} must answer with a code, got something else`;
    return new OrchestratorError('PEER_FAILED', message, { peer: from }, { cause });
  }
}

function overloaded(to: string): OrchestratorError {
  const message = 'fewer requests must wait for one node, got too many: try again shortly';
  return new OrchestratorError('PEER_OVERLOADED', message, to === '' ? {} : { peer: to });
}

function answerLost(to: string, what: string): OrchestratorError {
  const message = `node ${to} must answer, got ${what}: the request may have been carried out or not`;
  return new OrchestratorError('PEER_ANSWER_LOST', message, { peer: to });
}

function malformed(what: string): OrchestratorError {
  return new OrchestratorError(
    'PEER_FRAME_MALFORMED',
    `a ${what} must have a number and a kind, got fewer bytes`,
  );
}
