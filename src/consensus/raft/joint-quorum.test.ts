import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Configuration } from './configuration.ts';
import {
  electionOutcome,
  hasQuorum,
  majorityOf,
  membersOf,
  quorumReached,
} from './joint-quorum.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const subset = fc.subarray(IDS, { minLength: 1 });
const configurations = fc
  .tuple(subset, fc.option(subset))
  .map(([voters, outgoing]) => configurationOf(voters, outgoing ?? []));

function configurationOf(voters: string[], votersOutgoing: string[]): Configuration {
  return {
    voters,
    votersOutgoing,
    learners: [],
    learnersNext: [],
    isAutoLeave: false,
    removed: [],
  };
}

/** The greatest number that enough voters have, tried one by one. */
function twinReached(voters: readonly string[], reached: ReadonlyMap<string, number>): number {
  let best = 0;
  for (let number = 1; number <= 20; number += 1) {
    const count = voters.filter((id) => (reached.get(id) ?? 0) >= number).length;
    if (count * 2 > voters.length) best = number;
  }
  return best;
}

describe('joint quorum', () => {
  test('what a quorum reached is what both majorities reached', () => {
    const numbers = fc.array(fc.nat(20), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(configurations, numbers, (configuration, values) => {
        const reached = new Map(IDS.map((id, at) => [id, values[at] ?? 0]));
        const { voters, votersOutgoing } = configuration;
        const groups = votersOutgoing.length > 0 ? [voters, votersOutgoing] : [voters];
        const expected = Math.min(...groups.map((group) => twinReached(group, reached)));
        expect(quorumReached(configuration, (id) => reached.get(id) ?? 0)).toBe(expected);
      }),
    );
  });

  test('two quorums of one configuration always meet in a node', () => {
    fc.assert(
      fc.property(configurations, fc.subarray(IDS), fc.subarray(IDS), (configuration, a, b) => {
        const isQuorum = (group: readonly string[]): boolean =>
          hasQuorum(configuration, (id) => group.includes(id));
        if (isQuorum(a) && isQuorum(b)) expect(a.some((id) => b.includes(id))).toBe(true);
      }),
    );
  });

  test('an election is open exactly while the votes still out can turn it', () => {
    const votes = fc.array(fc.constantFrom(true, false, null), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(configurations, votes, (configuration, given) => {
        const cast = new Map<string, boolean>();
        IDS.forEach((id, at) => {
          const vote = given[at] ?? null;
          if (vote !== null) cast.set(id, vote);
        });
        const wins = (open: boolean): boolean =>
          hasQuorum(configuration, (id) => cast.get(id) ?? open);
        const expected = wins(false) ? 'won' : wins(true) ? 'open' : 'lost';
        expect(electionOutcome(configuration, cast)).toBe(expected);
      }),
    );
  });

  test('nobody reaches anything without voters', () => {
    expect(quorumReached(configurationOf([], []), () => 9)).toBe(0);
    expect([1, 2, 3, 4, 5].map(majorityOf)).toEqual([1, 2, 2, 3, 3]);
    expect(membersOf(configurationOf(['b', 'a'], ['c', 'a']))).toEqual(['a', 'b', 'c']);
  });
});
