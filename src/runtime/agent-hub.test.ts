import { describe, expect, test } from 'vitest';
import {
  apply,
  createState,
  type AgentId,
  type Command,
  type CoreState,
  type Task,
  type TaskId,
} from '../core/index.ts';
import {
  assign,
  complete,
  register,
  release,
  submit,
  type SpecOptions,
} from '../core/testing/commands.ts';
import { Scheduler } from '../scheduling/index.ts';
import type { Store } from '../store/index.ts';
import { AgentHub } from './agent-hub.ts';
import type { AgentLink, HeldLease, Lease, LinkKind } from './agent-link.ts';
import { InputWaits } from './input-waits.ts';
import { ParentResults } from './parent-results.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { turn } from './testing/runtime-world.ts';

const A = 'a' as AgentId;
/** Never asked: no task here depends on another. */
const NO_STORE = null as unknown as Store;
const id = (n: number): TaskId => `task-${n}` as TaskId;

class Link implements AgentLink {
  lastHeardMs = Number.NEGATIVE_INFINITY;
  readonly kind: LinkKind;
  readonly said: string[] = [];

  constructor(kind: LinkKind = 'channel') {
    this.kind = kind;
  }

  lease({ fencingToken, taskId }: Lease): void {
    this.said.push(`lease ${taskId} ${fencingToken}`);
  }

  revoke(_agentId: AgentId, taskId: TaskId, fencingToken: number, reason: string): void {
    this.said.push(`revoke ${taskId} ${fencingToken} ${reason}`);
  }

  cancelRequested(): void {}

  answer(attempt: HeldLease, key: string, answer: string): void {
    this.said.push(`answer ${attempt.taskId} ${attempt.fencingToken} ${key} ${answer}`);
  }

  flush(): void {
    this.said.push('flush');
  }

  replaced(): void {
    this.said.push('replaced');
  }
}

/** A hub beside a real core. */
class HubWorld {
  readonly clock = new ManualClock();
  readonly state: CoreState = createState(1);
  readonly silent: string[] = [];
  /** Whether verdicts can be kept. */
  isKept = true;
  readonly hub = new AgentHub({
    state: this.state,
    scheduler: new Scheduler({ seed: 1 }),
    clock: this.clock,
    waits: new InputWaits(this.clock),
    payloadOf: () => '{}',
    parents: new ParentResults(this.state, NO_STORE),
    supervisor: { heard: () => undefined, ended: () => undefined },
    unfit: () => undefined,
    undelivered: (task) => void this.silent.push(`undelivered ${task.id}`),
    present: () => undefined,
    agentSilent: (agentId) => this.#verdict(`agent ${agentId}`),
    taskSilent: (task, fencingToken) => this.#verdict(`task ${task.id} ${fencingToken}`),
  });

  constructor(heartbeatMs = 10_000) {
    this.hub.open();
    this.do(register('a', { slots: 10, heartbeatMs }));
    const agent = this.state.agents.get(A);
    if (agent !== undefined) this.hub.registered(agent);
  }

  do(...commands: Command[]): void {
    apply(this.state, this.state.index + 1, { at: this.clock.now(), commands });
  }

  /** Has the agent granted a task; its token is the index of this entry. */
  grant(n: number, spec: SpecOptions = {}): Task {
    if (!this.state.tasks.has(id(n))) this.do(submit(id(n), spec));
    this.do(assign(id(n), 'a'));
    const task = this.state.tasks.get(id(n)) as Task;
    this.hub.granted(task);
    return task;
  }

  #verdict(text: string): Promise<void> {
    this.silent.push(text);
    return this.isKept ? Promise.resolve() : Promise.reject(new Error('the disk is full'));
  }
}

describe('the hub', () => {
  test('sends a lease over the link there is, and keeps it until there is one', () => {
    const world = new HubWorld();
    world.grant(1);
    const link = new Link();
    world.hub.attach(A, link, []);
    world.grant(2);
    world.hub.flush();
    world.hub.flush();
    expect(link.said).toEqual(['lease task-1 3', 'lease task-2 5', 'flush']);
    expect(world.hub.linkKind(A)).toBe('channel');
  });

  test('hands over no lease that the entry which granted it ended', () => {
    const world = new HubWorld();
    const link = new Link();
    world.hub.attach(A, link, []);
    world.do(submit(id(1)));
    const token = world.state.index + 1;
    const task = world.state.tasks.get(id(1)) as Task;
    world.do(assign(id(1), 'a'), complete(id(1), token));
    expect(task.agentId).toBe(A);
    world.hub.granted(task);
    world.hub.flush();
    expect(link.said.filter((said) => said !== 'flush')).toEqual([]);
  });

  test('delivers again what a link that comes back does not hold, and nothing that it holds', () => {
    const world = new HubWorld();
    const first = new Link();
    world.hub.attach(A, first, []);
    const [held, lost] = [world.grant(1), world.grant(2)];
    world.hub.detach(A, first);
    world.grant(3);
    const second = new Link();
    world.hub.attach(A, second, [{ taskId: held.id, fencingToken: held.fencingToken }]);
    expect(second.said.toSorted()).toEqual([`lease task-2 ${lost.fencingToken}`, 'lease task-3 7']);
    expect(first.said.filter((said) => said === 'replaced')).toEqual([]);
  });

  test('revokes what a link holds and core does not know', () => {
    const world = new HubWorld();
    const task = world.grant(1);
    const link = new Link();
    world.hub.attach(A, link, [
      { taskId: task.id, fencingToken: task.fencingToken - 1 },
      { taskId: id(9), fencingToken: 1 },
    ]);
    expect(link.said).toEqual([
      'revoke task-1 2 fenced',
      'revoke task-9 1 fenced',
      'lease task-1 3',
    ]);
  });

  test('tells the older of two links, and listens to it no more', () => {
    const world = new HubWorld();
    const [older, newer] = [new Link(), new Link()];
    world.hub.attach(A, older, []);
    world.hub.attach(A, newer, []);
    expect(older.said).toEqual(['replaced']);
    world.hub.detach(A, older);
    expect(world.hub.linkKind(A)).toBe('channel');
    world.hub.removed(A);
    world.hub.removed(A);
    expect(newer.said).toEqual(['replaced']);
    expect(world.hub.linkKind(A)).toBeNull();
  });

  test('tells of a revocation only those who were told of the lease', () => {
    const world = new HubWorld();
    const unsent = world.grant(1);
    world.hub.revoked(unsent, A, unsent.fencingToken, 'canceled');
    const link = new Link();
    world.hub.attach(A, link, []);
    const sent = world.grant(2);
    world.hub.revoked(sent, A, sent.fencingToken, 'canceled');
    expect(link.said.slice(-1)).toEqual([`revoke task-2 ${sent.fencingToken} canceled`]);
  });

  test('gives a poll no more than it asks for, what it may have missed first', () => {
    const world = new HubWorld();
    for (const n of [1, 2, 3]) world.grant(n);
    const [first, second] = [new Link('poll'), new Link('poll')];
    world.hub.poll(A, first, 2);
    world.hub.poll(A, second, 2);
    const leases = (link: Link): string[] => link.said.filter((said) => said.startsWith('lease'));
    expect([leases(first), leases(second)]).toEqual([
      ['lease task-1 3', 'lease task-2 5'],
      ['lease task-3 7'],
    ]);
  });

  test('does not deliver what ended while it waited, nor the same attempt twice', () => {
    const world = new HubWorld();
    const [ended, again] = [world.grant(1), world.grant(2)];
    world.do(complete(ended.id, ended.fencingToken));
    world.do(release(again.id, again.fencingToken));
    world.hub.ended(ended.id);
    const link = new Link('poll');
    world.hub.poll(A, link, 10);
    world.grant(2);
    world.hub.poll(A, link, 10);
    expect(link.said).toEqual([`lease task-2 ${again.fencingToken}`]);
    expect(again.fencingToken).toBe(8);
  });

  test('watches every agent after a restart, and seats the lost ones', () => {
    const world = new HubWorld();
    const task = world.grant(1);
    const hub = new AgentHub({
      state: world.state,
      scheduler: new Scheduler({ seed: 1 }),
      clock: world.clock,
      waits: new InputWaits(world.clock),
      payloadOf: () => '{}',
      parents: new ParentResults(world.state, NO_STORE),
      supervisor: { heard: () => undefined, ended: () => undefined },
      unfit: () => undefined,
      undelivered: () => undefined,
      present: () => undefined,
      agentSilent: (agentId) => Promise.resolve(world.silent.push(agentId)),
      taskSilent: () => Promise.resolve(),
    });
    world.do(register('b'), { type: 'agent.lost', agentId: 'b' as AgentId });
    hub.open();
    const link = new Link();
    hub.attach('b' as AgentId, link, []);
    expect(hub.linkKind('b' as AgentId)).toBe('channel');
    hub.attach(A, link, []);
    expect(link.said).toEqual([`lease ${task.id} ${task.fencingToken}`]);
    world.clock.advance(10_200);
    expect(world.silent).toContain('a');
  });
});

describe('silence', () => {
  test('of an agent is told once, unless its link was heard', () => {
    const world = new HubWorld(1_000);
    const link = new Link();
    world.hub.attach(A, link, []);
    world.clock.advance(900);
    link.lastHeardMs = world.clock.monotonicMs();
    world.clock.advance(900);
    expect(world.silent).toEqual([]);
    world.clock.advance(10_000);
    expect(world.silent).toEqual(['agent a']);
    expect(world.hub.linkKind(A)).toBeNull();
    world.hub.seen(A);
    world.clock.advance(2_000);
    expect(world.silent).toEqual(['agent a', 'agent a']);
  });

  test('begins with the last that came over a link which broke', () => {
    const world = new HubWorld(10_000);
    const link = new Link();
    world.hub.attach(A, link, []);
    world.clock.advance(9_000);
    link.lastHeardMs = world.clock.monotonicMs();
    world.hub.detach(A, link);
    world.clock.advance(9_900);
    expect(world.silent).toEqual([]);
    world.clock.advance(200);
    expect(world.silent).toEqual(['agent a']);
  });

  test('is not waited for while a link says that its agent is there, and begins when it goes', () => {
    const world = new HubWorld(10_000);
    const link = new Link('in-process');
    link.lastHeardMs = Number.POSITIVE_INFINITY;
    world.hub.attach(A, link, []);
    world.hub.seen(A);
    expect(world.clock.timers).toBe(0);
    world.clock.advance(60_000);
    world.hub.detach(A, link);
    world.clock.advance(9_900);
    expect(world.silent).toEqual([]);
    world.clock.advance(200);
    expect(world.silent).toEqual(['agent a']);
  });

  test('whose verdict could not be kept is told again', async () => {
    const world = new HubWorld(1_000);
    world.isKept = false;
    world.clock.advance(1_200);
    await turn();
    world.isKept = true;
    world.clock.advance(1_200);
    expect(world.silent).toEqual(['agent a', 'agent a']);
  });

  test('about a task is told, a renewed lease is watched as a new one', async () => {
    const world = new HubWorld(60_000);
    const spec = { timeouts: { heartbeatMs: 1_000 } };
    const task = world.grant(1, spec);
    const token = task.fencingToken;
    world.clock.advance(600);
    expect(world.hub.leaseSeen(task.id, token)).toBe(true);
    expect(world.hub.leaseSeen(task.id, token + 1)).toBe(false);
    expect(world.hub.leaseSeen(id(9), token)).toBe(false);
    world.clock.advance(600);
    expect(world.silent).toEqual([]);
    world.do(release(task.id, token));
    world.grant(1);
    for (let i = 0; i < 5; i++) {
      world.clock.advance(600);
      world.hub.leaseSeen(task.id, task.fencingToken);
    }
    expect(world.silent).toEqual([]);
    world.isKept = false;
    world.clock.advance(1_200);
    await turn();
    world.isKept = true;
    world.clock.advance(1_200);
    const told = `task task-1 ${task.fencingToken}`;
    expect(world.silent).toEqual([told, told]);
    world.hub.ended(task.id);
    world.hub.close();
    expect(world.clock.timers).toBe(0);
  });
});
