import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeConfiguration, isJoint, leaveJoint } from './change-configuration.ts';
import type { Configuration, MemberChange } from './configuration.ts';
import { decodeConfiguration, encodeConfiguration } from './configuration-codec.ts';
import { membersOf } from './joint-quorum.ts';

const START: Configuration = {
  voters: ['a', 'b', 'c'],
  votersOutgoing: [],
  learners: ['d'],
  learnersNext: [],
  isAutoLeave: false,
  removed: ['z'],
};
const change: fc.Arbitrary<MemberChange> = fc.record({
  kind: fc.constantFrom('addLearner', 'promote', 'demote', 'remove'),
  nodeId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'z'),
});

describe('membership changes', () => {
  test('whatever is asked in a row, everyone has one part, and who left never returns', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }), (script) => {
        let current = START;
        for (const changes of script) {
          const next = changeConfiguration(current, changes, true);
          if ('code' in next) continue;
          if (isJoint(next)) expect(next.votersOutgoing).toEqual(current.voters);
          else expect(next.voters).toEqual(current.voters);
          expect(decodeConfiguration(encodeConfiguration(next))).toEqual(next);
          const settled = isJoint(next) ? leaveJoint(next) : next;
          const { voters, learners, removed } = settled;
          expect(voters.length).toBeGreaterThan(0);
          expect(new Set([...voters, ...learners, ...removed]).size).toBe(
            voters.length + learners.length + removed.length,
          );
          for (const gone of current.removed) expect(removed).toContain(gone);
          for (const member of membersOf(current))
            expect(membersOf(settled).includes(member) || removed.includes(member)).toBe(true);
          current = settled;
        }
      }),
    );
  });

  test.each([
    [[], 'CHANGE_EMPTY'],
    [[{ kind: 'addLearner', nodeId: 'z' }], 'NODE_ID_USED'],
    [[{ kind: 'addLearner', nodeId: 'd' }], 'NODE_EXISTS'],
    [[{ kind: 'addLearner', nodeId: 'é' }], 'NODE_ID_INVALID'],
    [[{ kind: 'promote', nodeId: 'a' }], 'NODE_NOT_LEARNER'],
    [[{ kind: 'demote', nodeId: 'd' }], 'NODE_NOT_VOTER'],
    [[{ kind: 'remove', nodeId: 'x' }], 'NODE_NOT_FOUND'],
    [['a', 'b', 'c'].map((nodeId) => ({ kind: 'remove', nodeId })), 'NO_VOTER_LEFT'],
  ] as [MemberChange[], string][])('%j is refused with %s', (changes, code) => {
    expect(changeConfiguration(START, changes, true)).toMatchObject({ code });
  });

  test('a demoted voter votes in the joint configuration and listens after it', () => {
    const joint = changeConfiguration(START, [{ kind: 'demote', nodeId: 'a' }], true);
    expect(joint).toMatchObject({ votersOutgoing: ['a', 'b', 'c'], learnersNext: ['a'] });
    if (!('code' in joint)) expect(leaveJoint(joint).learners).toEqual(['a', 'd']);
  });
});
