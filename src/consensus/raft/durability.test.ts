import { describe, expect, test } from 'vitest';
import { Durability } from './durability.ts';

describe('durability', () => {
  test('a completion vouches for all writes before it', () => {
    const durability = new Durability(0);
    durability.issue(3, true);
    const second = durability.issue(5, false);
    durability.completed(second);
    expect(durability.stableIndex).toBe(5);
    expect(durability.hardStateWait).toBeNull();
  });

  test('a write from before a truncation vouches for nothing behind it', () => {
    const durability = new Durability(0);
    const first = durability.issue(6, false);
    durability.truncated(5);
    const second = durability.issue(5, false);
    durability.completed(first);
    expect(durability.stableIndex).toBe(0);
    durability.completed(second);
    expect(durability.stableIndex).toBe(5);
  });

  test('what is durable goes back with a truncation', () => {
    const durability = new Durability(9);
    durability.truncated(4);
    expect(durability.stableIndex).toBe(3);
    expect(durability.generation).toBe(1);
  });

  test('a message waits for the newest of what it reveals', () => {
    const durability = new Durability(2);
    const vote = durability.issue(null, true);
    expect(durability.logWait(2)).toEqual(vote);
    const log = durability.issue(3, false);
    expect(durability.logWait(2)).toEqual(vote);
    expect(durability.logWait(3)).toEqual(log);
    durability.completed(vote);
    expect(durability.logWait(2)).toBeNull();
    expect(durability.logWait(3)).toEqual(log);
  });

  test('a completion of a write that was never begun is a bug', () => {
    expect(() => new Durability(0).completed({ seq: 1, generation: 0 })).toThrow('begun');
  });
});
