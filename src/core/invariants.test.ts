import { describe, expect, test } from 'vitest';
import { holdLease } from './agent.ts';
import type { IdempotencyEntry } from './idempotency-keys.ts';
import type { Profile } from './profile.ts';
import { checkInvariants } from './invariants.ts';
import type { Task } from './task.ts';
import { busyWorld } from './testing/snapshot.ts';
import type { World } from './testing/world.ts';

type Mutable<Entity> = { -readonly [Key in keyof Entity]: Entity[Key] };

/** Each breaks one promise of a state that kept them all. */
const BREAKAGES: readonly [string, string, (world: World) => void][] = [
  ['I1', 'a running task loses its agent', (w) => (w.task('running').agentId = null)],
  ['I1', 'a waiting task names an agent', (w) => (w.task('waits').agentId = w.agent('a1').id)],
  ['I1', 'an agent forgets a lease', (w) => w.agent('a1').leases.clear()],
  [
    'I1',
    'an agent holds a lease of a waiting task',
    (w) => w.agent('a1').leases.add(w.task('waits')),
  ],
  ['I1', 'two agents hold one lease', (w) => holdLease(w.agent('a2'), w.task('running'))],
  ['I1', 'an agent vanishes with its lease', (w) => w.state.agents.delete(w.agent('a1').id)],
  ['I2', 'a lost agent keeps its lease', (w) => (w.agent('a1').state = 'lost')],
  ['I3', 'a token of nothing', (w) => (w.task('running').fencingToken = 0)],
  ['I3', 'a token of the future', (w) => (w.task('running').fencingToken = w.state.index + 1)],
  ['I4', 'a counter one too high', (w) => (w.queue('mail').failed += 1)],
  ['I4', 'a counter of an empty queue', (w) => (w.queue('default').scheduled = 7)],
  ['I5', 'a timer nobody armed', (w) => w.state.timers.arm(w.task('dead'), 5)],
  ['I5', 'a timer that is missing', (w) => w.state.timers.arm(w.task('later'), 0)],
  ['I5', 'a timer for another moment', (w) => w.state.timers.arm(w.task('later'), 8_001)],
  ['I5', 'a bound that no timer knows of', (w) => (w.task('running').runUntil += 1)],
  ['I6', 'more attempts than allowed', (w) => (w.task('dead').attempt = 4)],
  ['I6', 'a wait without an attempt left', (w) => (w.task('waits').attempt = 3)],
  ['I7', 'an error on a task that waits', (w) => (w.task('waits').error = ERROR)],
  ['I7', 'a dead letter without its error', (w) => (w.task('dead').error = null)],
  ['I8', 'keys out of order', (w) => turnKeys(w)],
  ['I9', 'a profile nobody uses', (w) => addProfile(w)],
  ['I9', 'a profile that miscounts its tasks', (w) => (w.task('dead').profile.tasks += 1)],
  ['I9', 'a task whose profile is not held', (w) => setProfile(w.task('dead'))],
];

const ERROR = { code: 'SMTP_DOWN', message: 'no route' };

function turnKeys(world: World): void {
  const { idempotency } = world.state;
  const [first, second] = [...idempotency.values()];
  if (first === undefined || second === undefined) return;
  (first as Mutable<IdempotencyEntry>).createdAt = second.createdAt + 1;
}

function addProfile(world: World): void {
  const unused: Profile = { ...world.task('dead').profile, key: 'unused', tasks: 0 };
  world.state.profiles.set('unused', unused);
}

function setProfile(task: Mutable<Task>): void {
  task.profile = { ...task.profile };
}

describe('the invariants', () => {
  test('hold for a state with something of everything', () => {
    expect(() => checkInvariants(busyWorld().state)).not.toThrow();
  });

  test.each(BREAKAGES)('%s notices %s', (name, _, breakIt) => {
    const world = busyWorld();
    breakIt(world);
    expect(() => checkInvariants(world.state)).toThrow(`${name}:`);
  });
});
