import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryPositions } from './entry-positions.ts';

type Step =
  | { readonly kind: 'push'; readonly count: number; readonly isCommand: boolean }
  | { readonly kind: 'truncate'; readonly share: number }
  | { readonly kind: 'compact'; readonly share: number }
  | { readonly kind: 'restart'; readonly index: number };

const share = fc.nat(100);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      count: fc.nat(900),
      isCommand: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('truncate' as const), share }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('compact' as const), share }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), index: fc.nat(1e9) }),
  },
);

interface Twin {
  base: { index: number; term: number; commands: number };
  entries: { term: number; commands: number; group: number }[];
}

function perform(positions: EntryPositions, twin: Twin, step: Step, term: number): void {
  const { base, entries } = twin;
  if (step.kind === 'push') {
    for (let at = 0; at < step.count; at += 1) {
      const before = entries.at(-1)?.commands ?? base.commands;
      const commands = before + (step.isCommand ? 1 : 0);
      positions.push(term, step.isCommand);
      entries.push({ term, commands, group: term * 10 });
      positions.setGroup(base.index + entries.length, term * 10);
    }
  } else if (step.kind === 'truncate') {
    const kept = Math.floor((entries.length * step.share) / 100);
    positions.truncate(base.index + kept + 1);
    entries.length = kept;
  } else if (step.kind === 'compact') {
    const dropped = entries.splice(0, Math.floor((entries.length * step.share) / 100));
    const last = dropped.at(-1);
    const index = base.index + dropped.length;
    positions.compact(index);
    if (last !== undefined) twin.base = { index, term: last.term, commands: last.commands };
  } else {
    twin.base = { index: step.index, term, commands: step.index };
    twin.entries = [];
    positions.restart(step.index, term, step.index);
  }
}

test('positions are those of a plain list, however it grew, shrank and began anew', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
      const positions = new EntryPositions();
      const twin: Twin = { base: { index: 0, term: 0, commands: 0 }, entries: [] };
      for (const [at, step] of steps.entries()) {
        perform(positions, twin, step, at + 1);
        const { base, entries } = twin;
        expect(positions.baseIndex).toBe(base.index);
        expect(positions.lastIndex).toBe(base.index + entries.length);
        expect(positions.termAt(base.index)).toBe(base.term);
        expect(positions.commandsAt(base.index)).toBe(base.commands);
        expect(positions.termAt(base.index + entries.length + 1)).toBeUndefined();
        for (const [offset, { commands, group, term }] of entries.entries()) {
          const index = base.index + offset + 1;
          const found = [
            positions.termAt(index),
            positions.commandsAt(index),
            positions.groupAt(index),
          ];
          if (found[0] !== term || found[1] !== commands || found[2] !== group) {
            expect([index, ...found]).toEqual([index, term, commands, group]);
          }
        }
        const last = entries.at(-1)?.commands ?? base.commands;
        if (last > base.commands) {
          const first = entries.findIndex((entry) => entry.commands === last);
          expect(positions.indexOfCommand(last)).toBe(base.index + first + 1);
        }
      }
    }),
    { numRuns: 60 },
  );
});
