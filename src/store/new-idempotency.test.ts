import { describe, expect, test } from 'vitest';
import { apply, createState, type CoreState } from '../core/index.ts';
import { ADVANCE, submit } from '../core/testing/commands.ts';
import { NewIdempotency } from './new-idempotency.ts';
import { idOf } from './testing/store-run.ts';

const WINDOW_MS = 1_000;

class Keys {
  readonly state: CoreState = createState(1);
  readonly #found = new NewIdempotency();

  constructor() {
    const settings = { ...this.state.settings, idempotencyWindowMs: WINDOW_MS };
    apply(this.state, 1, { at: 0, commands: [{ type: 'settings.set', settings }] });
  }

  add(at: number): void {
    const index = this.state.index + 1;
    const key = { idempotencyKey: `k${index}`, bodyHash: 'h' };
    apply(this.state, index, { at, commands: [ADVANCE, submit(idOf(index), {}, key)] });
  }

  expire(at: number): void {
    apply(this.state, this.state.index + 1, { at, commands: [ADVANCE] });
  }

  prime(): void {
    this.#found.prime(this.state);
  }

  take(): number[] {
    return this.#found.takeAll(this.state).map((entry) => entry.seq);
  }
}

describe('new idempotency entries', () => {
  test('are those since the last look', () => {
    const keys = new Keys();
    keys.add(1);
    keys.add(2);
    expect(keys.take()).toEqual([1, 2]);
    expect(keys.take()).toEqual([]);
    keys.add(3);
    expect(keys.take()).toEqual([3]);
    expect(keys.state.idempotencySeqStored).toBe(3);
  });

  test('are found after all before them, or all at once, have expired', () => {
    const keys = new Keys();
    keys.add(1);
    keys.take();
    keys.add(2);
    keys.expire(5_000);
    expect(keys.take()).toEqual([]);
    keys.add(5_001);
    expect(keys.take()).toEqual([3]);
    keys.add(9_000);
    expect(keys.take()).toEqual([4]);
  });

  test('are found when everything stored has expired by the first look at a state', () => {
    const keys = new Keys();
    keys.add(1);
    keys.take();
    keys.add(5_000);
    keys.prime();
    expect(keys.take()).toEqual([2]);
  });
});
