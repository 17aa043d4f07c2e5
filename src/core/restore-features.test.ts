import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from './apply.ts';
import type { CommandBatch } from './command.ts';
import { digest } from './digest.ts';
import { checkInvariants } from './invariants.ts';
import { restoreState, type StateRows } from './restore.ts';
import { createState, type CoreState } from './state.ts';
import { featureBatchOf, tightSettings } from './testing/feature-histories.ts';
import { histories } from './testing/histories.ts';
import { rowsOf } from './testing/snapshot.ts';
import { eventText, resultText } from './testing/trace.ts';

const SEED = process.env['SEED'];
const options = {
  numRuns: 200,
  endOnFailure: true,
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
};

test('a replica goes on like the others whenever it was restored, whatever features meet', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(
      fc.integer(),
      histories(60),
      fc.array(fc.nat(5), { minLength: 60, maxLength: 60 }),
      (seed, moves, restores) => {
        const leader = createState(seed);
        let replica = createState(seed);
        const begin = { at: 0, commands: [tightSettings(1 + Math.abs(seed % 4))] };
        for (const state of [leader, replica]) apply(state, 1, begin);
        for (const [turn, move] of moves.entries()) {
          const batch = featureBatchOf(leader, move);
          if (restores[turn] === 0) replica = restored(replica);
          applyToBoth(leader, replica, batch);
          for (const type of recordTypes(leader)) reached.add(type);
          for (const { extra, reason } of leader.tasks.values()) {
            if (extra?.copyOf != null) reached.add(extra.copyOf.kind);
            if (reason !== null) reached.add(reason);
          }
        }
        checkInvariants(leader);
        checkInvariants(replica);
      },
    ),
    options,
  );
  // Histories in which no two features meet would prove nothing.
  const wanted = [
    'breakers',
    'cuts',
    'dedupes',
    'kills',
    'losses',
    'schedules',
    'stages',
    'trees',
    'waves',
  ];
  const others = ['dependency_failed', 'hedge', 'redundant'];
  for (const each of [...wanted, ...others]) expect(reached).toContain(each);
});

/** From rows in another order than that in which they were made, as a store may give them. */
function restored(state: CoreState): CoreState {
  const rows = rowsOf(state);
  const turned: StateRows = {
    ...rows,
    tasks: [...rows.tasks].toReversed(),
    agents: [...rows.agents].toReversed(),
    queues: [...rows.queues].toReversed(),
    profiles: [...rows.profiles].toReversed(),
    records: [...rows.records].toReversed(),
  };
  const other = restoreState(turned);
  checkInvariants(other);
  return other;
}

function applyToBoth(one: CoreState, other: CoreState, batch: CommandBatch): void {
  const copy = JSON.parse(JSON.stringify(batch)) as CommandBatch;
  const [did, didToo] = [one, other].map((state) => {
    const { results, events } = apply(state, state.index + 1, copy);
    return [...results.map(resultText), ...events.map(eventText)].join('\n');
  });
  if (did !== didToo) throw new Error(`answers or events differ\n${did}\n---\n${didToo}`);
  if (digest(one) !== digest(other)) throw new Error(`digests differ after ${one.index}`);
}

function recordTypes({ records }: CoreState): string[] {
  return Object.entries(records).flatMap(([name, table]) => (table.size > 0 ? [name] : []));
}
