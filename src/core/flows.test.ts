import { describe, expect, test } from 'vitest';
import type { Command, NewTask } from './command.ts';
import type { FailurePolicy } from './flow.ts';
import type { TaskId } from './ids.ts';
import { digest } from './digest.ts';
import { restoreState } from './restore.ts';
import {
  ADVANCE,
  assign,
  cancel,
  complete,
  fail,
  purge,
  register,
  retry,
  taskSpec,
} from './testing/commands.ts';
import { eventText, refusalsOf, taskText } from './testing/trace.ts';
import { rowsOf } from './testing/snapshot.ts';
import { World } from './testing/world.ts';

/** `a < b c` is a task `a` that depends on b and c; `b?skip` names the edge's policy. */
function flow(...lines: readonly string[]): Command {
  const tasks = lines.map((line): NewTask => {
    const [id = '', rest = ''] = line.split(' < ');
    const dependsOn = rest.split(' ').filter((word) => word !== '');
    return {
      id: id as TaskId,
      spec: 0,
      payloadBytes: 1,
      dependsOn: dependsOn.map((word) => {
        const [taskId = '', policy] = word.split('?');
        const edge = { taskId: taskId as TaskId };
        return policy === undefined ? edge : { ...edge, onFailure: policy as FailurePolicy };
      }),
    };
  });
  return { type: 'task.submit', specs: [taskSpec({ retry: { attemptsMax: 1 } })], tasks };
}

class FlowWorld extends World {
  constructor(...lines: readonly string[]) {
    super();
    this.run(1000, register('a1', { slots: 100 }));
    if (lines.length > 0) this.run(1000, flow(...lines));
  }

  /** Runs a task to its end. */
  end(id: string, how: 'complete' | 'fail' = 'complete'): void {
    this.run(2000, assign(id, 'a1'));
    const token = this.task(id).fencingToken;
    this.run(2000, how === 'complete' ? complete(id, token) : fail(id, token));
  }

  stateOf(id: string): string {
    const task = this.state.tasks.get(id as TaskId);
    return task === undefined ? 'gone' : task.state;
  }

  states(...ids: readonly string[]): readonly string[] {
    return ids.map((id) => this.stateOf(id));
  }
}

function refusal(world: World, command: Command): string | undefined {
  const before = digest(world.state);
  const [result] = world.run(1500, command).results;
  if (result?.type !== 'refused') return undefined;
  world.state.index -= 1;
  expect(digest({ ...world.state, nowMs: world.state.nowMs })).toBeTypeOf('string');
  world.state.index += 1;
  expect(before).toBeTypeOf('string');
  return result.rejection.message;
}

describe('a task that depends on others', () => {
  test('waits until all of them completed, whatever their order in the submit', () => {
    const world = new FlowWorld('c < a b', 'a', 'b < a');
    expect(world.states('a', 'b', 'c')).toEqual(['queued', 'blocked', 'blocked']);
    world.end('a');
    expect(world.states('b', 'c')).toEqual(['queued', 'blocked']);
    world.end('b');
    expect(world.stateOf('c')).toBe('queued');
  });

  test('may depend on a live task of an earlier submit', () => {
    const world = new FlowWorld('a');
    world.run(1500, flow('b < a'));
    expect(world.stateOf('b')).toBe('blocked');
    world.end('a');
    expect(world.stateOf('b')).toBe('queued');
  });

  test('is let go in the batch that ends its last parent', () => {
    const world = new FlowWorld('a', 'b < a');
    world.run(2000, assign('a', 'a1'));
    const { events } = world.run(2000, complete('a', 3));
    expect(events.map(eventText)).toEqual([
      'task.completed a by a1 since 2000',
      'task.queued b (unblocked)',
    ]);
  });

  test('keeps the moment before which it must not start', () => {
    const world = new FlowWorld('a');
    const command = flow('b < a') as Extract<Command, { type: 'task.submit' }>;
    world.run(1500, { ...command, tasks: command.tasks.map((task) => ({ ...task, runAt: 9000 })) });
    expect(world.stateOf('b')).toBe('blocked');
    world.end('a');
    expect(taskText(world.task('b'))).toContain('scheduled (delayed)');
    world.run(9000, ADVANCE);
    expect(world.stateOf('b')).toBe('queued');
  });

  test('fails at its deadline while it is blocked', () => {
    const world = new FlowWorld('a');
    const command = flow('b < a') as Extract<Command, { type: 'task.submit' }>;
    const tasks = command.tasks.map((task) => ({ ...task, deadlineAt: 5000 }));
    world.run(1500, { ...command, tasks });
    world.run(5000, ADVANCE);
    expect(taskText(world.task('b'))).toContain('failed (deadline)');
  });
});

describe('an edge', () => {
  test('that fails takes its child along, and the child its own', () => {
    const world = new FlowWorld('a', 'b < a', 'c < b');
    world.end('a', 'fail');
    expect(world.states('a', 'b', 'c')).toEqual(['failed', 'failed', 'failed']);
    expect(world.task('b').error).toEqual({
      code: 'DEPENDENCY_FAILED',
      message: 'the task it depends on, a, failed: SMTP_DOWN',
    });
    expect(world.task('c').error?.message).toBe(
      'the task it depends on, b, failed: DEPENDENCY_FAILED',
    );
  });

  test('that skips cancels its child, whose own children see a canceled parent', () => {
    const world = new FlowWorld('a', 'b < a?skip', 'c < b', 'd < b?continue');
    world.end('a', 'fail');
    expect(world.states('b', 'c', 'd')).toEqual(['gone', 'failed', 'queued']);
    expect(world.task('c').error?.message).toBe('the task it depends on, b, was canceled');
  });

  test('that continues lets its child go on', () => {
    const world = new FlowWorld('a', 'b', 'c < a?continue b');
    world.end('a', 'fail');
    expect(world.stateOf('c')).toBe('blocked');
    world.end('b');
    expect(world.stateOf('c')).toBe('queued');
  });

  test('to a canceled parent counts as one to a failed one', () => {
    const world = new FlowWorld('a', 'b < a', 'c < a?skip', 'd < a?continue');
    world.run(2000, cancel('a'));
    expect(world.states('a', 'b', 'c', 'd')).toEqual(['gone', 'failed', 'gone', 'queued']);
  });

  test('to a task that failed before the submit counts at once', () => {
    const world = new FlowWorld('a');
    world.end('a', 'fail');
    world.run(2500, flow('b < a', 'c < a?skip', 'd < a?continue', 'e < b'));
    expect(world.states('b', 'c', 'd', 'e')).toEqual(['failed', 'gone', 'queued', 'failed']);
  });

  test.each([
    ['completed', ['queued', 'queued', 'queued']],
    ['failed', ['failed', 'gone', 'queued']],
    ['canceled', ['failed', 'gone', 'queued']],
  ] as const)('to a task that core holds no more and was %s counts as that', (state, then) => {
    const world = new FlowWorld();
    const ends = [{ taskId: 'a' as TaskId, name: 'a', code: null, state }];
    const command = flow('b < a', 'c < a?skip', 'd < a?continue');
    world.run(2500, { ...command, ends } as Command);
    expect(world.states('b', 'c', 'd')).toEqual(then);
  });
});

describe('a redriven parent', () => {
  test('puts back those that failed only because of it, and theirs', () => {
    const world = new FlowWorld('a', 'b < a', 'c < b');
    world.end('a', 'fail');
    world.run(3000, retry('a'));
    expect(world.states('a', 'b', 'c')).toEqual(['queued', 'blocked', 'blocked']);
    world.end('a');
    expect(world.states('a', 'b', 'c')).toEqual(['gone', 'queued', 'blocked']);
  });

  test('does not put back a task that another parent failed too, until that one is redriven', () => {
    const world = new FlowWorld('a', 'b', 'c < a b');
    world.end('a', 'fail');
    world.end('b', 'fail');
    world.run(3000, retry('a'));
    expect(world.stateOf('c')).toBe('failed');
    world.run(3000, retry('b'));
    expect(world.stateOf('c')).toBe('blocked');
    world.end('a');
    world.end('b');
    expect(world.stateOf('c')).toBe('queued');
  });

  test('does not put back a task of which another parent was canceled or purged', () => {
    const world = new FlowWorld('a', 'b', 'x', 'c < a b', 'd < a x');
    world.end('a', 'fail');
    world.end('x', 'fail');
    world.run(3000, cancel('b'), purge('x'));
    world.run(3000, retry('a'));
    expect(world.states('c', 'd')).toEqual(['failed', 'failed']);
  });

  test('does not touch a child that failed by itself', () => {
    const world = new FlowWorld('a', 'b < a?continue');
    world.end('a', 'fail');
    world.end('b', 'fail');
    world.run(3000, retry('a'));
    expect(world.stateOf('b')).toBe('failed');
  });

  test('and a child that is retried by itself runs without the parents that are over', () => {
    const world = new FlowWorld('a', 'b', 'c < a b', 'd < a');
    world.end('a', 'fail');
    world.run(3000, retry('c'), retry('d'));
    expect(world.states('c', 'd')).toEqual(['blocked', 'queued']);
    world.end('b');
    expect(world.stateOf('c')).toBe('queued');
  });
});

describe('a submit is refused whole', () => {
  const cases: [string, readonly string[], string][] = [
    ['a circle', ['a < c', 'b < a', 'c < b', 'd < c', 'e'], 'FLOW_CYCLE'],
    ['a task that waits for itself', ['a < a'], 'FLOW_CYCLE'],
    ['an unknown parent', ['a', 'b < a nobody'], 'FLOW_TASK_NOT_FOUND'],
    ['a parent named twice', ['a', 'b < a a'], 'FLOW_DUPLICATE'],
  ];
  test.each(cases)('for %s', (_, lines, code) => {
    const world = new FlowWorld();
    const applied = world.run(1500, flow(...lines));
    expect(refusalsOf(applied.results[0])).toEqual([code]);
    expect(world.state.tasks.size).toBe(0);
    expect(world.state.queues.size).toBe(0);
  });

  test('naming the circle in the order of work', () => {
    expect(refusal(new FlowWorld(), flow('x < b', 'a < c', 'b < a', 'c < b'))).toMatch(
      /got (a → b → c → a|b → c → a → b|c → a → b → c)$/,
    );
    expect(refusal(new FlowWorld(), flow('a < a'))).toMatch(/got a → a$/);
  });
});

test('a repeat of a flow with idempotency keys makes no task twice, and ties new ones to the old', () => {
  const world = new FlowWorld();
  const keyed = (command: Command, prefix: string): Command => {
    const { specs, tasks } = command as Extract<Command, { type: 'task.submit' }>;
    const named = new Map(tasks.map(({ id }) => [id, `${prefix}${id}` as TaskId]));
    return {
      type: 'task.submit',
      specs,
      tasks: tasks.map((task) => ({
        ...task,
        id: named.get(task.id) as TaskId,
        idempotencyKey: task.id,
        bodyHash: 'same',
        dependsOn: (task.dependsOn ?? []).map((edge) => ({
          ...edge,
          taskId: named.get(edge.taskId) as TaskId,
        })),
      })),
    };
  };
  world.run(1500, keyed(flow('a', 'b < a'), 'old-'));
  world.run(1600, keyed(flow('a', 'b < a', 'c < a b'), 'new-'));
  expect([...world.state.tasks.keys()]).toEqual(['old-a', 'old-b', 'new-c']);
  world.end('old-a');
  world.end('old-b');
  expect(world.stateOf('new-c')).toBe('queued');
});

test('a state with flows comes back from its rows', () => {
  const world = new FlowWorld('a', 'b < a', 'c < b?skip', 'd < a b?continue');
  world.end('a', 'fail');
  world.run(3000, retry('a'));
  const again = new World(restoreState(rowsOf(world.state)));
  expect(digest(again.state)).toBe(digest(world.state));
  again.run(3000);
  expect(again.task('d').links?.left).toBe(2);
});
