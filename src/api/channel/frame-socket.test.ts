import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { unpackMessage, type RawFrame } from '../../contract/index.ts';
import { turn } from '../../runtime/testing/runtime-world.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { FrameSocket } from './frame-socket.ts';

/** The near end of a connection, as far as a frame socket uses it. */
class NearEnd extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  isPaused = false;
  /** Frames of each message that left. */
  readonly messages: (readonly RawFrame[])[] = [];

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  send(message: Uint8Array, sent: () => void): void {
    this.messages.push(unpackMessage(message));
    sent();
  }

  close(): void {
    this.readyState = 3;
    this.emit('close');
  }

  terminate(): void {
    this.readyState = 3;
  }
}

let clock: ManualClock;
let near: NearEnd;
let frames: FrameSocket;
let rests: boolean[];

beforeEach(() => {
  clock = new ManualClock();
  near = new NearEnd();
  rests = [];
  frames = new FrameSocket({
    socket: near as unknown as WebSocket,
    clock,
    frame: () => undefined,
    gather: () => [],
    closed: () => undefined,
    rests: (isResting) => rests.push(isResting),
    problemOf: () => ({ type: '', title: '', status: 400, code: 'X', detail: '' }),
  });
});

describe('a rest', () => {
  test('leaves the peer unread until it is over, and no longer', () => {
    frames.rest(100);
    clock.advance(60);
    // Whoever is refused again meanwhile does not wait anew: else one who sends on would never be read.
    frames.rest(100);
    expect(near.isPaused).toBe(true);
    clock.advance(39);
    expect(near.isPaused).toBe(true);
    clock.advance(1);
    expect(near.isPaused).toBe(false);
    expect(rests).toEqual([true, false]);
  });

  test('does not hold back what is said to the peer', async () => {
    frames.rest(100);
    frames.send(['submitted', 1]);
    await turn();
    expect(near.messages).toEqual([[['submitted', 1]]]);
    expect(near.isPaused).toBe(true);
  });

  test('of less than a millisecond is none', () => {
    frames.rest(0.9);
    expect([near.isPaused, clock.timers, rests]).toEqual([false, 0, []]);
  });

  test('ends with the connection, and leaves no timer', () => {
    frames.rest(100);
    frames.sendLater(['submitted', 1]);
    near.emit('close');
    expect(clock.timers).toBe(0);
    expect(rests).toEqual([true, false]);
  });

  test('does not keep a goodbye from being answered', () => {
    frames.rest(100);
    frames.close(1001, 'the server stops');
    expect(near.isPaused).toBe(false);
  });
});

describe('what is said', () => {
  test('later leaves in one message with all that is said meanwhile', async () => {
    frames.sendLater(['refused', 1]);
    await turn();
    clock.advance(5);
    frames.sendLater(['refused', 2]);
    await turn();
    expect(near.messages).toEqual([]);
    clock.advance(5);
    expect(near.messages).toEqual([
      [
        ['refused', 1],
        ['refused', 2],
      ],
    ]);
    expect(clock.timers).toBe(0);
  });

  test('at once takes along what was to leave later', async () => {
    frames.sendLater(['refused', 1]);
    frames.send(['submitted', 2]);
    await turn();
    expect(near.messages).toEqual([
      [
        ['refused', 1],
        ['submitted', 2],
      ],
    ]);
    clock.advance(100);
    expect(near.messages).toHaveLength(1);
  });

  test('first leaves before anything that this turn of the event loop still has to do', async () => {
    const order: string[] = [];
    setImmediate(() => order.push(`${near.messages.length} sent`));
    frames.send(['refused', 1]);
    frames.sendFirst(['submitted', 2]);
    frames.sendFirst(['submitted', 3]);
    await turn();
    expect(order).toEqual(['1 sent']);
    expect(near.messages).toEqual([
      [
        ['refused', 1],
        ['submitted', 2],
        ['submitted', 3],
      ],
    ]);
  });
});
