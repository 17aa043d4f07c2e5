import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { testHasher } from '../testing/test-hasher.ts';
import { entryHash } from './entry-hash.ts';
import { foundCluster } from './found-cluster.ts';
import type { RaftInput } from './inputs.ts';
import type { RaftEntry } from './log-entry.ts';
import type { AppendRequest, RaftMessage } from './messages.ts';
import type { RaftOutput } from './outputs.ts';
import { RaftCore } from './raft-core.ts';
import { DEFAULT_RAFT_SETTINGS, type RaftSettings } from './settings.ts';

const SETTINGS: RaftSettings = { ...DEFAULT_RAFT_SETTINGS, heartbeatTicks: 2, electionTicks: 10 };
const FOUNDING = foundCluster('c', ['a', 'b', 'c'], testHasher);
const FOUNDED = FOUNDING.entries[0] as RaftEntry;

/** A core whose writes are durable at once, unless it is told otherwise. */
class Node {
  readonly core: RaftCore;
  readonly outputs: RaftOutput[] = [];
  isDiskSlow = false;

  constructor(settings: Partial<RaftSettings> = {}) {
    this.core = new RaftCore({
      nodeId: 'a',
      clusterId: 'c',
      settings: { ...SETTINGS, ...settings },
      recovered: { ...FOUNDING, snapshot: null, appliedIndex: 1 },
      rng: Rng.fromSeed(7),
      hasher: testHasher,
    });
    this.#note(this.core.start());
  }

  take(...inputs: readonly RaftInput[]): readonly RaftOutput[] {
    const outputs = this.core.stepAll(inputs);
    this.#note(outputs);
    return outputs;
  }

  hear(from: string, message: RaftMessage): readonly RaftOutput[] {
    return this.take({ kind: 'receive', from, message });
  }

  tick(count: number): void {
    for (let at = 0; at < count; at += 1) this.take({ kind: 'tick' });
  }

  /** Elected by `b`, with its empty entry committed. */
  lead(): this {
    while (this.core.inspect().role !== 'preCandidate') this.tick(1);
    const term = this.core.inspect().term + 1;
    const yes = { requestTerm: term, isGranted: true };
    this.hear('b', { kind: 'preVoteResponse', term: term - 1, ...yes });
    this.hear('b', { kind: 'voteResponse', term, ...yes });
    this.matched('b', this.core.inspect().lastIndex);
    return this;
  }

  matched(from: string, matchIndex: number): readonly RaftOutput[] {
    const { term } = this.core.inspect();
    const refusal = { hintIndex: 0, hintTerm: 0 };
    const isAccepted = true;
    return this.hear(from, {
      kind: 'appendResponse',
      term,
      isAccepted,
      prevIndex: 1,
      matchIndex,
      ...refusal,
    });
  }

  ofKind<K extends RaftOutput['kind']>(kind: K): Extract<RaftOutput, { kind: K }>[] {
    return this.outputs.filter((one): one is Extract<RaftOutput, { kind: K }> => one.kind === kind);
  }

  #note(outputs: readonly RaftOutput[]): void {
    this.outputs.push(...outputs);
    for (const output of outputs)
      if (output.kind === 'persist' && !this.isDiskSlow)
        this.#note(this.core.step({ kind: 'persisted', token: output.token }));
  }
}

function entriesAfter(first: RaftEntry, term: number, bodies: readonly string[]): RaftEntry[] {
  const entries: RaftEntry[] = [];
  let last = first;
  for (const text of bodies) {
    const body = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const prevHash = entryHash(testHasher, last);
    last = { index: last.index + 1, term, kind: 'command', prevHash, body };
    entries.push(last);
  }
  return entries;
}

function appendOf(
  prev: RaftEntry,
  entries: readonly RaftEntry[],
  commitIndex: number,
): AppendRequest {
  const term = entries.at(-1)?.term ?? 2;
  const { index: prevIndex, term: prevTerm } = prev;
  const prevHash = entryHash(testHasher, prev);
  return { kind: 'appendRequest', term, prevIndex, prevTerm, prevHash, entries, commitIndex };
}

describe('raft core', () => {
  test('a write that replaces entries does not count them as committed: a crash may keep its first part', () => {
    const node = new Node();
    const old = entriesAfter(FOUNDED, 2, ['x', 'y', 'z']);
    node.hear('b', appendOf(FOUNDED, old, 2));
    const kept = old[0] as RaftEntry;
    node.hear('c', appendOf(kept, entriesAfter(kept, 3, ['new', 'newer']), 4));
    const write = node.ofKind('persist').at(-1);
    expect(write).toMatchObject({ truncateFrom: 3, hardState: { term: 3, commitIndex: 2 } });
    expect(node.core.inspect().commitIndex).toBe(4);
    node.tick(2 * SETTINGS.electionTicks);
    expect(node.ofKind('persist').at(-1)?.hardState?.commitIndex).toBe(4);
  });

  test('a learner that answers is promoted whenever that is asked, right after a look at the quorum too', () => {
    const node = new Node({ isCheckQuorumOn: true }).lead();
    const change = (kind: 'addLearner' | 'promote', changeId: number): readonly RaftOutput[] => {
      const changes = [{ kind, nodeId: 'd' }];
      return node.take({ kind: 'changeMembership', changeId, changes, isAutoLeave: true });
    };
    change('addLearner', 1);
    const progressOf = (id: string): { readonly isRecentlyActive: boolean } | undefined =>
      node.core.inspect().progress.find(({ nodeId }) => nodeId === id);
    const { lastIndex } = node.core.inspect();
    for (const peer of ['b', 'c', 'd']) node.matched(peer, lastIndex);
    while (progressOf('d')?.isRecentlyActive === true) node.tick(1);
    change('promote', 2);
    expect(node.ofKind('membershipRefused')).toEqual([]);
    expect(node.ofKind('membershipAccepted')).toHaveLength(2);
    // After one more look without a word from it, it counts as gone.
    const silent = new Node({ isCheckQuorumOn: true }).lead();
    silent.take({
      kind: 'changeMembership',
      changeId: 1,
      changes: [{ kind: 'addLearner', nodeId: 'd' }],
      isAutoLeave: true,
    });
    for (const peer of ['b', 'c', 'd']) silent.matched(peer, lastIndex);
    for (let tick = 0; tick < 3 * SETTINGS.electionTicks; tick += 1) {
      silent.tick(1);
      silent.matched('b', lastIndex);
    }
    silent.take({
      kind: 'changeMembership',
      changeId: 2,
      changes: [{ kind: 'promote', nodeId: 'd' }],
      isAutoLeave: true,
    });
    expect(silent.ofKind('membershipRefused')).toMatchObject([{ code: 'NODE_NOT_CAUGHT_UP' }]);
  });

  test('the same inputs give the same outputs and the same digest', () => {
    const [one, other] = [new Node().lead(), new Node().lead()];
    for (const node of [one, other]) {
      const body = Uint8Array.of(1, 2, 3);
      node.take({ kind: 'propose', term: 2, proposals: [{ proposalId: 1, body }] });
      node.tick(3);
    }
    expect(one.outputs).toEqual(other.outputs);
    expect(one.core.digestState()).toEqual(other.core.digestState());
    other.tick(1);
    expect(one.core.digestState()).not.toEqual(other.core.digestState());
  });

  test('many inputs of one step cost one write and one message to each peer', () => {
    const node = new Node().lead();
    node.matched('c', 2);
    const inputs = Array.from({ length: 20 }, (_, at): RaftInput => {
      const proposals = [{ proposalId: at, body: Uint8Array.of(at) }];
      return { kind: 'propose', term: 2, proposals };
    });
    const outputs = node.take(...inputs);
    expect(outputs.filter(({ kind }) => kind === 'persist')).toHaveLength(1);
    expect(outputs.filter(({ kind }) => kind === 'send')).toHaveLength(2);
    expect(outputs.filter(({ kind }) => kind === 'proposalAccepted')).toHaveLength(20);
  });

  test('a follower commits no more than an append vouches for', () => {
    const node = new Node();
    const stale = entriesAfter(FOUNDED, 2, ['p', 'q', 'r']);
    node.hear('b', appendOf(FOUNDED, stale, 1));
    node.hear('c', { ...appendOf(FOUNDED, stale.slice(0, 1), 4), term: 3 });
    expect(node.core.inspect()).toMatchObject({ lastIndex: 4, commitIndex: 2 });
  });

  test('an answer to an earlier round confirms no read that came after it', () => {
    const node = new Node({ isCheckQuorumOn: false }).lead();
    node.tick(2);
    node.take({ kind: 'read', readId: 1, mode: 'readIndex' });
    node.hear('b', { kind: 'heartbeatResponse', term: 2, round: 1 });
    expect(node.ofKind('readReady')).toEqual([]);
    node.hear('b', { kind: 'heartbeatResponse', term: 2, round: 2 });
    expect(node.ofKind('readReady')).toEqual([{ kind: 'readReady', readId: 1, index: 2 }]);
  });

  test('a lease runs from the sending of its round, and ends for the term when somebody is told to campaign', () => {
    const node = new Node({ leaseTicks: 6 }).lead();
    const read = (readId: number): number => {
      node.take({ kind: 'read', readId, mode: 'lease' });
      return node.ofKind('readReady').filter((one) => one.readId === readId).length;
    };
    node.tick(2);
    node.hear('b', { kind: 'heartbeatResponse', term: 2, round: 1 });
    expect(read(1)).toBe(1);
    node.tick(6);
    expect(read(2)).toBe(0);
    node.hear('b', { kind: 'heartbeatResponse', term: 2, round: 1 });
    expect(read(3)).toBe(0);
    node.hear('b', { kind: 'heartbeatResponse', term: 2, round: 4 });
    expect(read(4)).toBe(1);
    node.take({ kind: 'transfer', to: 'b' });
    expect(read(5)).toBe(0);
    node.tick(10);
    expect(node.ofKind('transferAborted')).toHaveLength(1);
    const { round = 0 } = node
      .ofKind('send')
      .map(({ message }) => message)
      .findLast((message) => message.kind === 'heartbeat') ?? { round: 0 };
    node.hear('b', { kind: 'heartbeatResponse', term: 2, round });
    expect(read(6)).toBe(0);
  });

  test('a log that differs where terms agree stops the node', () => {
    const node = new Node();
    const wrong = { ...appendOf(FOUNDED, [], 1), prevHash: new Uint8Array(16) };
    node.hear('b', wrong);
    expect(node.ofKind('failed')).toMatchObject([{ code: 'LOG_DIVERGED' }]);
    const proposals = [{ proposalId: 1, body: new Uint8Array(1) }];
    const answers = node.take(
      { kind: 'propose', term: 1, proposals },
      { kind: 'read', readId: 2, mode: 'readIndex' },
      { kind: 'tick' },
    );
    expect(answers).toMatchObject([{ reason: 'failed' }, { reason: 'failed' }]);
  });

  test('a leader that replaces what is committed stops the node', () => {
    const node = new Node();
    const entries = entriesAfter(FOUNDED, 2, ['p']);
    node.hear('b', appendOf(FOUNDED, entries, 2));
    node.hear('c', appendOf(FOUNDED, entriesAfter(FOUNDED, 3, ['q']), 2));
    expect(node.ofKind('failed')).toMatchObject([{ code: 'COMMITTED_TRUNCATED' }]);
  });

  test('a second leader of a term stops the node', () => {
    const node = new Node();
    node.hear('b', { kind: 'heartbeat', term: 5, commitIndex: 0, round: 1 });
    node.hear('c', { kind: 'heartbeat', term: 5, commitIndex: 0, round: 1 });
    expect(node.ofKind('failed')).toMatchObject([{ code: 'TWO_LEADERS' }]);
  });

  test('entries that are no chain, and members that cannot be read, are blamed on their sender', () => {
    const node = new Node();
    const [first, second] = entriesAfter(FOUNDED, 2, ['p', 'q']) as [RaftEntry, RaftEntry];
    const broken = { ...second, prevHash: FOUNDED.prevHash };
    node.hear('b', appendOf(FOUNDED, [first, broken], 1));
    node.hear('b', appendOf(FOUNDED, [{ ...first, kind: 'configuration' }], 1));
    expect(node.ofKind('peerFault')).toHaveLength(2);
    expect(node.core.inspect().lastIndex).toBe(1);
  });

  test('a peer that vouches for more than there is, is blamed and not believed', () => {
    const node = new Node().lead();
    node.matched('c', 99);
    expect(node.ofKind('peerFault')).toHaveLength(1);
    expect(node.core.inspect().commitIndex).toBe(2);
  });

  test('entries read back that are not those of the log stop the node', () => {
    const node = new Node({ tailBytesMax: 0, appendBytesMax: 1 }).lead();
    const proposals = ['p', 'q'].map((_, at) => ({ proposalId: at, body: Uint8Array.of(at) }));
    node.take({ kind: 'propose', term: 2, proposals });
    node.matched('c', 2);
    const [asked] = node.ofKind('readEntries');
    const wrong = entriesAfter({ ...FOUNDED, index: 2 }, 2, ['x']);
    node.take({ kind: 'entriesRead', requestId: asked?.requestId ?? 0, entries: wrong });
    expect(node.ofKind('failed')).toMatchObject([{ code: 'ENTRIES_WRONG' }]);
  });

  test('bodies in memory stay within their bound once they are durable', () => {
    const node = new Node({ tailBytesMax: 1000 }).lead();
    for (let at = 0; at < 100; at += 1) {
      const proposals = [{ proposalId: at, body: new Uint8Array(100) }];
      node.take({ kind: 'propose', term: 2, proposals });
      expect(node.core.inspect().tailBytes).toBeLessThanOrEqual(1100);
    }
  });

  test('a disk that forgot more than its state machine knows is a bug', () => {
    const recovered = { ...FOUNDING, snapshot: null, appliedIndex: 5 };
    const { hasher, ...rest } = { hasher: testHasher, nodeId: 'a', clusterId: 'c' };
    const core = new RaftCore({
      ...rest,
      hasher,
      settings: SETTINGS,
      recovered,
      rng: Rng.fromSeed(1),
    });
    expect(() => core.start()).toThrow('applied index');
  });
});
