import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IdempotencyKeys, type IdempotencyEntry } from './idempotency-keys.ts';
import type { TaskId } from './ids.ts';

function entryOf(seq: number, key: string): IdempotencyEntry {
  return { seq, key, taskId: `t${seq}` as TaskId, bodyHash: '', createdAt: seq };
}

/** What a map does: keys in the order they were made last. */
class Twin {
  readonly entries = new Map<string, IdempotencyEntry>();

  add(entry: IdempotencyEntry): void {
    this.entries.delete(entry.key);
    this.entries.set(entry.key, entry);
  }

  forgetOldest(): void {
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), key: fc.nat(5_000), count: fc.nat(3_000) }),
  fc.record({ kind: fc.constant('forget' as const), key: fc.nat(0), count: fc.nat(4_000) }),
);

describe('idempotency keys', () => {
  test('are held in the order they were made, however they are forgotten or taken anew', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), fc.nat(10_000), (steps, since) => {
        const keys = new IdempotencyKeys();
        const twin = new Twin();
        let seq = 0;
        for (const { count, key, kind } of steps) {
          for (let done = 0; done < count; done++) {
            if (kind === 'forget') {
              keys.forgetOldest();
              twin.forgetOldest();
            } else {
              const entry = entryOf(++seq, `k${key + done}`);
              keys.add(entry);
              twin.add(entry);
            }
          }
        }
        const kept = [...twin.entries.values()];
        expect([keys.size, keys.oldest]).toEqual([kept.length, kept[0]]);
        expect([...keys.values()]).toEqual(kept);
        for (const entry of kept.slice(0, 100)) expect(keys.get(entry.key)).toBe(entry);
        const newer = [...keys.newerThan(since)];
        const counted = newer.filter((entry) => twin.entries.get(entry.key) === entry);
        expect(counted).toEqual(kept.filter((entry) => entry.seq > since));
        expect(newer.every((entry, at) => entry.seq > (newer[at - 1]?.seq ?? since))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('that are newer are those of the moment they were asked for', () => {
    const keys = new IdempotencyKeys();
    for (let seq = 1; seq <= 3_000; seq++) keys.add(entryOf(seq, `k${seq}`));
    const newer = keys.newerThan(1_500);
    for (let seq = 1; seq <= 2_900; seq++) keys.forgetOldest();
    for (let seq = 3_001; seq <= 5_000; seq++) keys.add(entryOf(seq, `k${seq}`));
    const seqs = [...newer].map(({ seq }) => seq);
    expect([seqs.length, seqs[0], seqs.at(-1)]).toEqual([1_500, 1_501, 3_000]);
  });
});
