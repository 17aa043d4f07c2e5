/**
 * A cluster in which nothing happens by itself, played by the lines of a scenario file.
 *
 *     settings preVote=off trailing=0     before `nodes`; names as in `SETTINGS` below
 *     nodes a b c                         founders; `join d` adds a node with an empty disk
 *     elect a                             ticks `a` until it campaigns, then delivers everything
 *     tick a 3 · campaign a               ticks; `campaign` ticks until the role changes, without delivering
 *     deliver · deliver a b 2             everything until nothing is left, or the first so many of one link
 *     drop a b · repeat a b               messages on a link are lost, or are there twice
 *     cut a b · cut a · heal              both ways; a node alone; all links
 *     hold a · release a                  the disk of `a` stops finishing writes; goes on
 *     finish a · fail a                   one write is finished; or fails
 *     propose a x,y term=2 · read a 7 lease · transfer a b · change a add:d,remove:c manual · leave a
 *     snapshot a · crash a · restart a
 *     show                                a line for each node
 */
import { foundCluster } from '../../src/consensus/raft/found-cluster.ts';
import { genesisBase } from '../../src/consensus/raft/entry-hash.ts';
import type { RaftInput } from '../../src/consensus/raft/inputs.ts';
import type { RaftMessage } from '../../src/consensus/raft/messages.ts';
import type { MemberChange } from '../../src/consensus/raft/configuration.ts';
import { DEFAULT_RAFT_SETTINGS, type RaftSettings } from '../../src/consensus/raft/settings.ts';
import { ClusterChecks } from '../../src/consensus/testing/cluster-checks.ts';
import { TestDisk } from '../../src/consensus/testing/test-disk.ts';
import { testHasher } from '../../src/consensus/testing/test-hasher.ts';
import { TestNode, type NodeSurroundings } from '../../src/consensus/testing/test-node.ts';
import { messageText, outputText, viewText } from './raft-trace.ts';

const CLUSTER = 'scenario';
const CHANGES: Readonly<Record<string, MemberChange['kind']>> = {
  add: 'addLearner',
  promote: 'promote',
  demote: 'demote',
  remove: 'remove',
};
const SETTINGS: Readonly<Record<string, keyof RaftSettings>> = {
  preVote: 'isPreVoteOn',
  checkQuorum: 'isCheckQuorumOn',
  lease: 'leaseTicks',
  append: 'appendBytesMax',
  window: 'inFlightMessagesMax',
  uncommitted: 'uncommittedBytesMax',
  trailing: 'trailingEntries',
  catchUp: 'catchUpEntriesMax',
  tail: 'tailBytesMax',
};

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly message: RaftMessage;
}

export class RaftWorld {
  readonly trace: string[] = [];
  #settings: RaftSettings = {
    ...DEFAULT_RAFT_SETTINGS,
    heartbeatTicks: 2,
    electionTicks: 10,
    snapshotChunkBytes: 40,
  };
  readonly #checks = new ClusterChecks();
  readonly #nodes = new Map<string, TestNode>();
  readonly #disks = new Map<string, TestDisk>();
  readonly #cut = new Set<string>();
  readonly #held = new Set<string>();
  readonly #writes = new Map<string, number[]>();
  readonly #later: { node: TestNode; life: number; input: RaftInput }[] = [];
  #sent: Sent[] = [];
  #nextId = 0;

  /** Plays one line. */
  run(line: string): void {
    this.trace.push(`> ${line}`);
    const [verb = '', ...words] = line.split(/\s+/);
    const [first = '', second = ''] = words;
    if (this.#runWorld(verb, words)) return;
    const node = this.#node(first);
    switch (verb) {
      case 'elect':
        this.#campaign(node);
        this.#deliverAll();
        return;
      case 'campaign':
        this.#campaign(node);
        return;
      case 'tick':
        for (let count = Number(second || 1); count > 0; count -= 1)
          this.#take(node, { kind: 'tick' });
        return;
      case 'hold':
        this.#held.add(first);
        return;
      case 'release':
        this.#held.delete(first);
        while (this.#finish(node)) continue;
        return;
      case 'finish':
        this.#finish(node);
        return;
      case 'fail': {
        const seq = this.#writes.get(first)?.shift() ?? 0;
        const token = { seq, generation: 0 };
        this.#take(node, { kind: 'persistFailed', token, message: 'no space' });
        return;
      }
      case 'snapshot':
        node.makeSnapshot();
        return;
      case 'crash':
        node.crash(0);
        this.#writes.delete(first);
        return;
      case 'restart':
        node.start(first.charCodeAt(0));
        return;
      default:
        this.#ask(node, verb, words.slice(1));
    }
  }

  show(): void {
    for (const node of this.#nodes.values())
      this.trace.push(node.core === null ? `${node.nodeId} down` : viewText(node.core.inspect()));
  }

  /** Lines about the whole world. False: it was about a node. */
  #runWorld(verb: string, words: readonly string[]): boolean {
    const [first = '', second = '', third = ''] = words;
    if (verb === 'settings') this.#set(words);
    else if (verb === 'nodes') this.#found(words);
    else if (verb === 'join') this.#join(first);
    else if (verb === 'deliver' && first === '') this.#deliverAll();
    else if (verb === 'deliver') this.#deliver(first, second, Number(third || Infinity));
    else if (verb === 'drop') this.#sent = this.#sent.filter((one) => !isOn(one, first, second));
    else if (verb === 'repeat')
      this.#sent.push(...this.#sent.filter((one) => isOn(one, first, second)));
    else if (verb === 'cut') this.#cutLinks(first, second);
    else if (verb === 'heal') this.#cut.clear();
    else if (verb === 'show') this.show();
    else return false;
    return true;
  }

  /** What clients and operators ask of a node. */
  #ask(node: TestNode, verb: string, words: readonly string[]): void {
    const [first = ''] = words;
    this.#nextId += 1;
    if (verb === 'propose') {
      const named = words.find((word) => word.startsWith('term='));
      const term = named === undefined ? node.term : Number(named.slice(5));
      const proposals = first.split(',').map((text) => {
        this.#nextId += 1;
        return { proposalId: this.#nextId, body: Uint8Array.from(text, (c) => c.charCodeAt(0)) };
      });
      this.#take(node, { kind: 'propose', term, proposals });
    } else if (verb === 'read') {
      const mode = words[1] === 'lease' ? 'lease' : 'readIndex';
      this.#take(node, { kind: 'read', readId: Number(first), mode });
    } else if (verb === 'transfer') {
      this.#take(node, { kind: 'transfer', to: first });
    } else if (verb === 'leave') {
      this.#take(node, { kind: 'leaveJoint', changeId: this.#nextId });
    } else if (verb === 'change') {
      const changes = first.split(',').map((text) => {
        const [kind = '', nodeId = ''] = text.split(':');
        return { kind: CHANGES[kind] ?? 'remove', nodeId };
      });
      const isAutoLeave = words[1] !== 'manual';
      const changeId = this.#nextId;
      this.#take(node, { kind: 'changeMembership', changeId, changes, isAutoLeave });
    } else {
      throw new Error(`a line must begin with a known verb, got ${verb}`);
    }
  }

  #set(words: readonly string[]): void {
    for (const word of words) {
      const [name = '', value = ''] = word.split('=');
      const key = SETTINGS[name];
      if (key === undefined) throw new Error(`a setting must be known, got ${name}`);
      const isFlag = value === 'on' || value === 'off';
      this.#settings = { ...this.#settings, [key]: isFlag ? value === 'on' : Number(value) };
    }
  }

  #found(nodeIds: readonly string[]): void {
    const founding = foundCluster(CLUSTER, nodeIds, testHasher);
    for (const nodeId of nodeIds) this.#add(nodeId, new TestDisk(founding));
  }

  #join(nodeId: string): void {
    const base = genesisBase(CLUSTER, testHasher);
    const hardState = { term: 0, votedFor: null, commitIndex: 0 };
    this.#add(nodeId, new TestDisk({ hardState, base, entries: [] }));
  }

  #add(nodeId: string, disk: TestDisk): void {
    this.#disks.set(nodeId, disk);
    const node = new TestNode(nodeId, disk, this.#surroundings());
    this.#nodes.set(nodeId, node);
    node.start(nodeId.charCodeAt(0));
  }

  #surroundings(): NodeSurroundings {
    return {
      settings: this.#settings,
      clusterId: CLUSTER,
      checks: this.#checks,
      disks: this.#disks,
      isStateDurable: true,
      later: (node, input) => this.#later.push({ node, life: node.life, input }),
      write: (node, { token }) => {
        const writes = this.#writes.get(node.nodeId) ?? [];
        this.#writes.set(node.nodeId, [...writes, token.seq]);
      },
      send: (from, to, message) => this.#sent.push({ from, to, message }),
      told: (node, output) => {
        const text = outputText(output);
        if (text !== null) this.trace.push(`  ${node.nodeId} ${text}`);
      },
    };
  }

  #node(nodeId: string): TestNode {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) throw new Error(`a node must be known, got ${nodeId}`);
    return node;
  }

  #take(node: TestNode, input: RaftInput): void {
    if (input.kind === 'snapshotInstalled') node.installed();
    node.take([input]);
  }

  #campaign(node: TestNode): void {
    const { role, term } = node.view ?? {};
    for (let count = 0; count < 40; count += 1) {
      this.#take(node, { kind: 'tick' });
      if (node.view?.role !== role || node.view?.term !== term) return;
    }
  }

  #finish(node: TestNode): boolean {
    const seq = this.#writes.get(node.nodeId)?.shift();
    if (seq === undefined || node.core === null) return false;
    node.completeWrites(seq);
    this.#take(node, { kind: 'persisted', token: { seq, generation: 0 } });
    return true;
  }

  /** Writes, answers of shells, then messages, until nothing is left. */
  #deliverAll(): void {
    for (let round = 0; round < 1000; round += 1) {
      this.#work();
      const next = this.#sent.shift();
      if (next === undefined) return;
      this.#receive(next);
    }
    throw new Error('a cluster must come to rest');
  }

  #deliver(from: string, to: string, countMax: number): void {
    let count = 0;
    this.#work();
    const waiting = this.#sent.slice();
    for (const one of waiting) {
      if (!isOn(one, from, to) || count >= countMax) continue;
      count += 1;
      this.#sent.splice(this.#sent.indexOf(one), 1);
      this.#receive(one);
      this.#work();
    }
  }

  #work(): void {
    for (let round = 0; round < 1000; round += 1) {
      const task = this.#later.shift();
      if (task !== undefined && task.node.life === task.life) this.#take(task.node, task.input);
      const free = [...this.#nodes.values()].filter((node) => !this.#held.has(node.nodeId));
      const isBusy = free.map((node) => this.#finish(node)).includes(true);
      if (task === undefined && !isBusy) return;
    }
  }

  #receive({ from, to, message }: Sent): void {
    const node = this.#nodes.get(to);
    const isLost = node === undefined || node.core === null || this.#cut.has(`${from} ${to}`);
    this.trace.push(`  ${from}→${to} ${messageText(message)}${isLost ? ' lost' : ''}`);
    if (!isLost) this.#take(node, { kind: 'receive', from, message });
  }

  #cutLinks(first: string, second: string): void {
    const others = second === '' ? [...this.#nodes.keys()] : [second];
    for (const other of others) {
      this.#cut.add(`${first} ${other}`);
      this.#cut.add(`${other} ${first}`);
    }
  }
}

function isOn(one: Sent, from: string, to: string): boolean {
  return one.from === from && one.to === to;
}
