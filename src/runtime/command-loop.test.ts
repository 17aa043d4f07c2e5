import { describe, expect, test } from 'vitest';
import { OrchestratorError } from '../base/errors.ts';
import { createState, type Applied, type Command, type CommandResult } from '../core/index.ts';
import { assign, register, submit, submitAll } from '../core/testing/commands.ts';
import { CommandLoop, PENDING_ITEMS_MAX, type Waited } from './command-loop.ts';
import { decodeEntry, type Entry } from './entry-codec.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { MemoryLog, type MemoryDisk } from '../testing/memory-log.ts';
import { turn } from './testing/runtime-world.ts';

/** A loop over a log in memory, and what became of everything. */
class LoopWorld {
  readonly clock = new ManualClock();
  readonly disk: MemoryDisk = { bodies: [], released: 0 };
  readonly log = new MemoryLog(this.disk, 100_000);
  readonly state = createState(1);
  readonly applied: Entry[] = [];
  readonly dropped: Entry[] = [];
  readonly waited: Waited[] = [];
  /** Times the loop asked for placement. */
  turns = 0;
  flushes = 0;
  hasWork = false;
  nextOpenAt: number | null = null;
  place: (commands: readonly Command[]) => Command | null = () => null;
  readonly loop = new CommandLoop({
    state: this.state,
    log: this.log,
    clock: this.clock,
    onWaited: (waited) => void this.waited.push(waited),
    hooks: {
      place: (commands) => {
        this.turns += 1;
        return this.place(commands);
      },
      applied: (entry: Entry, _applied: Applied) => void this.applied.push(entry),
      flush: () => void (this.flushes += 1),
      dropped: (entry) => void this.dropped.push(entry),
      hasWork: () => this.hasWork,
      nextOpenAt: () => this.nextOpenAt,
    },
  });

  /** The entries on the disk, as the types of their commands. */
  get entries(): string[][] {
    return this.disk.bodies.map((body) =>
      decodeEntry(body).batch.commands.map((command) => command.type),
    );
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 10; i++) await turn();
  }
}

const STOPPED = new OrchestratorError('STOPPED', 'the loop must run');
const ID = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

function settledOf(promise: Promise<CommandResult>): { value: string } {
  const settled = { value: 'waiting' };
  promise.then(
    (result) => (settled.value = result.type),
    (error: OrchestratorError) => (settled.value = error.code),
  );
  return settled;
}

describe('the loop', () => {
  test('has one entry under way, and makes the next of what came meanwhile', async () => {
    const world = new LoopWorld();
    world.log.hold();
    const first = world.loop.propose(submit(ID(1)));
    await turn();
    const more = [2, 3, 4].map((n) => world.loop.propose(submit(ID(n))));
    await world.settle();
    expect(world.log.waiting).toBe(1);
    expect(world.loop.backlog.items).toBe(3);
    world.log.release();
    expect((await first).type).toBe('submitted');
    await Promise.all(more);
    expect(world.entries).toEqual([
      ['task.submit'],
      Array.from({ length: 3 }, () => 'task.submit'),
    ]);
  });

  test('applies and answers nothing before it is durable', async () => {
    const world = new LoopWorld();
    world.log.hold();
    const answer = settledOf(world.loop.propose(submit(ID(1))));
    await world.settle();
    expect({ ...answer, index: world.state.index, flushes: world.flushes }).toEqual({
      value: 'waiting',
      index: 0,
      flushes: 0,
    });
    world.log.release();
    await world.settle();
    expect(answer.value).toBe('submitted');
    expect(world.state.index).toBe(1);
  });

  test('answers what is urgent before it makes the next short entry, and all else after it', async () => {
    const world = new LoopWorld();
    world.loop.shortEntryTasks = 100;
    const turns: [string, number][] = [];
    const propose = (id: number, priority: number): Promise<unknown> =>
      world.loop
        .propose(submit(ID(id), { priority }))
        .then(({ type }) => void turns.push([`${type} ${priority}`, world.turns]));
    await Promise.all([propose(1, 4), propose(2, 9), propose(3, 9)]);
    await world.settle();
    expect(turns).toEqual([
      ['submitted 9', 1],
      ['submitted 9', 1],
      ['submitted 4', 2],
    ]);
    expect(world.flushes).toBe(1);
    expect(world.loop.isIdle).toBe(true);
  });

  test('puts proposed assignments into the entry of the commands they are for', async () => {
    const world = new LoopWorld();
    await world.loop.propose(register('a'));
    world.place = (commands) => (commands[0]?.type === 'task.submit' ? assign(ID(1), 'a') : null);
    await world.loop.propose(submit(ID(1)));
    expect(world.entries[1]).toEqual(['task.submit', 'task.assign']);
    expect(world.state.tasks.get(ID(1) as never)?.state).toBe('running');
  });

  test('refuses on a full disk, lets assignments go, and takes commands again when there is room', async () => {
    const world = new LoopWorld();
    await world.loop.propose(register('a'));
    await world.loop.propose(submit(ID(1)));
    world.place = () => assign(ID(1), 'a');
    world.hasWork = true;
    world.log.isFull = true;
    await expect(world.loop.propose(submit(ID(2)))).rejects.toMatchObject({ code: 'LOG_FULL' });
    expect(world.dropped).toHaveLength(1);
    expect(world.state.index).toBe(2);
    const { turns } = world;
    await world.settle();
    expect(world.turns).toBe(turns);
    await expect(world.loop.propose(submit(ID(2)))).rejects.toMatchObject({ code: 'LOG_FULL' });
    world.log.isFull = false;
    world.place = (commands) => {
      world.hasWork = false;
      return commands.length === 0 ? assign(ID(1), 'a') : null;
    };
    world.clock.advance(1_000);
    await world.settle();
    expect(world.state.tasks.get(ID(1) as never)?.state).toBe('running');
    expect((await world.loop.propose(submit(ID(2)))).type).toBe('submitted');
  });

  test('refuses an entry that is too large, and goes on', async () => {
    const world = new LoopWorld();
    const large = world.loop.propose(submit(ID(1)), ['x'.repeat(200_000)]);
    await expect(large).rejects.toMatchObject({ code: 'LOG_ENTRY_TOO_LARGE' });
    expect((await world.loop.propose(submit(ID(2)))).type).toBe('submitted');
    expect(world.state.tasks.size).toBe(1);
  });

  test('ends for good when the log fails, and answers nothing well after that', async () => {
    const world = new LoopWorld();
    await world.loop.propose(submit(ID(9), {}, { runAt: world.clock.now() + 5_000 }));
    world.log.hold();
    const answers = [settledOf(world.loop.propose(submit(ID(1))))];
    await turn();
    answers.push(settledOf(world.loop.propose(submit(ID(2)))));
    world.log.isBroken = true;
    world.log.release();
    await world.settle();
    answers.push(settledOf(world.loop.propose(submit(ID(3)))));
    world.clock.advance(10_000);
    await world.settle();
    expect(answers.map(({ value }) => value)).toEqual(['LOG_FAILED', 'LOG_FAILED', 'LOG_FAILED']);
    expect(world.state.index).toBe(1);
    expect(world.clock.timers).toBe(0);
    await world.loop.stop(STOPPED);
  });

  test('refuses more than it may hold, but takes one command of any size', async () => {
    const world = new LoopWorld();
    world.log.hold();
    const tasks = Array.from({ length: PENDING_ITEMS_MAX + 1 }, (_, i) => ({ id: ID(i) }));
    const huge = settledOf(world.loop.propose(submitAll(tasks)));
    await expect(world.loop.propose(submit(ID(-1)))).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfterMs: 1_000 },
    });
    await world.loop.stop(STOPPED);
    await turn();
    expect(huge.value).toBe('STOPPED');
  });

  test('splits what waits into entries of bounded size', async () => {
    const world = new LoopWorld();
    world.log.hold();
    const items = (from: number): Command =>
      submitAll(Array.from({ length: 9_000 }, (_, i) => ({ id: ID(from + i) })));
    const answers = [0, 9_000, 18_000].map((from) => settledOf(world.loop.propose(items(from))));
    await turn();
    expect(world.loop.backlog.items).toBe(18_000);
    await world.loop.stop(STOPPED).catch(() => undefined);
    expect(answers).toHaveLength(3);
  });

  test('wakes by itself when a moment comes, also one that the clock moved', async () => {
    const world = new LoopWorld();
    const runAt = world.clock.now() + 1_000;
    await world.loop.propose(submit(ID(1), {}, { runAt }));
    await world.settle();
    world.clock.step(-500);
    world.clock.advance(1_000);
    await world.settle();
    expect(world.state.tasks.get(ID(1) as never)?.state).toBe('scheduled');
    world.clock.advance(500);
    await world.settle();
    expect(world.state.tasks.get(ID(1) as never)?.state).toBe('queued');
    expect(world.entries[1]).toEqual(['clock.advance']);
  });

  test('never moves the time of core back', async () => {
    const world = new LoopWorld();
    await world.loop.propose(submit(ID(1)));
    const { nowMs } = world.state;
    world.clock.step(-60_000);
    await world.loop.propose(submit(ID(2)));
    expect(world.state.nowMs).toBe(nowMs);
    expect(world.applied[1]?.batch.at).toBe(nowMs);
  });

  test('comes to what waits for a moment although the clock was set back by an hour', async () => {
    const world = new LoopWorld();
    const runAt = world.clock.now() + 1_000;
    await world.loop.propose(submit(ID(1), {}, { runAt }));
    world.clock.step(-3_600_000);
    await world.loop.propose(submit(ID(2)));
    await world.settle();
    world.clock.advance(1_000);
    await world.settle();
    world.clock.advance(999);
    await world.settle();
    expect(world.state.tasks.get(ID(1) as never)?.state).toBe('scheduled');
    world.clock.advance(1);
    await world.settle();
    expect(world.state.tasks.get(ID(1) as never)?.state).toBe('queued');
  });

  test('rests when there is nothing to do', async () => {
    const world = new LoopWorld();
    const runAt = world.clock.now() + 60_000;
    await world.loop.propose(submit(ID(1), {}, { runAt }));
    await world.settle();
    const { turns } = world;
    await world.settle();
    world.clock.advance(59_000);
    await world.settle();
    expect(world.turns).toBe(turns);
    world.loop.wake();
    await world.settle();
    expect(world.turns).toBe(turns + 1);
    expect(world.entries).toHaveLength(1);
  });

  test('appends nothing after it was stopped, whatever is due', async () => {
    const world = new LoopWorld();
    await world.loop.propose(submit(ID(1), {}, { runAt: world.clock.now() + 10 }));
    await world.settle();
    world.clock.step(1_000);
    world.loop.wake();
    await world.loop.stop(STOPPED);
    await world.settle();
    expect(world.entries).toHaveLength(1);
    await expect(world.loop.propose(submit(ID(2)))).rejects.toBe(STOPPED);
  });

  test('leaves the entry under way to another loop once it is given up', async () => {
    const world = new LoopWorld();
    world.log.hold();
    const answer = settledOf(world.loop.propose(submit(ID(1))));
    await turn();
    const over = world.loop.giveUp(STOPPED);
    world.log.release();
    await over;
    await world.settle();
    expect(world.log.lastIndex).toBe(1);
    expect(world.state.index).toBe(0);
    expect(answer.value).toBe('LEADERSHIP_LOST');
  });

  test('stops when the entry under way is applied, and is drained when nothing waits', async () => {
    const world = new LoopWorld();
    world.log.hold();
    const answers = [1, 2].map((n) => settledOf(world.loop.propose(submit(ID(n)))));
    await turn();
    answers.push(settledOf(world.loop.propose(submit(ID(3)))));
    const drained = world.loop.drained();
    world.log.release();
    await drained;
    await turn();
    expect(answers.map(({ value }) => value)).toEqual(['submitted', 'submitted', 'submitted']);
    world.log.hold();
    const last = settledOf(world.loop.propose(submit(ID(4))));
    await turn();
    const late = settledOf(world.loop.propose(submit(ID(5))));
    const stopped = world.loop.stop(STOPPED);
    world.log.release();
    await stopped;
    await turn();
    expect([last.value, late.value]).toEqual(['submitted', 'STOPPED']);
  });
});

describe('submits that wait', () => {
  test('are overtaken by the most urgent and by whatever is no submit', async () => {
    const world = new LoopWorld();
    world.log.hold();
    void world.loop.propose(submit(ID(1)));
    await turn();
    void world.loop.propose(submit(ID(2)));
    void world.loop.propose(register('a'));
    void world.loop.propose(submit(ID(3), { priority: 9 }));
    world.log.release();
    await world.settle();
    const second = world.applied[1]?.batch.commands ?? [];
    expect(second.map(({ type }) => type)).toEqual([
      'task.submit',
      'agent.register',
      'task.submit',
    ]);
    expect(second[0]).toMatchObject({ tasks: [{ id: ID(3) }] });
  });

  test('can be refused as long as they wait, the oldest first, and nothing of them is kept', async () => {
    const world = new LoopWorld();
    world.log.hold();
    const first = settledOf(world.loop.propose(submit(ID(1))));
    await turn();
    const waiting = [2, 3, 4].map((n) => settledOf(world.loop.propose(submit(ID(n)))));
    expect(world.loop.waitingTasks).toBe(3);
    world.loop.shed(1, () => new OrchestratorError('OVERLOADED', 'too much'));
    expect(world.loop.backlog.items).toBe(1);
    world.log.release();
    await world.settle();
    expect([first, ...waiting].map(({ value }) => value)).toEqual([
      'submitted',
      'OVERLOADED',
      'OVERLOADED',
      'submitted',
    ]);
    expect([...world.state.tasks.keys()]).toEqual([ID(1), ID(4)]);
  });

  test('are told of with what they waited, also while the log stands still', async () => {
    const world = new LoopWorld();
    world.log.hold();
    void world.loop.propose(submit(ID(1)));
    await turn();
    world.clock.advance(40);
    void world.loop.propose(submit(ID(2)));
    world.clock.advance(30);
    expect(world.loop.longestWaitMs).toBe(70);
    world.log.release();
    await world.settle();
    expect(world.waited).toEqual([
      { leastMs: 70, hasSubmits: true, tasks: 1 },
      { leastMs: 30, hasSubmits: true, tasks: 1 },
    ]);
    expect(world.loop.longestWaitMs).toBe(0);
  });
});

describe('a log that is handed over', () => {
  test('is asked again a moment later, with what it did not take first', async () => {
    const world = new LoopWorld();
    const append = world.log.append.bind(world.log);
    let refusals = 2;
    world.log.append = (body) => {
      if (refusals === 0) return append(body);
      refusals -= 1;
      return Promise.reject(new OrchestratorError('NOT_LEADER', 'it is handed over'));
    };
    const first = world.loop.propose(submit(ID(1)));
    await world.settle();
    const second = world.loop.propose(submit(ID(2)));
    await world.settle();
    expect(world.disk.bodies).toHaveLength(0);
    world.clock.advance(20);
    await world.settle();
    world.clock.advance(20);
    await world.settle();
    expect(await first).toMatchObject({ type: 'submitted' });
    expect(await second).toMatchObject({ type: 'submitted' });
    expect(world.state.tasks.size).toBe(2);
    expect(world.dropped).toHaveLength(2);
    await world.loop.stop(STOPPED);
    expect(world.clock.timers).toBe(0);
  });

  test('that goes to another process refuses what waits: it is in no log', async () => {
    const world = new LoopWorld();
    world.log.append = () => Promise.reject(new OrchestratorError('NOT_LEADER', 'no'));
    const waiting = world.loop.propose(submit(ID(1)));
    await world.settle();
    await world.loop.stop(new OrchestratorError('NOT_LEADER', 'another leads'));
    await expect(waiting).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });
});
