import { describe, expect, test } from 'vitest';
import { isSameSpec, profileKey } from './profile.ts';
import { RETRY_IN_TESTS, submit, taskSpec, type SpecOptions } from './testing/commands.ts';
import { World } from './testing/world.ts';

describe('the key of a profile', () => {
  const base: SpecOptions = { timeouts: { queueMs: 1, runMs: 2, heartbeatMs: 3 } };

  test.each<[string, SpecOptions]>([
    ['namespace', { namespace: 'team' }],
    ['queue', { queue: 'mail' }],
    ['type', { type: 'post', requires: { capabilities: ['email'], labels: {} } }],
    ['priority', { priority: 5 }],
    ['capabilities', { requires: { capabilities: ['email', 'gpu'], labels: {} } }],
    ['labels', { requires: { capabilities: ['email'], labels: { zone: 'eu' } } }],
    ['agent', { requires: { capabilities: ['email'], labels: {}, agent: 'a1' } }],
    ['attemptsMax', { retry: { attemptsMax: 4 } }],
    ['strategy', { retry: { strategy: 'linear' } }],
    ['delayMs', { retry: { delayMs: 101 } }],
    ['delayMsMax', { retry: { delayMsMax: 60_001 } }],
    ['jitter', { retry: { jitter: 0.1 } }],
    ['nonRetryable', { retry: { nonRetryable: ['BAD_ADDRESS'] } }],
    ['queueMs', { timeouts: { queueMs: 9, runMs: 2, heartbeatMs: 3 } }],
    ['runMs', { timeouts: { queueMs: 1, runMs: 9, heartbeatMs: 3 } }],
    ['heartbeatMs', { timeouts: { queueMs: 1, runMs: 2, heartbeatMs: 9 } }],
    ['no queueMs', { timeouts: { runMs: 2, heartbeatMs: 3 } }],
    ['no runMs', { timeouts: { queueMs: 1, heartbeatMs: 3 } }],
    ['no heartbeatMs', { timeouts: { queueMs: 1, runMs: 2 } }],
    ['totalMs', { timeouts: { queueMs: 1, runMs: 2, heartbeatMs: 3, totalMs: 9 } }],
    ['rules', { rules: { avoid: 'zone' } }],
  ])('differs with %s, and specs that differ are not taken for alike', (_, change) => {
    const [one, other] = [taskSpec(base), taskSpec({ ...base, ...change })];
    expect(profileKey(other)).not.toBe(profileKey(one));
    expect([isSameSpec(one, other), isSameSpec(other, one)]).toEqual([false, false]);
  });

  test('is spared for a spec like the last one', () => {
    expect(isSameSpec(taskSpec(base), structuredClone(taskSpec(base)))).toBe(true);
  });

  test.each(['queueMs', 'runMs', 'heartbeatMs'])('tells a %s of 0 from none', (name) => {
    const none = profileKey(taskSpec());
    expect(profileKey(taskSpec({ timeouts: { [name]: 0 } }))).not.toBe(none);
  });

  test('is the same whatever the order of keys', () => {
    const spec = taskSpec({ requires: { capabilities: ['a', 'b'], labels: { x: '1', y: '2' } } });
    const turned = {
      ...Object.fromEntries(Object.entries(spec).toReversed()),
      retry: Object.fromEntries(Object.entries(RETRY_IN_TESTS).toReversed()),
      requires: { labels: { y: '2', x: '1' }, capabilities: ['b', 'a'] },
    } as unknown as typeof spec;
    expect(profileKey(turned)).toBe(profileKey(spec));
  });
});

describe('profiles', () => {
  test('are shared by equal specs and go with their last task', () => {
    const world = new World();
    world.run(1000, submit('t1'), submit('t2'), submit('t3', { priority: 9 }));
    expect(world.task('t1').profile).toBe(world.task('t2').profile);
    expect(world.state.profiles.size).toBe(2);
    world.run(1000, { type: 'task.cancel', taskIds: [world.task('t3').id], reason: 'unwanted' });
    expect([...world.state.profiles.values()].map((profile) => profile.tasks)).toEqual([2]);
  });

  test('are made anew for a spec whose last task went', () => {
    const world = new World();
    world.run(1000, submit('t1'), submit('t2'));
    const before = world.task('t1').profile;
    const taskIds = [world.task('t1').id, world.task('t2').id];
    world.run(1000, { type: 'task.cancel', taskIds, reason: 'unwanted' });
    world.run(1000, submit('t3'));
    expect(world.task('t3').profile).not.toBe(before);
    expect(world.state.profiles.get(before.key)).toBe(world.task('t3').profile);
  });

  test('are never given a number twice', () => {
    const world = new World();
    world.run(1000, submit('t1'));
    const { profile } = world.task();
    world.run(1000, { type: 'task.cancel', taskIds: [world.task().id], reason: 'unwanted' });
    world.run(1000, submit('t2'));
    expect(world.task('t2').profile.id).toBeGreaterThan(profile.id);
  });
});
