import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hexOf, testHasher } from '../testing/test-hasher.ts';
import { encodeConfiguration } from './configuration-codec.ts';
import { entryHash, genesisBase } from './entry-hash.ts';
import type { RaftEntry } from './log-entry.ts';
import { RaftLogView } from './raft-log-view.ts';

const BASE = genesisBase('c', testHasher);

type Step =
  | { readonly kind: 'append'; readonly bytes: number; readonly isNewTerm: boolean }
  | { readonly kind: 'configure' }
  | { readonly kind: 'truncate' | 'compact'; readonly share: number }
  | { readonly kind: 'shrink' };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      bytes: fc.nat(20),
      isNewTerm: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('configure' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('truncate' as const, 'compact' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('shrink' as const) }) },
);

/** The same log as a plain list that keeps everything from the genesis on. */
class Twin {
  entries: RaftEntry[] = [];
  base = 0;

  next(kind: RaftEntry['kind'], term: number, body: Uint8Array): RaftEntry {
    const last = this.entries.at(-1);
    const prevHash = last === undefined ? BASE.hash : entryHash(testHasher, last);
    const entry = { index: this.entries.length + 1, term, kind, prevHash, body };
    this.entries.push(entry);
    return entry;
  }

  get members(): string {
    const last = this.entries.findLast(({ kind }) => kind === 'configuration');
    return last === undefined ? '' : `n${last.index}`;
  }
}

function play(log: RaftLogView, twin: Twin, step: Step): void {
  const term = twin.entries.at(-1)?.term ?? 1;
  const free = twin.entries.length - twin.base;
  if (step.kind === 'append') {
    log.append(twin.next('command', term + (step.isNewTerm ? 1 : 0), new Uint8Array(step.bytes)));
  } else if (step.kind === 'configure') {
    const voters = [`n${twin.entries.length + 1}`];
    const body = encodeConfiguration({ ...BASE.configuration, voters });
    log.append(twin.next('configuration', term, body));
  } else if (step.kind === 'truncate' && free > 0) {
    const from = twin.base + 1 + Math.floor(step.share * (free - 1));
    log.truncateFrom(from);
    twin.entries.length = from - 1;
  } else if (step.kind === 'compact' && free > 0) {
    const through = twin.base + 1 + Math.floor(step.share * (free - 1));
    log.compactTo(log.baseAt(through));
    twin.base = through;
  } else if (step.kind === 'shrink') {
    log.shrinkTail(15, twin.entries.length);
  }
}

describe('log view', () => {
  test('it agrees with a plain list of all entries, whatever was appended, truncated and compacted', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 120 }), (script) => {
        const log = new RaftLogView(BASE, testHasher);
        const twin = new Twin();
        for (const step of script) {
          play(log, twin, step);
          expect(log.lastIndex).toBe(twin.entries.length);
          expect(log.configuration.voters.join()).toBe(twin.members);
          for (const entry of twin.entries) {
            const isKept = entry.index >= twin.base;
            expect(log.termAt(entry.index)).toBe(isKept ? entry.term : null);
            const hash = log.hashAt(entry.index);
            expect(hash === null ? null : hexOf(hash)).toBe(
              isKept ? hexOf(entryHash(testHasher, entry)) : null,
            );
          }
          expect(log.termAt(twin.entries.length + 1)).toBeNull();
          for (const entry of log.slice(twin.base + 1, log.lastIndex, 1000))
            expect(entry).toBe(twin.entries[entry.index - 1]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a gap, a term that decreases and a broken chain are bugs', () => {
    const log = new RaftLogView(BASE, testHasher);
    const twin = new Twin();
    log.append(twin.next('command', 3, new Uint8Array(1)));
    const good = twin.next('command', 3, new Uint8Array(1));
    expect(() => log.append({ ...good, index: 3 })).toThrow('gaps');
    expect(() => log.append({ ...good, term: 2 })).toThrow('terms');
    expect(() => log.append({ ...good, prevHash: BASE.hash })).toThrow('chain');
    log.append(good);
    expect(log.isHeld(good)).toBe(true);
    expect(log.isHeld({ ...good, body: Uint8Array.of(1) })).toBe(false);
  });

  test('the newest index of a term skips all entries of later terms', () => {
    const log = new RaftLogView(BASE, testHasher);
    const twin = new Twin();
    for (const term of [1, 1, 4, 4, 6]) log.append(twin.next('command', term, new Uint8Array(0)));
    expect([7, 6, 5, 4, 3, 1, 0].map((term) => log.newestOfTerm(5, term))).toEqual([
      5, 5, 4, 4, 2, 2, 0,
    ]);
  });
});
