import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import {
  OPERATION_ITEMS_MAX,
  OPERATIONS_ENDED_MAX,
  OPERATIONS_RUNNING_MAX,
  type NewOperation,
} from './operation.ts';
import { restoreState } from './restore.ts';
import type { Command } from './command.ts';
import { assign, fail, purge, register, retry, submit, submitAll } from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const SEED = process.env['SEED'];

function order(id: string, more: Partial<NewOperation> = {}): Command {
  const operation: NewOperation = {
    id,
    action: 'redrive',
    query: 'state:failed',
    group: null,
    includePoison: false,
    hashMax: null,
    seed: 0,
    before: 'u',
    itemsMax: null,
    params: {},
    rate: 0,
    by: 'ann',
    reason: null,
    matched: 0,
    ...more,
  };
  return { type: 'operation.start', operation };
}

function act(operationId: string, from: string, to: string, ids: readonly string[]): Command {
  return { type: 'operation.act', operationId, from, to, taskIds: ids as TaskId[] };
}

function abort(operationId: string): Command {
  return { type: 'operation.end', operationId, state: 'aborted', by: 'bob', reason: 'enough' };
}

/** Tasks `t10`… that failed for good. */
function deadWorld(count: number): World {
  const world = new World();
  const ids = Array.from({ length: count }, (_, at) => `t${at + 10}`);
  world.run(1_000, register('a1', { slots: 100 }));
  world.run(1_000, submitAll(ids.map((id) => ({ id }))));
  for (const id of ids) {
    world.run(1_000, assign(id, 'a1'));
    world.run(1_000, fail(id, world.state.index, { retryable: false }));
  }
  return world;
}

function codes(world: World, command: Command): readonly string[] {
  return refusalsOf(world.run(2_000, command).results[0]);
}

describe('an operation', () => {
  test('deals with its tasks some at a time, counts, and ends with the last', () => {
    const world = deadWorld(4);
    world.run(2_000, order('o1', { matched: 4 }));
    world.run(2_000, act('o1', 'u', 't12', ['t13', 't12']));
    const operation = world.state.records.operations.get('o1');
    expect(operation).toMatchObject({ state: 'running', cursor: 't12', done: 2, refused: 0 });
    world.run(2_500, act('o1', 't12', '', ['t11', 't10']));
    expect(operation).toMatchObject({ state: 'completed', done: 4, endedAt: 2_500, endedBy: null });
    expect(world.queue().queued).toBe(4);
  });

  test('refuses what was said already, so that nothing is dealt with twice', () => {
    const world = deadWorld(2);
    world.run(2_000, order('o1'));
    world.run(2_000, act('o1', 'u', 't11', ['t11']));
    world.run(2_000, assign('t11', 'a1'));
    world.run(2_000, fail('t11', world.state.index, { retryable: false }));
    expect(codes(world, act('o1', 'u', 't11', ['t11']))).toEqual(['OPERATION_MOVED']);
    expect(world.task('t11').state).toBe('failed');
  });

  test('refuses ids out of their turn, each by itself', () => {
    const world = deadWorld(3);
    world.run(2_000, order('o1'));
    const ids = ['t11', 't12', 't11', 't10'];
    expect(codes(world, act('o1', 'u', 't11', ids))).toEqual(Array(3).fill('OPERATION_MOVED'));
    expect(world.task('t10').state).toBe('failed');
    expect(world.state.records.operations.get('o1')).toMatchObject({ done: 1, refused: 3 });
  });

  test('counts what core refuses, with its code', () => {
    const world = deadWorld(2);
    world.run(2_000, order('o1'));
    world.run(2_000, retry('t10'));
    world.run(2_000, act('o1', 'u', '', ['t99', 't11', 't10']));
    expect([...world.state.records.operationItems.values()]).toMatchObject([
      {
        operationId: 'o1',
        taskIds: ['t99', 't11', 't10'],
        refused: [
          [0, 'TASK_NOT_FOUND'],
          [2, 'TASK_NOT_FAILED'],
        ],
      },
    ]);
  });

  test('that is aborted does nothing more, and says who stopped it', () => {
    const world = deadWorld(2);
    world.run(2_000, order('o1'));
    world.run(2_000, act('o1', 'u', 't11', ['t11']));
    world.run(2_000, abort('o1'));
    expect(codes(world, act('o1', 't11', '', ['t10']))).toEqual(['OPERATION_ENDED']);
    expect(codes(world, abort('o1'))).toEqual(['OPERATION_ENDED']);
    expect(codes(world, abort('o2'))).toEqual(['OPERATION_NOT_FOUND']);
    expect(world.task('t10').state).toBe('failed');
    expect(world.state.records.operations.get('o1')).toMatchObject({
      state: 'aborted',
      endedBy: 'bob',
      endedWhy: 'enough',
    });
  });

  test('survives a checkpoint', () => {
    const world = deadWorld(2);
    world.run(2_000, order('o1', { params: { patch: '{"a":1}' }, reason: 'mended' }));
    world.run(2_000, act('o1', 'u', 't11', ['t11']));
    const restored = restoreState(rowsOf(world.state));
    expect(digest(restored)).toBe(digest(world.state));
    new World(restored).run(2_000, act('o1', 't11', '', ['t10']));
    expect(restored.records.operations.get('o1')).toMatchObject({ state: 'completed', done: 2 });
  });

  test.each([
    ['cancel', 'TASK_FINISHED'],
    ['retry', undefined],
    ['redrive', undefined],
    ['purge', undefined],
    ['reprioritise', 'TASK_NOT_QUEUED'],
  ] as const)('can %s; its answer to a dead letter is %s', (action, code) => {
    const world = deadWorld(1);
    world.run(2_000, order('o1', { action, params: { priority: 9 } }));
    expect(codes(world, act('o1', 'u', '', ['t10']))).toEqual(code === undefined ? [] : [code]);
  });
});

describe('the memory of operations', () => {
  test('is bounded: so many at once', () => {
    const world = new World();
    for (let n = 0; n < OPERATIONS_RUNNING_MAX; n++) world.run(1_000, order(`o${n}`));
    expect(codes(world, order('one more'))).toEqual(['OPERATION_LIMIT']);
    expect(codes(world, order('o1'))).toEqual(['OPERATION_EXISTS']);
    world.run(1_000, abort('o1'));
    expect(codes(world, order('one more'))).toEqual([]);
  });

  test('is bounded: so many that ended, the oldest forgotten first, with their items', () => {
    const world = new World();
    world.run(1_000, order('long'));
    for (let n = 0; n <= OPERATIONS_ENDED_MAX; n++) {
      world.run(1_000, order(`o${n}`));
      world.run(1_000, act(`o${n}`, 'u', '', ['t1']));
    }
    const { operationItems, operations } = world.state.records;
    expect(operations.size).toBe(OPERATIONS_ENDED_MAX + 1);
    expect(operations.get('o0')).toBeUndefined();
    expect(operations.get('o1')).toBeDefined();
    expect(operations.get('long')).toBeDefined();
    expect([...operationItems.values()].map(({ operationId }) => operationId)).not.toContain('o0');
  });

  test('is bounded: so many items, the oldest forgotten first', () => {
    const world = new World();
    world.run(1_000, order('o1', { before: 'z' }));
    const step = OPERATION_ITEMS_MAX / 4;
    const ids = Array.from({ length: 6 * step }, (_, n) => `t${String(9_999_999 - n)}`);
    let from = 'z';
    for (let at = 0; at < 6; at++) {
      const some = ids.slice(at * step, (at + 1) * step);
      const to = some.at(-1) ?? '';
      world.run(1_000, act('o1', from, to, some));
      from = to;
    }
    const chunks = [...world.state.records.operationItems.values()];
    expect(chunks.map(({ taskIds }) => taskIds[0])).toEqual(
      [2, 3, 4, 5].map((at) => ids[at * step]),
    );
  });
});

describe('a dead letter that is redriven', () => {
  test('can go to another queue, priority and requirement', () => {
    const world = deadWorld(1);
    const redrive = { queue: 'mended', priority: 9, requires: { labels: { zone: 'eu' } } };
    const items = [{ taskId: 't10' as TaskId, payloadBytes: 77 }];
    const { events } = world.run(2_000, {
      type: 'task.redrive',
      items,
      redrive,
      by: 'ann',
      reason: 'r',
    });
    const task = world.task('t10');
    expect(task).toMatchObject({ state: 'queued', attempt: 0, payloadBytes: 77, error: null });
    expect(task.profile.spec).toMatchObject({
      queue: 'mended',
      priority: 9,
      requires: { capabilities: ['email'], labels: { zone: 'eu' } },
    });
    expect(events.map(({ type }) => type)).toEqual(['task.moved', 'task.redriven', 'task.queued']);
    expect([world.queue().failed, world.queue('mended').queued]).toEqual([0, 1]);
    expect(digest(restoreState(rowsOf(world.state)))).toBe(digest(world.state));
  });

  test.each([
    ['failed', ['a1']],
    [
      ['a7', 'a8'],
      ['a7', 'a8'],
    ],
  ] as const)('can be kept from agents: %j', (avoidAgents, agents) => {
    const world = deadWorld(1);
    const items = [{ taskId: 't10' as TaskId }];
    const redrive = { avoidAgents };
    world.run(2_000, { type: 'task.redrive', items, redrive, by: 'ann', reason: null });
    expect(world.task('t10').extra?.avoid).toEqual({ agents, zones: [] });
    world.run(2_000, register('a2'));
    const { results } = world.run(2_000, assign('t10', 'a1'));
    expect(refusalsOf(results[0])).toEqual(avoidAgents === 'failed' ? ['AGENT_AVOIDED'] : []);
  });

  test('keeps its attempts but for one where it is told so', () => {
    const world = deadWorld(1);
    world.run(2_000, retry('t10'));
    for (let n = 0; n < 3; n++) {
      world.run(9_000 * (n + 1), { type: 'clock.advance' });
      world.run(9_000 * (n + 1), assign('t10', 'a1'));
      world.run(9_000 * (n + 1), fail('t10', world.state.index));
    }
    expect(world.task('t10')).toMatchObject({ state: 'failed', attempt: 3 });
    const items = [{ taskId: 't10' as TaskId }];
    const redrive = { resetAttempts: false };
    world.run(30_000, { type: 'task.redrive', items, redrive, by: 'ann', reason: null });
    expect(world.task('t10')).toMatchObject({ state: 'queued', attempt: 2 });
  });

  test.each([
    ['gone', 'TASK_NOT_FOUND'],
    ['t1', 'TASK_NOT_FAILED'],
  ])('%s is refused with %s', (id, code) => {
    const world = new World();
    world.run(1_000, submit('t1'));
    const items = [{ taskId: id as TaskId }];
    const redrive: Command = { type: 'task.redrive', items, redrive: {}, by: 'ann', reason: null };
    expect(codes(world, redrive)).toEqual([code]);
  });

  test('finds no room in a full queue, and stays as it was', () => {
    const world = deadWorld(1);
    world.run(2_000, { type: 'queue.set', queue: 'small', settings: { depthMax: 1 } });
    world.run(2_000, submit('t99', { queue: 'small' }));
    const before = digest(world.state);
    const items = [{ taskId: 't10' as TaskId, payloadBytes: 5 }];
    const to: Command = {
      type: 'task.redrive',
      items,
      redrive: { queue: 'small' },
      by: 'ann',
      reason: null,
    };
    expect(codes(world, to)).toEqual(['QUEUE_FULL']);
    world.state.index -= 1;
    expect(digest(world.state)).toBe(before);
  });
});

/** What the reference keeps of an operation. */
interface Plain {
  readonly id: string;
  left: string[];
  done: number;
  refused: number;
  state: string;
}

type Move = { readonly kind: number; readonly n: number; readonly size: number };

test('whatever the history, each task is dealt with at most once by each operation, and counts are right', () => {
  const moves = fc.array(
    fc.record({ kind: fc.nat(6), n: fc.nat(99), size: fc.integer({ min: 1, max: 4 }) }),
    { minLength: 10, maxLength: 40, size: 'max' },
  );
  let redrives = 0;
  fc.assert(
    fc.property(moves, (history: readonly Move[]) => {
      let world = deadWorld(8);
      const plain: Plain[] = [];
      const seen = new Set<string>();
      let sent: Command | null = null;
      const step = (command: Command): readonly string[] => {
        const { events, results } = world.run(2_000, command);
        for (const event of events) {
          if (event.type !== 'task.redriven') continue;
          expect(seen).not.toContain(`${event.by} ${event.task.id}`);
          seen.add(`${event.by} ${event.task.id}`);
          redrives += 1;
        }
        return refusalsOf(results[0]);
      };
      for (const { kind, n, size } of history) {
        const operation = plain[n % (plain.length || 1)];
        if (kind === 0 && plain.length < 5) {
          const id = `o${plain.length}`;
          step(order(id, { by: id }));
          const left = Array.from({ length: 8 }, (_, at) => `t${17 - at}`);
          plain.push({ id, left, done: 0, refused: 0, state: 'running' });
        } else if (kind <= 2 && operation !== undefined) {
          const from = operation.left.length === 8 ? 'u' : `t${10 + operation.left.length}`;
          const ids = operation.left.slice(0, size);
          const to = operation.left.length <= size ? '' : (ids.at(-1) ?? '');
          const dead = ids.filter((id) => world.state.tasks.get(id as TaskId)?.state === 'failed');
          sent = act(operation.id, from, to, ids);
          step(sent);
          if (operation.state !== 'running') continue;
          operation.done += dead.length;
          operation.refused += ids.length - dead.length;
          operation.left = operation.left.slice(size);
          if (operation.left.length === 0) operation.state = 'completed';
        } else if (kind === 3 && sent !== null) {
          expect(step(sent).length).toBeGreaterThan(0);
        } else if (kind === 4 && operation !== undefined) {
          const refused = step(abort(operation.id));
          expect(refused.length).toBe(operation.state === 'running' ? 0 : 1);
          if (operation.state === 'running') operation.state = 'aborted';
        } else if (kind === 5) {
          world = new World(restoreState(rowsOf(world.state)));
        } else {
          const id = `t${10 + (n % 8)}`;
          if (size === 1) step(purge(id));
          else if (world.state.tasks.get(id as TaskId)?.state === 'queued') {
            step(assign(id, 'a1'));
            step(fail(id, world.state.index, { retryable: false }));
          }
        }
      }
      for (const { done, id, refused, state } of plain) {
        expect(world.state.records.operations.get(id)).toMatchObject({ done, refused, state });
      }
    }),
    { numRuns: 400, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
  expect(redrives).toBeGreaterThan(500);
});
