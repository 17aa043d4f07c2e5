/** Server-sent events to one reader, bounded in what may wait for it. */
import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { ApiContext } from './api-context.ts';

export interface StreamEvent {
  /** What the reader names when it comes back; absent for what cannot be repeated. */
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

export class EventStream {
  readonly #response: ServerResponse;
  readonly #bytesMax: number;
  readonly #onEnd: () => void;
  readonly #heartbeatMs: number;
  readonly #clock: ApiContext['clock'];
  readonly #left: () => void;
  #cancelHeartbeat: () => void = () => undefined;
  #isOpen = true;

  /**
   * Takes over the answer.
   *
   * @param onEnd - called once when the stream has ended, for whatever reason
   * @throws OrchestratorError `STREAM_LIMIT`, `STOPPED`
   */
  constructor(reply: FastifyReply, ctx: ApiContext, onEnd: () => void) {
    this.#response = reply.raw;
    this.#bytesMax = ctx.streamBytesMax;
    this.#heartbeatMs = ctx.heartbeatMs;
    this.#clock = ctx.clock;
    this.#onEnd = onEnd;
    this.#left = ctx.open.add('sse', () => this.end());
    reply.hijack();
    this.#response.on('close', () => this.end());
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    // The head goes out at once: a reader must know that it is connected before anything happens.
    this.#response.flushHeaders();
    this.#beatLater();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Writes an event. False when the reader is too slow: it is cut off, and can come back. */
  send({ data, event, id }: StreamEvent): boolean {
    const head = id === undefined ? '' : `id: ${id}\n`;
    return this.#write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Ends the stream after what was written. Safe to call twice. */
  end(): void {
    if (!this.#isOpen) return;
    this.#finish();
    this.#response.end();
  }

  #write(text: string): boolean {
    if (!this.#isOpen) return false;
    // What waits counts, not what comes: one event may be larger than the bound.
    if (this.#response.writableLength > this.#bytesMax) {
      this.#finish();
      this.#response.destroy();
      return false;
    }
    this.#response.write(text);
    return true;
  }

  #finish(): void {
    this.#isOpen = false;
    this.#cancelHeartbeat();
    this.#left();
    this.#onEnd();
  }

  #beatLater(): void {
    this.#cancelHeartbeat = this.#clock.setTimer(this.#heartbeatMs, () => {
      if (this.#write(': still here\n\n')) this.#beatLater();
    });
  }
}
