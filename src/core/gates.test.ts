import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply } from './apply.ts';
import type { Command } from './command.ts';
import { digest } from './digest.ts';
import { checkInvariants } from './invariants.ts';
import { restoreState } from './restore.ts';
import { createState } from './state.ts';
import { ADVANCE, assign, cancel, complete, fail, register, submit } from './testing/commands.ts';
import { gatedBatchOf } from './testing/gated-histories.ts';
import { histories } from './testing/histories.ts';
import { rowsOf } from './testing/snapshot.ts';
import { eventText, resultText } from './testing/trace.ts';
import { World } from './testing/world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const ROOMY = register('a1', { slots: 50 });

function codes(world: World, at: number, ...commands: Command[]): string[] {
  return commands.flatMap((command) => world.run(at, command).results.map(resultText));
}

describe('histories with keys and limits', () => {
  test('keep every invariant, and give the same state after a restore and all that follows', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.integer(), histories(50), fc.nat(), (seed, moves, cut) => {
        const state = createState(seed);
        let other = createState(seed);
        for (const [at, move] of moves.entries()) {
          const batch = gatedBatchOf(state, move);
          const [did, didToo] = [state, other].map((one) => {
            const { events, results } = apply(one, one.index + 1, batch);
            for (const result of results) seen.add(resultText(result).split(/[ :]/).at(-1) ?? '');
            for (const event of events)
              seen.add(eventText(event).replace(/^(\S+).*?(\(\w+\))?$/, '$1$2'));
            return [...results.map(resultText), ...events.map(eventText)].join('\n');
          });
          expect(didToo).toBe(did);
          checkInvariants(state);
          if (at % 7 === cut % 7) other = restoreState(rowsOf(other));
          checkInvariants(other);
          expect(digest(other)).toBe(digest(state));
        }
      }),
      { numRuns: 150, ...SEED },
    );
    // The histories must reach what is worth testing.
    for (const word of [
      'GATE_CLOSED',
      'task.canceled(superseded)',
      'task.canceled(concurrency)',
      'gate.changed',
    ])
      expect([...seen]).toContain(word);
  });
});

describe('a concurrency key', () => {
  const key = { concurrencyKey: 'user-1' };

  test('lets one task of a key start at a time, and the next when that ends', () => {
    const world = new World();
    world.run(1000, ROOMY);
    world.run(1000, submit('t1', {}, key), submit('t2', {}, key), submit('t3'));
    const refused = world.run(1000, assign('t1', 'a1'), assign('t2', 'a1'), assign('t3', 'a1'));
    expect(refused.results.map(resultText)).toEqual(['taken', 'refused at 0 GATE_CLOSED', 'taken']);
    expect(refused.results[1]).toMatchObject({
      refused: new Map([[0, { details: { gate: 'key user-1', opensAt: null } }]]),
    });
    world.run(1000, complete('t1', 3));
    expect(codes(world, 1000, assign('t2', 'a1'))).toEqual(['taken']);
  });

  test('of another namespace is another key, and each task is held to its own limit', () => {
    const world = new World();
    const three = { rules: { concurrency: { limit: 3, policy: 'queue' as const } } };
    world.run(
      1000,
      ROOMY,
      submit('t1', {}, key),
      submit('t2', three, key),
      submit('t3', three, key),
    );
    world.run(1000, submit('u1', { namespace: 'other' }, key));
    expect(
      codes(
        world,
        1000,
        assign('t2', 'a1'),
        assign('t3', 'a1'),
        assign('t1', 'a1'),
        assign('u1', 'a1'),
      ),
    ).toEqual(['taken', 'taken', 'refused at 0 GATE_CLOSED', 'taken']);
  });

  test('cancels the newcomer, or the oldest, where its rule says so', () => {
    const world = new World();
    const rule = (policy: 'cancel-oldest' | 'cancel-newest', limit: number): object => ({
      rules: { concurrency: { limit, policy } },
    });
    world.run(1000, ROOMY, submit('t1', rule('cancel-newest', 2), key));
    world.run(1000, assign('t1', 'a1'), submit('t2', rule('cancel-newest', 2), key));
    expect(
      world.run(1000, submit('t3', rule('cancel-newest', 2), key)).events.map(eventText),
    ).toEqual(['task.submitted t3', 'task.canceled t3 (concurrency)']);
    expect(
      world.run(1000, submit('t4', rule('cancel-oldest', 1), key)).events.map(eventText),
    ).toEqual([
      'task.submitted t4',
      'lease.revoked t1 from a1 token=2 (canceled)',
      'task.canceled t1 (concurrency)',
      'task.canceled t2 (concurrency)',
    ]);
    expect([...world.state.tasks.keys()]).toEqual(['t4']);
  });

  test('does not count dead letters, and is forgotten with its last task', () => {
    const world = new World();
    const rules = { concurrency: { limit: 1, policy: 'cancel-newest' as const } };
    world.run(1000, ROOMY, submit('t1', { rules }, key));
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, fail('t1', 2, { retryable: false }));
    world.run(1000, submit('t2', { rules }, key));
    expect(world.task('t2').state).toBe('queued');
    world.run(1000, cancel('t2'), { type: 'dead-letter.purge', taskIds: [world.task('t1').id] });
    expect(world.state.keyGates.size).toBe(0);
  });
});

describe('a named limit', () => {
  const calls = { limits: [{ name: 'calls', key: 'acme', units: 40 }] };
  const rate = { units: 100, perMs: 1_000 };

  function limited(): World {
    const world = new World();
    world.run(1000, ROOMY, { type: 'limit.set', limit: 'calls', settings: { rate } });
    world.run(1000, submit('t1', {}, calls), submit('t2', {}, calls), submit('t3', {}, calls));
    return world;
  }

  test('lets so many units pass, and more as they refill', () => {
    const world = limited();
    expect(codes(world, 1000, assign('t1', 'a1'), assign('t2', 'a1'))).toEqual(['taken', 'taken']);
    const applied = world.run(1000, assign('t3', 'a1'));
    expect(applied.results[0]).toMatchObject({
      refused: new Map([[0, { details: { gate: 'limit calls for key acme', opensAt: 1_200 } }]]),
    });
    expect(codes(world, 1199, assign('t3', 'a1'))).toEqual(['refused at 0 GATE_CLOSED']);
    expect(codes(world, 1200, assign('t3', 'a1'))).toEqual(['taken']);
    expect([...world.state.records.buckets.values()][0]?.level).toBeCloseTo(0, 9);
  });

  test('keeps a bucket only while it is not full', () => {
    const world = limited();
    world.run(1000, assign('t1', 'a1'));
    expect(world.state.records.buckets.size).toBe(1);
    world.run(1999, ADVANCE);
    expect(world.state.records.buckets.size).toBe(1);
    world.run(2000, ADVANCE);
    expect(world.state.records.buckets.size).toBe(0);
    expect(codes(world, 2000, assign('t2', 'a1'))).toEqual(['taken']);
  });

  test('must be there before tasks name it, and must be able to let them pass', () => {
    const world = limited();
    expect(
      codes(
        world,
        1000,
        submit('x1', {}, { limits: [{ name: 'other' }] }),
        submit('x2', {}, { limits: [{ name: 'calls', units: 101 }] }),
      ),
    ).toEqual([
      'refused LIMIT_NOT_FOUND: a limit must be set before tasks name it, got other',
      'refused LIMIT_IMPOSSIBLE: an attempt can take at most 100 units of limit calls, got 101',
    ]);
  });

  test('may change while tasks wait for it, and lets them pass once it is removed', () => {
    const world = limited();
    world.run(1000, assign('t1', 'a1'), assign('t2', 'a1'));
    const fast = { units: 200, perMs: 1_000 };
    world.run(1000, { type: 'limit.set', limit: 'calls', settings: { rate: fast } });
    expect(codes(world, 1099, assign('t3', 'a1'))).toEqual(['refused at 0 GATE_CLOSED']);
    world.run(1099, { type: 'limit.remove', limit: 'calls' });
    expect(codes(world, 1099, assign('t3', 'a1'))).toEqual(['taken']);
    expect(codes(world, 1099, submit('t4', {}, calls))).toEqual([
      'refused LIMIT_NOT_FOUND: a limit must be set before tasks name it, got calls',
    ]);
  });

  test('takes all gates of a task or none', () => {
    const world = new World();
    world.run(1000, ROOMY, { type: 'limit.set', limit: 'calls', settings: { rate } });
    world.run(1000, { type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 1 } });
    const both = { limits: [{ name: 'calls' }, { name: 'seats' }] };
    world.run(1000, submit('t1', {}, both), submit('t2', {}, both));
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, assign('t2', 'a1'));
    expect([...world.state.records.buckets.values()].map(({ level }) => level)).toEqual([99]);
  });
});

test('a profile whose only task a submit replaces is there for the newcomer', () => {
  const world = new World();
  const dedupe = { key: 'd', mode: 'keep-last' as const };
  world.run(1000, submit('t1', {}, { dedupe }));
  world.run(1000, submit('t2', {}, { dedupe }));
  const rules = { concurrency: { limit: 1, policy: 'cancel-oldest' as const } };
  world.run(1000, submit('t3', { rules }, { concurrencyKey: 'k' }));
  world.run(1000, submit('t4', { rules }, { concurrencyKey: 'k' }));
  expect([...world.state.tasks.keys()]).toEqual(['t2', 't4']);
});

describe('submits of one key', () => {
  const of = (mode: 'debounce' | 'throttle', maxMs?: number): object => ({
    dedupe: { key: 'd', mode, windowMs: 100, ...(maxMs === undefined ? {} : { maxMs }) },
  });

  test('debounced: the last runs, a window after it came and no later than the bound', () => {
    const world = new World();
    world.run(1000, submit('t1', {}, of('debounce', 250)));
    expect(world.task('t1').runAt).toBe(1100);
    const second = world.run(1090, submit('t2', {}, of('debounce', 250)));
    expect(second.events.map(eventText)).toEqual([
      'task.canceled t1 (superseded)',
      'task.submitted t2',
    ]);
    world.run(1180, submit('t3', {}, of('debounce', 250)));
    expect(world.task('t3').runAt).toBe(1250);
    world.run(1250, ADVANCE, ROOMY, assign('t3', 'a1'));
    world.run(1260, submit('t4', {}, of('debounce', 250)));
    expect([world.task('t3').state, world.task('t4').runAt]).toEqual(['running', 1360]);
  });

  test('throttled: the first runs, the others are repeats of it until the window is over', () => {
    const world = new World();
    expect(codes(world, 1000, submit('t1', {}, of('throttle')))).toEqual(['submitted t1']);
    expect(codes(world, 1099, submit('t2', {}, of('throttle')))).toEqual([
      'submitted t1 (repeated at 0)',
    ]);
    expect(codes(world, 1100, submit('t3', {}, of('throttle')))).toEqual(['submitted t3']);
    world.run(1200, ADVANCE);
    expect(world.state.records.dedupes.size).toBe(0);
  });
});

test('a queue is held to its own limits, whatever ran before they were set', () => {
  const world = new World();
  world.run(1000, ROOMY, submit('t1'), submit('t2'), submit('t3'));
  world.run(1000, assign('t1', 'a1'));
  const rate = { units: 1, perMs: 100 };
  world.run(1000, { type: 'queue.set', queue: 'default', settings: { concurrencyMax: 2, rate } });
  expect(codes(world, 1000, assign('t2', 'a1'), assign('t3', 'a1'))).toEqual([
    'taken',
    'refused at 0 GATE_CLOSED',
  ]);
  world.run(1100, complete('t1', 2));
  expect(codes(world, 1100, assign('t3', 'a1'))).toEqual(['taken']);
});
