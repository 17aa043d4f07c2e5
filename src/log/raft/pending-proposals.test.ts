import { beforeEach, expect, test } from 'vitest';
import { PendingProposals } from './pending-proposals.ts';
import { leadershipLostError, raftClosedError } from './raft-errors.ts';

let proposals: PendingProposals;
let outcomes: string[];

beforeEach(() => {
  proposals = new PendingProposals();
  outcomes = [];
});

function propose(name: string): number {
  return proposals.add({
    resolve: (index) => void outcomes.push(`${name} at ${index}`),
    reject: (error) => void outcomes.push(`${name}: ${(error as { code?: string }).code}`),
  });
}

test('a proposal resolves with the place it was given, when exactly that is committed', () => {
  const [first, second] = [propose('first'), propose('second')];
  proposals.accepted(first, 7, 2);
  proposals.accepted(second, 8, 2);
  expect(proposals.isWaitedFor(8, 2)).toBe(true);
  expect(proposals.isWaitedFor(8, 3)).toBe(false);
  proposals.committed(6, 1, 4, leadershipLostError);
  expect(outcomes).toEqual([]);
  proposals.committed(7, 2, 5, leadershipLostError);
  proposals.committed(8, 3, 6, leadershipLostError);
  expect(outcomes).toEqual(['first at 5', 'second: LEADERSHIP_LOST']);
  expect(proposals.size).toBe(0);
});

test('a proposal whose place was passed over is lost', () => {
  proposals.accepted(propose('passed'), 7, 2);
  proposals.committed(9, 2, 5, leadershipLostError);
  expect(outcomes).toEqual(['passed: LEADERSHIP_LOST']);
});

test('leadership that ends leaves those alone whose place is committed already', () => {
  proposals.accepted(propose('committed'), 7, 2);
  proposals.accepted(propose('open'), 8, 2);
  proposals.loseAccepted(leadershipLostError(), 7);
  expect(outcomes).toEqual(['open: LEADERSHIP_LOST']);
  proposals.committed(7, 2, 5, leadershipLostError);
  expect(outcomes).toEqual(['open: LEADERSHIP_LOST', 'committed at 5']);
});

test('whoever waits for all to settle is told once the last one did', async () => {
  const [first, second] = [propose('first'), propose('second')];
  const settled = proposals.settled().then(() => outcomes.push('settled'));
  proposals.accepted(first, 1, 1);
  proposals.committed(1, 1, 1, leadershipLostError);
  proposals.dropped(second, raftClosedError());
  await settled;
  expect(outcomes).toEqual(['first at 1', 'second: LOG_CLOSED', 'settled']);
  await proposals.settled();
});
