import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import { assign, complete, register, submit } from './testing/commands.ts';
import { eventText, refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const PAUSE: Command = { type: 'queue.pause', queue: 'default' };
const RESUME: Command = { type: 'queue.resume', queue: 'default' };

/** The default queue with one task running and one waiting. */
function world(): World {
  const made = new World();
  made.run(1000, register('a1'), submit('t1'), submit('t2'));
  made.run(1000, assign('t1', 'a1'));
  return made;
}

describe('a paused queue', () => {
  test('starts no task, lets running ones finish and takes new ones', () => {
    const paused = world();
    paused.run(1000, PAUSE);
    const [start, end, added] = paused.run(
      1000,
      assign('t2', 'a1'),
      complete('t1', 2),
      submit('t3'),
    ).results;
    expect(refusalsOf(start)).toEqual(['QUEUE_PAUSED']);
    expect(refusalsOf(end)).toEqual([]);
    expect(refusalsOf(added)).toEqual([]);
    expect(paused.queue()).toMatchObject({ paused: true, queued: 2, running: 0 });
  });

  test('starts tasks again when resumed', () => {
    const resumed = world();
    resumed.run(1000, PAUSE);
    resumed.run(1000, RESUME);
    expect(refusalsOf(resumed.run(1000, assign('t2', 'a1')).results[0])).toEqual([]);
  });

  test('holds back its own tasks only', () => {
    const paused = world();
    paused.run(1000, PAUSE, submit('t3', { queue: 'mail' }));
    expect(refusalsOf(paused.run(1000, assign('t3', 'a1')).results[0])).toEqual([]);
  });
});

describe('what is told of a queue', () => {
  test.each<[string, readonly Command[], readonly string[]]>([
    ['a pause', [PAUSE], ['queue.changed default']],
    ['a second pause is no change', [PAUSE, PAUSE], ['queue.changed default']],
    ['resuming what runs is no change', [RESUME], []],
    ['a pause and its end', [PAUSE, RESUME], ['queue.changed default', 'queue.changed default']],
    ['settings', [{ type: 'queue.set', queue: 'mail', settings: {} }], ['queue.changed mail']],
  ])('%s', (_, commands, expected) => {
    expect(
      world()
        .run(1000, ...commands)
        .events.map(eventText),
    ).toEqual(expected);
  });
});

test.each(['queue.pause', 'queue.resume'] as const)('%s of an unknown queue is refused', (type) => {
  const { results } = world().run(1000, { type, queue: 'nowhere' });
  expect(refusalsOf(results[0])).toEqual(['QUEUE_NOT_FOUND']);
});

test('setting one thing of a queue leaves the others as they are', () => {
  const made = new World();
  const { strategy, depthMax } = made.state.settings.queueDefaults;
  made.run(1000, { type: 'queue.set', queue: 'mail', settings: { depthMax: 5 } });
  expect(made.queue('mail').settings).toEqual({ strategy, depthMax: 5 });
  made.run(1000, { type: 'queue.set', queue: 'mail', settings: { strategy: 'round-robin' } });
  expect(made.queue('mail').settings).toEqual({ strategy: 'round-robin', depthMax: 5 });
  expect(made.state.settings.queueDefaults.depthMax).toBe(depthMax);
});
