import { afterEach, describe, expect, test } from 'vitest';
import type { SubmitTask } from '../../contract/index.ts';
import type { WindowProblem } from '../../scheduling/index.ts';
import {
  HeldHandler,
  RuntimeWorld,
  turn,
  type Run,
  type TaskId,
} from '../testing/runtime-world.ts';
import { NO_METRICS } from '../metrics-port.ts';
import type { Runtime } from '../runtime.ts';
import { ThreadSolver, type PlanSolver } from './plan-solver.ts';

/** Waits to be told what to answer. */
class HeldSolver implements PlanSolver {
  readonly asked: WindowProblem[] = [];
  closed = 0;
  #resolve: (assignment: readonly number[]) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  solve(_number: number, problem: WindowProblem): Promise<ArrayLike<number>> {
    this.asked.push(problem);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  giveUp(): void {
    this.close();
  }

  close(): void {
    this.closed += 1;
    this.#reject(new Error('ended'));
  }

  async answer(assignment: readonly number[]): Promise<void> {
    this.#resolve(assignment);
    await turn();
  }
}

/** The real one, telling when it answered. */
class ToldSolver extends ThreadSolver {
  #tell: () => void = () => undefined;
  readonly answered: Promise<void> = new Promise((resolve) => {
    this.#tell = resolve;
  });

  override async solve(
    number: number,
    problem: WindowProblem,
    budgetMs: number,
  ): Promise<ArrayLike<number>> {
    const found = await super.solve(number, problem, budgetMs);
    setImmediate(() => this.#tell());
    return found;
  }
}

/** Two agents of one slot each, in two zones, each with a task that it holds. */
class Floor {
  readonly world: RuntimeWorld;
  readonly handlers = new Map(['a', 'b'].map((id) => [id, new HeldHandler()]));
  readonly held = new Map<string, Run>();
  readonly warnings: string[] = [];
  readonly planned: Parameters<typeof NO_METRICS.planned>[0][] = [];
  runtime!: Runtime;

  constructor(solver: PlanSolver | null, where: 'memory' | 'folder' = 'memory') {
    const planning = solver === null ? {} : { planning: { enabled: true, solver } };
    const ignore = (): void => undefined;
    const warn = (message: string): void => void this.warnings.push(message);
    const logger = { debug: ignore, info: ignore, warn, error: ignore };
    const planned = (plan: Floor['planned'][number]): void => void this.planned.push(plan);
    const metrics = { ...NO_METRICS, planned };
    this.world = new RuntimeWorld({ ...planning, logger, metrics }, where);
    worlds.push(this.world);
  }

  async open(): Promise<void> {
    this.runtime = await this.world.open();
    for (const [zone, { handler }] of this.handlers) {
      const agent = { id: zone, capabilities: ['work'], slots: 1, labels: { zone } };
      await this.runtime.serve(agent, handler);
    }
    await this.runtime.submitTasks([{ type: 'work' }, { type: 'work' }]);
    for (const [id, held] of this.handlers) this.held.set(id, await held.next());
  }

  submit(...placements: readonly SubmitTask['placement'][]): Promise<readonly string[]> {
    return this.runtime.submitTasks(
      placements.map((placement) => ({
        type: 'work',
        ...(placement === undefined ? {} : { placement }),
      })),
    );
  }

  /** Ends what an agent runs; resolves with the id of the task that it gets next. */
  async next(agent: string): Promise<string> {
    this.held.get(agent)?.end();
    const run = await this.handlers.get(agent)?.next();
    if (run !== undefined) this.held.set(agent, run);
    return run?.task.id ?? '';
  }

  placement(id: string): unknown {
    return this.runtime.tasks.explain(id as TaskId)?.placement;
  }
}

const worlds: RuntimeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.dispose();
});

/** The first loses little by leaving `a` to the second; taken in turn, each is put on its cheapest. */
const FIRST = { costs: { zone: { a: 1, b: 2 } } };
const SECOND = { costs: { zone: { a: 1, b: 9 } } };

describe('with a thread', () => {
  test('a waiting task takes the slot that the plan means for it, and explain says how it came there', async () => {
    const solver = new ToldSolver();
    const floor = new Floor(solver);
    await floor.open();
    const [first, second] = (await floor.submit(FIRST, SECOND)) as [string, string];
    await solver.answered;
    expect(floor.placement(second)).toMatchObject({ by: 'plan', agentId: 'a' });
    expect(await floor.next('a')).toBe(second);
    expect(floor.placement(second)).toMatchObject({ by: 'plan', agentId: 'a', cost: 1 });
    expect(floor.placement(first)).toMatchObject({ by: 'plan', agentId: 'b', cost: null });
    expect(await floor.next('b')).toBe(first);
  });

  test('a window under way when the thread ends fails, and the next is solved by another thread', async () => {
    const solver = new ThreadSolver();
    const problem: WindowProblem = {
      agents: 2,
      tasks: 2,
      costs: Float64Array.of(1, 1, 2, 9),
      weights: new Float64Array(4).fill(1),
      capacities: Float64Array.of(1, 1),
      groups: Int32Array.of(-1, -1),
    };
    const lost = solver.solve(1, problem, 50);
    solver.close();
    await expect(lost).rejects.toMatchObject({ code: 'PLANNER_FAILED' });
    expect(Array.from(await solver.solve(2, problem, 50))).toEqual([1, 0]);
    const unfit = solver.solve(3, { ...problem, capacities: new Float64Array(0) }, 50);
    await expect(unfit).rejects.toMatchObject({ code: 'PLANNER_FAILED' });
    expect(Array.from(await solver.solve(4, problem, 50))).toEqual([1, 0]);
    solver.close();
  });

  test('a window given up while the thread starts does not end it; one that is solved too long does', async () => {
    const problem: WindowProblem = {
      agents: 2,
      tasks: 2,
      costs: Float64Array.of(1, 1, 2, 9),
      weights: new Float64Array(4).fill(1),
      capacities: Float64Array.of(1, 1),
      groups: Int32Array.of(-1, -1),
    };
    let started = 0;
    const counting = class extends ThreadSolver {
      protected override start(): ReturnType<ThreadSolver['start']> {
        started += 1;
        return super.start();
      }
    };
    const solver = new counting();
    for (const number of [1, 2, 3]) {
      const late = solver.solve(number, problem, 50);
      solver.giveUp();
      await expect(late).rejects.toMatchObject({ code: 'PLANNER_FAILED' });
    }
    expect(Array.from(await solver.solve(4, problem, 50))).toEqual([1, 0]);
    expect(started).toBe(1);
    const slow = solver.solve(5, problem, 50);
    solver.giveUp();
    await expect(slow).rejects.toMatchObject({ code: 'PLANNER_FAILED' });
    expect(Array.from(await solver.solve(6, problem, 50))).toEqual([1, 0]);
    expect(started).toBe(2);
    solver.close();
  });
});

describe('with a solver that is late', () => {
  test('slots are taken at once, by the line as it stands', async () => {
    const solver = new HeldSolver();
    const floor = new Floor(solver);
    await floor.open();
    const [first, second] = (await floor.submit(FIRST, SECOND)) as [string, string];
    expect(solver.asked).toHaveLength(1);
    expect(await floor.next('a')).toBe(first);
    expect(await floor.next('b')).toBe(second);
    expect(floor.placement(second)).toMatchObject({ by: 'greedy', cost: 9 });
    await solver.answer([1, 0]);
    expect(floor.placement(second)).toMatchObject({ by: 'greedy' });
  });

  test('it is ended, which is told once, and asked again after a pause', async () => {
    const solver = new HeldSolver();
    const floor = new Floor(solver);
    await floor.open();
    await floor.submit(FIRST, SECOND);
    floor.world.clock.advance(2_050);
    await turn();
    expect(solver.closed).toBe(1);
    expect(floor.warnings).toEqual(['a plan for waiting tasks failed; they go on without']);
    floor.world.clock.advance(900);
    expect(solver.asked).toHaveLength(1);
    floor.world.clock.advance(200);
    expect(solver.asked).toHaveLength(2);
    floor.world.clock.advance(2_050);
    await turn();
    expect(solver.closed).toBe(2);
    expect(floor.warnings).toHaveLength(1);
  });
});

test('each window is measured: how long it took, whose plan won, what it saves, and what was placed by it', async () => {
  const solver = new HeldSolver();
  const floor = new Floor(solver);
  await floor.open();
  await floor.submit(FIRST, SECOND);
  expect(floor.planned).toEqual([]);
  floor.world.clock.advance(30);
  await solver.answer([1, 0]);
  // First come costs 1 + 9, the plan 2 + 1.
  expect(floor.planned).toEqual([{ source: 'solver', durationMs: 30, isSolved: true, saved: 7 }]);
  const { scheduler } = floor.runtime.observed;
  expect(scheduler.plans?.placed).toBe(0);
  await floor.next('a');
  expect(scheduler.plans?.placed).toBe(1);
  await floor.next('b');
  expect(scheduler.plans?.placed).toBe(2);
});

test('nothing is planned unless that is asked for', async () => {
  const floor = new Floor(null);
  await floor.open();
  const [first] = (await floor.submit(FIRST, SECOND)) as [string, string];
  expect(floor.placement(first)).toMatchObject({ by: null, reason: 'no plan: planning is off' });
  expect(await floor.next('b')).toBe(first);
});

test('what a plan placed comes back from the log, without the plan', async () => {
  const solver = new HeldSolver();
  const floor = new Floor(solver, 'folder');
  await floor.open();
  const ids = await floor.submit(FIRST, SECOND);
  await solver.answer([1, 0]);
  expect(await floor.next('a')).toBe(ids[1]);
  const before = ids.map((id) => floor.runtime.tasks.get(id as TaskId));
  floor.world.crash();
  const again = await floor.world.open();
  const after = ids.map((id) => again.tasks.get(id as TaskId));
  expect(after).toEqual(before);
  expect(after[1]).toMatchObject({ state: 'running', agentId: 'a', placement: SECOND });
});
