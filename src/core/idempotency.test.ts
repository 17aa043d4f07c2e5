import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import { KEYS_FORGOTTEN_MAX } from './idempotency.ts';
import { checkInvariants } from './invariants.ts';
import { restoreState } from './restore.ts';
import type { IdempotencyEntry } from './idempotency-keys.ts';
import { CORE_SETTINGS_DEFAULT, nextDeadline } from './state.ts';
import { submitAll } from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf, resultText } from './testing/trace.ts';
import { World } from './testing/world.ts';

const COUNT = 2 * KEYS_FORGOTTEN_MAX + 10;
const WINDOW_MS = 500;

/** A world whose keys `k0` to `k(COUNT-1)` all end at the same moment, 1,500. */
function worldOfKeys(idempotencyKeysMax: number = COUNT): World {
  const world = new World();
  const settings = { ...CORE_SETTINGS_DEFAULT, idempotencyWindowMs: WINDOW_MS, idempotencyKeysMax };
  world.run(1_000, { type: 'settings.set', settings });
  world.run(1_000, keyed(0, COUNT, 'first'));
  return world;
}

function keyed(from: number, count: number, run: string): ReturnType<typeof submitAll> {
  return submitAll(
    Array.from({ length: count }, (_, i) => ({
      id: `${run}-${from + i}`,
      idempotencyKey: `k${from + i}`,
      bodyHash: run,
    })),
  );
}

/** Runs one command and says what became of it. */
function outcome(world: World, command: Command): string {
  const [result] = world.run(0, command).results;
  const [code] = refusalsOf(result);
  return code ?? (result === undefined ? '' : resultText(result));
}

describe('keys that end together', () => {
  test('are forgotten some at a time, until none is left', () => {
    const world = worldOfKeys();
    const left: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      left.push(world.state.idempotency.size);
      expect(nextDeadline(world.state)).toBe(turn < 3 ? 1_500 : null);
      world.run(1_500, { type: 'clock.advance' });
      checkInvariants(world.state);
    }
    expect(left).toEqual([COUNT, KEYS_FORGOTTEN_MAX + 10, 10, 0]);
  });

  test('have all ended at that moment, forgotten or not', () => {
    const world = worldOfKeys();
    world.run(1_499, { type: 'clock.advance' });
    expect(outcome(world, keyed(COUNT - 1, 1, 'other'))).toBe('IDEMPOTENCY_CONFLICT');
    world.run(1_500, { type: 'clock.advance' });
    expect(world.state.idempotency.get('default\nk9')).toBeUndefined();
    expect(world.state.idempotency.get(`default\nk${COUNT - 1}`)).toBeDefined();
    world.run(1_500, keyed(COUNT - 1, 1, 'second'));
    expect(world.state.idempotency.get(`default\nk${COUNT - 1}`)).toMatchObject({
      taskId: `second-${COUNT - 1}`,
    });
    checkInvariants(world.state);
  });

  test('take no room from new ones', () => {
    const world = worldOfKeys();
    world.run(1_500, keyed(COUNT, 5, 'second'));
    expect(world.state.idempotency.size).toBe(COUNT);
    expect(world.state.idempotency.get('default\nk4')).toBeUndefined();
    expect(world.state.idempotency.get('default\nk5')).toBeDefined();
    expect(outcome(world, keyed(COUNT, 5, 'second'))).toContain(`second-${COUNT}`);
    checkInvariants(world.state);
  });

  test('are restored without what took their names, in order', () => {
    const { state } = worldOfKeys();
    const rows = rowsOf(state);
    const [first] = rows.idempotency as readonly IdempotencyEntry[];
    const again = { ...(first as IdempotencyEntry), seq: COUNT + 1, bodyHash: 'later' };
    const restored = restoreState({ ...rows, idempotency: [...rows.idempotency, again] });
    checkInvariants(restored);
    expect([...restored.idempotency.values()].at(-1)).toEqual(again);
    expect(restored.idempotency.size).toBe(COUNT);
  });

  test('that have not ended keep theirs', () => {
    const world = worldOfKeys();
    world.run(1_499, { type: 'clock.advance' });
    expect(outcome(world, keyed(COUNT, 1, 'second'))).toBe('IDEMPOTENCY_FULL');
  });
});
