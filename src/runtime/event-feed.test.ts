import { describe, expect, test } from 'vitest';
import type { CoreEvent } from '../core/index.ts';
import { EventFeed, type FeedEvent, type FeedListener } from './event-feed.ts';
import { ManualClock } from '../testing/manual-clock.ts';

function lost(taskId: string): CoreEvent {
  return { type: 'assignment.refused', taskId, agentId: 'a' as never };
}

interface Heard extends FeedListener {
  readonly heard: string[];
  isClosed: boolean;
}

function listener(taskId: string | null = null, event?: FeedListener['event']): Heard {
  const heard: string[] = [];
  const hears = (one: FeedEvent): boolean => {
    heard.push(`${one.index}-${one.position}`);
    return event?.(one) ?? true;
  };
  const made: Heard = {
    taskId,
    heard,
    isClosed: false,
    event: hears,
    closed: () => (made.isClosed = true),
  };
  return made;
}

describe('a listener', () => {
  test('hears of everything, or of its task alone', () => {
    const feed = new EventFeed(new ManualClock());
    const [all, one] = [listener(), listener('t2')];
    feed.listen(all, null);
    feed.listen(one, null);
    feed.record(1, 0, [lost('t1'), lost('t2')]);
    feed.record(2, 0, [lost('t2')]);
    feed.tell({ at: 0, type: 'task.progress', taskId: 't2' });
    expect(all.heard).toEqual(['1-0', '1-1', '2-0', '2--1']);
    expect(one.heard).toEqual(['1-1', '2-0', '2--1']);
  });

  test('that comes back gets what followed, each once', () => {
    const feed = new EventFeed(new ManualClock());
    const first = listener();
    feed.listen(first, null);
    for (let index = 1; index <= 4; index++) feed.record(index, 0, [lost('t'), lost('u')]);
    feed.remove(first);
    feed.record(5, 0, [lost('t')]);
    const [back, ofTask] = [listener(), listener('t')];
    expect(feed.listen(back, { index: 3, position: 0 })).toBe(true);
    expect(back.heard).toEqual(['3-1', '4-0', '4-1', '5-0']);
    expect(feed.listen(ofTask, { index: 3, position: 0 })).toBe(true);
    expect(ofTask.heard).toEqual(['4-0', '5-0']);
    feed.record(6, 0, [lost('t')]);
    expect(back.heard.at(-1)).toBe('6-0');
  });

  test('that comes back after the feed rested is told of the gap', () => {
    const clock = new ManualClock();
    const feed = new EventFeed(clock);
    const first = listener();
    feed.listen(first, null);
    feed.record(1, 0, [lost('t')]);
    feed.remove(first);
    clock.advance(60_000);
    expect(feed.active).toBe(false);
    expect(feed.listen(listener(), { index: 1, position: 0 })).toBe(true);
    feed.close();
    clock.advance(60_000);
    feed.record(2, 0, [lost('t'), lost('u')]);
    feed.record(3, 0, []);
    expect(feed.listen(listener(), { index: 1, position: 0 })).toBe(false);
    expect(feed.listen(listener(), { index: 2, position: 0 })).toBe(false);
    expect(feed.listen(listener(), { index: 2, position: 1 })).toBe(true);
  });

  test('that saw what a process before this one told is told of the gap', () => {
    const feed = new EventFeed(new ManualClock(), 500);
    expect(feed.listen(listener(), { index: 499, position: 3 })).toBe(false);
    // How far that entry was told is not known any more.
    expect(feed.listen(listener(), { index: 500, position: 3 })).toBe(false);
    feed.record(501, 0, [lost('t')]);
    expect(feed.listen(listener(), { index: 501, position: 0 })).toBe(true);
  });

  test('that comes back from before what is kept is told so, to the very event', () => {
    const feed = new EventFeed(new ManualClock());
    feed.listen(listener('none'), null);
    const width = 16_384 + 3;
    feed.record(
      1,
      0,
      Array.from({ length: width }, () => lost('t')),
    );
    feed.record(
      2,
      0,
      Array.from({ length: width }, () => lost('t')),
    );
    expect(feed.listen(listener(), { index: 2, position: 1 })).toBe(false);
    const exact = listener();
    expect(feed.listen(exact, { index: 2, position: 2 })).toBe(true);
    expect(exact.heard).toHaveLength(16_384);
    expect(exact.heard[0]).toBe('2-3');
  });

  test('that can take no more is closed and hears nothing after that', () => {
    const feed = new EventFeed(new ManualClock());
    const full = listener(null, () => false);
    feed.listen(full, null);
    feed.record(1, 0, [lost('t'), lost('t')]);
    expect(full).toMatchObject({ heard: ['1-0'], isClosed: true });
    const back = listener(null, () => false);
    feed.listen(back, { index: 0, position: 0 });
    expect(back).toMatchObject({ heard: ['1-0'], isClosed: true });
    expect(feed.listeners).toBe(0);
  });

  test('may leave, or make others leave, while it is told', () => {
    const feed = new EventFeed(new ManualClock());
    const other = listener();
    const leaver: Heard = listener(null, () => {
      feed.remove(leaver);
      feed.remove(other);
      feed.remove(other);
      return true;
    });
    feed.listen(leaver, null);
    feed.listen(other, null);
    feed.record(1, 0, [lost('t'), lost('t')]);
    expect([leaver.heard, other.heard, feed.listeners]).toEqual([['1-0'], [], 0]);
  });

  test('is told when the feed closes', () => {
    const feed = new EventFeed(new ManualClock());
    const both = [listener(), listener('t')];
    for (const one of both) feed.listen(one, null);
    feed.close();
    expect(both.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    expect(feed.listeners).toBe(0);
  });
});

test('a feed that nobody listens to does not look at events', () => {
  const feed = new EventFeed(new ManualClock());
  const trap = new Proxy({} as CoreEvent, {
    get: () => {
      throw new Error('an event was read');
    },
  });
  feed.record(1, 0, [trap]);
  feed.tell({ at: 0, type: 'task.progress' });
  expect(feed.active).toBe(false);
});
