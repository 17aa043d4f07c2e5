import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { testHasher } from '../testing/test-hasher.ts';
import { foundCluster } from './found-cluster.ts';
import type { RaftInput } from './inputs.ts';
import type { AppendRequest, RaftMessage } from './messages.ts';
import type { RaftOutput } from './outputs.ts';
import { RaftCore } from './raft-core.ts';
import { DEFAULT_RAFT_SETTINGS } from './settings.ts';

/** The leader of `a b c`, to whom `b` answers as told and whose writes are durable at once. */
class Leader {
  readonly core: RaftCore;
  /** All that `b` was sent. */
  readonly told: RaftMessage[] = [];

  constructor() {
    const founding = foundCluster('cluster', ['a', 'b', 'c'], testHasher);
    this.core = new RaftCore({
      nodeId: 'a',
      clusterId: 'cluster',
      settings: DEFAULT_RAFT_SETTINGS,
      recovered: { ...founding, snapshot: null, appliedIndex: 1 },
      rng: Rng.fromSeed(Number(process.env['SEED'] ?? 7)),
      hasher: testHasher,
    });
    this.core.start();
    while (this.core.inspect().role !== 'preCandidate') this.step({ kind: 'tick' });
    const term = this.core.inspect().term + 1;
    const yes = { requestTerm: term, isGranted: true };
    this.hear({ kind: 'preVoteResponse', term: term - 1, ...yes });
    this.hear({ kind: 'voteResponse', term, ...yes });
    this.confirm();
    expect(this.core.inspect()).toMatchObject({ role: 'leader', term });
    // What became known in the election is told before anything is looked at.
    this.step({ kind: 'tick' });
  }

  get term(): number {
    return this.core.inspect().term;
  }

  /** Appends that `b` is sent. */
  step(input: RaftInput): AppendRequest[] {
    const outputs: RaftOutput[] = [...this.core.step(input)];
    for (const output of outputs) {
      if (output.kind === 'persist')
        outputs.push(...this.core.step({ kind: 'persisted', token: output.token }));
      else if (output.kind === 'apply') {
        const index = output.entries.at(-1)?.index ?? 0;
        outputs.push(...this.core.step({ kind: 'applied', index }));
      }
    }
    const told = outputs.flatMap((output) =>
      output.kind === 'send' && output.to === 'b' ? [output.message] : [],
    );
    this.told.push(...told);
    return told.filter((message) => message.kind === 'appendRequest');
  }

  hear(message: RaftMessage): AppendRequest[] {
    return this.step({ kind: 'receive', from: 'b', message });
  }

  /** `b` has all of the log. */
  confirm(): AppendRequest[] {
    const { lastIndex: matchIndex, term } = this.core.inspect();
    const fields = { prevIndex: matchIndex, matchIndex, hintIndex: 0, hintTerm: 0 };
    return this.hear({ kind: 'appendResponse', term, isAccepted: true, ...fields });
  }

  propose(): AppendRequest[] {
    const proposals = [{ proposalId: 1, body: new Uint8Array(8) }];
    return this.step({ kind: 'propose', term: this.term, proposals });
  }
}

test('what is committed leaves with the next entries', () => {
  const leader = new Leader();
  leader.propose();
  expect(leader.confirm()).toEqual([]);
  const { commitIndex, lastIndex } = leader.core.inspect();
  expect(commitIndex).toBe(lastIndex);
  expect(leader.propose()).toMatchObject([{ commitIndex, entries: [{ index: lastIndex + 1 }] }]);
});

test('what is committed leaves alone, once, where no entries come within a tick', () => {
  const leader = new Leader();
  leader.propose();
  leader.confirm();
  const { commitIndex } = leader.core.inspect();
  expect(leader.step({ kind: 'tick' })).toMatchObject([{ commitIndex, entries: [] }]);
  expect(leader.step({ kind: 'tick' })).toEqual([]);
});

test('who is a member is told as soon as it is committed', () => {
  const leader = new Leader();
  const changes = [{ kind: 'addLearner', nodeId: 'd' }] as const;
  leader.step({ kind: 'changeMembership', changeId: 1, changes, isAutoLeave: true });
  const told = leader.confirm();
  const { commitIndex } = leader.core.inspect();
  expect(told).toMatchObject([{ commitIndex, entries: [] }]);
});

test('who asks what to read is told what is committed by the round that confirms it', () => {
  const leader = new Leader();
  leader.propose();
  leader.confirm();
  const { commitIndex, term } = leader.core.inspect();
  leader.told.length = 0;
  leader.hear({ kind: 'readRequest', term, session: 1, sequence: 1 });
  expect(leader.told).toMatchObject([{ kind: 'heartbeat', commitIndex }]);
});
