import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  controlOf,
  type Agent,
  type AgentId,
  type Profile,
  type Task,
  type TaskPlacement,
} from '../../core/index.ts';
import { NO_EXTRA } from '../../core/extra.ts';
import type { Placement } from '../placement.ts';
import { Scheduler } from '../scheduler.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from '../testing/fixtures.ts';
import { arrivalOf } from '../testing/fleet.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const queue = makeQueue('default', 'round-robin');
const work = makeProfile({ queue });

function wishing(seq: number, placement?: TaskPlacement, profile: Profile = work): Task {
  const task = makeTask(seq, profile);
  if (placement !== undefined) task.extra = { ...NO_EXTRA, control: controlOf({ placement }) };
  return task;
}

/** Agents of one slot each, by zone, and what runs on them; applies what is proposed at once. */
class Yard {
  readonly scheduler: Scheduler;
  readonly agents: readonly Agent[];
  readonly tasks = new Map<string, Task>();
  nowMs = 1;

  constructor(zones: readonly string[], plans: boolean) {
    this.scheduler = new Scheduler({ seed: 1, plans });
    this.agents = zones.map((zone, index) => makeAgent(`a${index}`, { labels: { zone } }));
    for (const agent of this.agents) {
      this.scheduler.agentChanged(agent);
      this.scheduler.setCredit(agent.id, Infinity);
    }
  }

  /** Gives each agent a plain task. */
  fill(): void {
    for (const [index] of this.agents.entries()) this.wait(makeTask(-1 - index, work));
    this.place([]);
  }

  wait(...tasks: readonly Task[]): void {
    for (const task of tasks) {
      this.tasks.set(task.id, task);
      this.scheduler.taskWaiting(task);
    }
  }

  /** Ends what runs on the agents, by their number, and starts what is proposed. */
  free(...numbers: readonly number[]): Placement {
    const ended = numbers.flatMap((number) => [...(this.agents[number] as Agent).leases]);
    return this.place(ended);
  }

  place(ended: readonly Task[], arrivals: readonly Task[] = []): Placement {
    const freed = ended.map(({ agentId }) => agentId as AgentId);
    const request = { freed, ended, arrivals: arrivals.map(arrivalOf), nowMs: this.nowMs };
    const placement = this.scheduler.place({ ...request, assignmentsMax: 100 });
    for (const task of ended) this.#end(task);
    for (const task of arrivals) this.tasks.set(task.id, task);
    for (const [position, id] of placement.taskIds.entries()) {
      this.#start(this.tasks.get(id) as Task, placement.agentIds[position] as AgentId);
    }
    this.scheduler.batchApplied();
    return placement;
  }

  /** Has the window solved by whoever `solve` is. */
  plan(solve: (tasks: number, agents: number) => readonly number[] | null): string | undefined {
    const window = this.scheduler.plans?.nextWindow(this.nowMs);
    if (window == null) return undefined;
    const found = solve(window.problem.tasks, window.problem.agents);
    return this.scheduler.plans?.take(window.number, found, this.nowMs)?.source;
  }

  #end(task: Task): void {
    const agent = this.agents.find(({ id }) => id === task.agentId);
    agent?.leases.delete(task);
    task.state = 'completed';
    task.agentId = null;
    this.scheduler.leaseEnded(agent ?? null, task);
  }

  #start(task: Task, agentId: AgentId): void {
    const agent = this.agents.find(({ id }) => id === agentId) as Agent;
    agent.leases.add(task);
    task.state = 'running';
    task.agentId = agentId;
    this.scheduler.taskLeft(task);
    this.scheduler.leaseGranted(agent, task);
  }
}

const near = (zone: string): TaskPlacement => ({ near: { zone } });

describe('greedy', () => {
  test('a task takes the cheapest of the free agents, and the strategy decides between equals', () => {
    const yard = new Yard(['eu', 'us', 'eu'], false);
    const ids = ['us', 'eu', 'eu'].map((zone, seq) => wishing(seq, near(zone)));
    expect(yard.place([], ids).agentIds).toEqual(['a1', 'a0', 'a2']);
  });

  test('a task that asks to be apart goes where none of its group is, and anywhere when all have one', () => {
    const yard = new Yard(['x', 'x'], false);
    const web = { apart: 'web' };
    expect(new Set(yard.place([], [wishing(1, web), wishing(2, web)]).agentIds).size).toBe(2);
    yard.wait(wishing(3, web));
    expect(yard.free(1).agentIds).toEqual(['a1']);
  });

  test('a task whose attempt ends in the same batch is no neighbour any more', () => {
    const yard = new Yard(['x', 'x'], false);
    const web = { apart: 'web' };
    yard.place([], [wishing(1, web), wishing(2, web)]);
    const third = wishing(3, web);
    yard.wait(third);
    yard.free(0);
    expect(yard.scheduler.explain(third, 1).placement?.cost).toBe(0);
    const fourth = wishing(4, web);
    yard.wait(fourth);
    // Nothing ends: an attempt that core did not end after all is a neighbour again.
    const running = [...(yard.agents[0] as Agent).leases];
    const freed = running.map(({ agentId }) => agentId as AgentId);
    const request = { freed, ended: running, arrivals: [], nowMs: 1, assignmentsMax: 0 };
    yard.scheduler.place(request);
    yard.scheduler.batchApplied();
    const agent = yard.agents[0] as Agent;
    agent.spec = { ...agent.spec, slots: 2 };
    yard.scheduler.agentChanged(agent);
    yard.place([]);
    expect(yard.scheduler.explain(fourth, 1).placement?.cost).toBe(10);
  });

  test('a proposal that comes to nothing leaves no neighbour', () => {
    const yard = new Yard(['x'], false);
    const request = { freed: [], ended: [], nowMs: 1, assignmentsMax: 9 };
    const [lost, refused] = [wishing(1, { apart: 'web' }), wishing(2, { apart: 'web' })];
    yard.scheduler.place({ ...request, arrivals: [arrivalOf(lost)] });
    yard.scheduler.batchApplied();
    yard.scheduler.place({ ...request, arrivals: [arrivalOf(refused)] });
    yard.scheduler.refused(refused.id, 'a0' as AgentId);
    const third = wishing(3, { apart: 'web' });
    yard.place([], [third]);
    expect(yard.scheduler.explain(third, 1).placement?.cost).toBe(0);
  });

  test('groups of the same name in two namespaces are not one', () => {
    const scheduler = new Scheduler({ seed: 1 });
    for (const id of ['a0', 'a1']) {
      const agent = makeAgent(id, { slots: 2, cost: id === 'a0' ? 0 : 1 });
      scheduler.agentChanged(agent);
      scheduler.setCredit(agent.id, Infinity);
    }
    const other = makeProfile({ queue: makeQueue('team/default', 'round-robin') });
    const arrivals = [wishing(1, { apart: 'web' }), wishing(2, { apart: 'web' }, other)];
    const request = { freed: [], ended: [], arrivals: arrivals.map(arrivalOf), nowMs: 0 };
    expect(scheduler.place({ ...request, assignmentsMax: 9 }).agentIds).toEqual(['a0', 'a0']);
  });
});

describe('plans', () => {
  test('a freed slot takes the waiting task that is meant for it', () => {
    const yard = new Yard(['eu', 'us'], true);
    yard.fill();
    yard.wait(wishing(1, near('us')), wishing(2, near('eu')));
    expect(yard.plan(() => [1, 0])).toBe('cheapest first');
    expect(yard.free(0).taskIds).toEqual(['task-2']);
    expect(yard.free(1).taskIds).toEqual(['task-1']);
  });

  test('an answer that is better than any greedy order is followed, and explain says so', () => {
    const yard = new Yard(['a', 'b'], true);
    yard.fill();
    // The first loses little by leaving what the second needs.
    const first = wishing(1, { costs: { zone: { a: 1, b: 2 } } });
    const second = wishing(2, { costs: { zone: { a: 1, b: 9 } } });
    yard.wait(first, second);
    expect(yard.plan(() => [1, 0])).toBe('solver');
    expect(yard.scheduler.explain(second, yard.nowMs).placement).toMatchObject({
      by: 'plan',
      agentId: 'a0',
    });
    expect(yard.free(0).taskIds).toEqual(['task-2']);
    const { placement } = yard.scheduler.explain(second, yard.nowMs);
    expect(placement).toMatchObject({ by: 'plan', cost: 1, agentId: 'a0' });
    expect(placement?.reason).toContain('it costs 3 in all, first come 10');
  });

  test('without an answer, or without a better one, the line goes on as it stands', () => {
    const yard = new Yard(['eu', 'us'], true);
    yard.fill();
    const [first, second] = [wishing(1, near('eu')), wishing(2, near('us'))];
    yard.wait(first, second);
    expect(yard.plan(() => null)).toBe('none');
    expect(yard.scheduler.explain(first, yard.nowMs).placement?.reason).toBe(
      'no plan: none costs less than first come, which costs 0 in all',
    );
    expect(yard.free(1).taskIds).toEqual(['task-1']);
  });

  test('while an answer is awaited slots are taken, and one that comes too late changes nothing', () => {
    const yard = new Yard(['eu', 'us'], true);
    yard.fill();
    yard.wait(wishing(1, near('us')), wishing(2, near('eu')));
    const window = yard.scheduler.plans?.nextWindow(1);
    expect(yard.scheduler.plans?.nextWindow(1)).toBeNull();
    expect(yard.free(0, 1).taskIds).toHaveLength(2);
    const late = yard.scheduler.plans?.take(window?.number ?? 0, [1, 0], 1);
    expect(late).not.toBeNull();
    yard.wait(wishing(3, near('eu')));
    expect(yard.free(1).taskIds).toEqual(['task-3']);
  });

  test('where one agent is all there is nothing is asked, and that again after a second', () => {
    const yard = new Yard(['eu'], true);
    yard.fill();
    yard.wait(wishing(1, near('us')), wishing(2, near('eu')));
    expect(yard.plan(() => null)).toBeUndefined();
    const late = makeAgent('late', { labels: { zone: 'us' } });
    yard.scheduler.agentChanged(late);
    yard.scheduler.setCredit(late.id, Infinity);
    expect(yard.plan(() => null)).toBeUndefined();
    yard.nowMs += 1_001;
    expect(yard.plan(() => null)).toBe('cheapest first');
  });

  test('a task of higher priority never changes turns with one of lower', () => {
    const yard = new Yard(['eu', 'us'], true);
    yard.fill();
    const urgent = makeProfile({ queue, priority: 9 });
    yard.wait(wishing(1, near('us'), urgent), wishing(2, near('eu')));
    yard.plan(() => [1, 0]);
    expect(yard.free(0).taskIds).toEqual(['task-1']);
  });

  test('a task gives way eight times at most, and keeps its turn then', () => {
    const yard = new Yard(['eu', 'us'], true);
    yard.fill();
    yard.wait(wishing(1, near('us')));
    const gone: string[] = [];
    for (let seq = 2; !gone.includes('task-1') && seq < 100; seq++) {
      yard.wait(wishing(seq, near('eu')));
      yard.nowMs += 20_000;
      yard.plan(() => null);
      gone.push(...yard.free(0).taskIds);
    }
    expect(gone).toHaveLength(9);
  });

  test('a task that gave way stands where the other one stood', () => {
    const yard = new Yard(['eu', 'us'], true);
    yard.fill();
    const plain = makeTask(2, work);
    const [first, third] = [wishing(1, near('us')), wishing(3, near('eu'))];
    yard.wait(first, plain, third, wishing(4, near('us')));
    yard.plan(() => null);
    expect(yard.free(0).taskIds).toEqual(['task-3']);
    const ahead = [plain, first].map((task) => yard.scheduler.explain(task, 1).waitingAhead);
    expect(ahead).toEqual([0, 1]);
    expect([yard.free(0), yard.free(0)].flatMap(({ taskIds }) => taskIds)).toEqual([
      'task-2',
      'task-1',
    ]);
  });
});

test('whatever is planned, every slot is taken and plain tasks keep their turns', () => {
  const zones = fc.constantFrom('a', 'b', 'c');
  const wish = fc.option(zones.map(near), { freq: 3 });
  fc.assert(
    fc.property(
      fc.array(zones, { minLength: 2, maxLength: 4 }),
      fc.array(wish, { minLength: 4, maxLength: 30 }),
      fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { minLength: 5, maxLength: 30 }),
      fc.array(fc.nat(3), { maxLength: 30 }),
      (places, wanted, frees, found) => {
        const turns = [true, false].map((plans) => {
          const yard = new Yard(places, plans);
          yard.fill();
          yard.wait(...wanted.map((placement, seq) => wishing(seq, placement ?? undefined)));
          return frees.map((numbers) => {
            yard.nowMs += 1;
            yard.plan(() => found);
            const freed = new Set(numbers.map((number) => number % places.length));
            return yard.free(...freed).taskIds.map((id) => {
              const task = yard.tasks.get(id) as Task;
              return task.extra === null ? id : 'one with wishes';
            });
          });
        });
        expect(turns[0]?.map((ids) => ids.toSorted())).toEqual(
          turns[1]?.map((ids) => ids.toSorted()),
        );
      },
    ),
    { numRuns: 300, ...SEED },
  );
});
