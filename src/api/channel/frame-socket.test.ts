import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { unpackMessage, type RawFrame } from '../../contract/index.ts';
import { turn } from '../../runtime/testing/runtime-world.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { FrameSocket } from './frame-socket.ts';
import { ReadTurns } from './read-turns.ts';

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
let turns: ReadTurns;
let rate: number;
/** Sockets are looked at once more. */
let look: () => void;

beforeEach(() => {
  clock = new ManualClock();
  near = new NearEnd();
  rate = 1;
  const soon: (() => void)[] = [];
  look = () => {
    for (const callback of soon.splice(0)) callback();
  };
  turns = new ReadTurns({ clock, rate: () => rate, soon: (callback) => soon.push(callback) });
  frames = new FrameSocket({
    socket: near as unknown as WebSocket,
    clock,
    frame: () => undefined,
    gather: () => [],
    closed: () => undefined,
    turns,
    problemOf: () => ({ type: '', title: '', status: 400, code: 'X', detail: '' }),
  });
});

describe('a peer that sends much', () => {
  test('is left unread after some tasks until sockets were looked at', () => {
    frames.read(199);
    expect(near.isPaused).toBe(false);
    frames.read(1);
    expect([near.isPaused, turns.waiting]).toEqual([true, 1]);
    look();
    expect([near.isPaused, turns.waiting]).toEqual([false, 0]);
  });

  test('is read no faster than the load allows once it was refused something', () => {
    frames.pace();
    look();
    frames.read(200);
    look();
    clock.advance(199);
    expect(near.isPaused).toBe(true);
    clock.advance(1);
    expect([near.isPaused, turns.waiting]).toEqual([false, 0]);
    rate = Number.POSITIVE_INFINITY;
    for (const next of [200, 200]) {
      frames.read(next);
      look();
    }
    rate = 1;
    frames.read(200);
    look();
    expect(near.isPaused).toBe(false);
  });

  test('is left unread at once when it is refused something, and waits but once', () => {
    frames.pace();
    frames.pace();
    expect([near.isPaused, turns.waiting]).toEqual([true, 1]);
  });

  test('is told things all the same', async () => {
    frames.pace();
    frames.send(['submitted', 1]);
    await turn();
    expect(near.messages).toEqual([[['submitted', 1]]]);
    expect(near.isPaused).toBe(true);
  });

  test('that is gone does not wait, and leaves no timer', () => {
    frames.pace();
    frames.read(1_000);
    look();
    expect(clock.timers).toBe(1);
    frames.sendLater(['submitted', 1]);
    near.emit('close');
    expect([clock.timers, turns.waiting]).toEqual([0, 0]);
  });

  test('can answer a goodbye', () => {
    frames.pace();
    frames.close(1001, 'the server stops');
    frames.pace();
    expect([near.isPaused, turns.waiting]).toEqual([false, 0]);
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
