import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { testHasher } from '../testing/test-hasher.ts';
import { foundCluster } from './found-cluster.ts';
import type { RaftInput } from './inputs.ts';
import { RaftCore } from './raft-core.ts';
import type { RaftOutput } from './outputs.ts';
import { DEFAULT_RAFT_SETTINGS, type RaftSettings } from './settings.ts';

const ELECTION_TICKS = 100;
const GONE: RaftInput = { kind: 'peerGone', nodeId: 'b' };
const HEARTBEAT: RaftInput = {
  kind: 'receive',
  from: 'b',
  message: { kind: 'heartbeat', term: 1, commitIndex: 0, round: 1 },
};

/** A node of `a b c` that follows `b`. */
function follower(nodeId: 'a' | 'c', settings: Partial<RaftSettings> = {}): RaftCore {
  const founding = foundCluster('cluster', ['a', 'b', 'c'], testHasher);
  const core = new RaftCore({
    nodeId,
    clusterId: 'cluster',
    settings: { ...DEFAULT_RAFT_SETTINGS, electionTicks: ELECTION_TICKS, ...settings },
    recovered: { ...founding, snapshot: null, appliedIndex: 1 },
    rng: Rng.fromSeed(Number(process.env['SEED'] ?? 7)),
    hasher: testHasher,
  });
  core.start();
  core.step(HEARTBEAT);
  expect(core.inspect()).toMatchObject({ role: 'follower', leader: 'b' });
  return core;
}

function ticksToCampaign(core: RaftCore): number {
  let ticks = 0;
  for (; core.inspect().role === 'follower'; ticks += 1) core.step({ kind: 'tick' });
  return ticks;
}

function answerToPreVote(core: RaftCore): boolean | undefined {
  const { lastIndex, lastTerm } = core.inspect();
  const message = { kind: 'preVoteRequest', term: 2, lastIndex, lastTerm } as const;
  const outputs: readonly RaftOutput[] = core.step({ kind: 'receive', from: 'c', message });
  for (const output of outputs) {
    if (output.kind === 'send' && output.message.kind === 'preVoteResponse')
      return output.message.isGranted;
  }
  return undefined;
}

test('a leader that is gone is not waited for: one node after the other tries', () => {
  const [first, second] = [follower('a'), follower('c')];
  first.step(GONE);
  second.step(GONE);
  const [early, late] = [ticksToCampaign(first), ticksToCampaign(second)];
  expect(early).toBeLessThan(10);
  expect(late).toBeGreaterThan(early + 5);
  expect(late).toBeLessThan(20);
});

test('others are voted for as soon as the leader is gone', () => {
  const core = follower('a');
  expect(answerToPreVote(core)).toBe(false);
  core.step(GONE);
  expect(answerToPreVote(core)).toBe(true);
});

test('hearing it again does not put the turn off', () => {
  const core = follower('c');
  let ticks = 0;
  for (; core.inspect().role === 'follower'; ticks += 1) {
    core.step(GONE);
    core.step({ kind: 'tick' });
  }
  expect(ticks).toBeLessThan(20);
});

test('a leader that is heard of after all is waited for again', () => {
  const core = follower('a');
  core.step(GONE);
  core.step(HEARTBEAT);
  expect(answerToPreVote(core)).toBe(false);
  expect(ticksToCampaign(core)).toBeGreaterThanOrEqual(ELECTION_TICKS);
});

test('a leader that may answer by its lease is waited for', () => {
  const core = follower('a', { leaseTicks: 50 });
  core.step(GONE);
  expect(answerToPreVote(core)).toBe(false);
  expect(ticksToCampaign(core)).toBeGreaterThanOrEqual(ELECTION_TICKS);
});

test('any other peer may be gone', () => {
  const core = follower('a');
  core.step({ kind: 'peerGone', nodeId: 'c' });
  expect(answerToPreVote(core)).toBe(false);
  expect(ticksToCampaign(core)).toBeGreaterThanOrEqual(ELECTION_TICKS);
});
