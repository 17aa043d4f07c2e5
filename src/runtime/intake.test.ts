import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { OrchestratorError } from '../base/errors.ts';
import { Intake, type HeldSubmit } from './intake.ts';
import { useSeed } from './testing/seed.ts';

useSeed();

const REFUSAL = new OrchestratorError('OVERLOADED', 'too much');

/** An intake before a loop whose entries take so many tasks; what it does soon is done when asked to. */
class World {
  readonly taken: string[] = [];
  readonly refused: string[] = [];
  room = 0;
  proposesLater = false;
  #soon: (() => void)[] = [];
  readonly intake = new Intake({
    room: () => this.room,
    soon: (callback) => this.#soon.push(callback),
  });

  add(sender: object, name: string, { sinceMs = 0, tasks = 1 } = {}): void {
    const submit: HeldSubmit = {
      priority: 4,
      tasks,
      bytes: tasks * 10,
      sinceMs,
      take: () => {
        this.taken.push(name);
        if (!this.proposesLater) this.room -= tasks;
      },
      refuse: () => this.refused.push(name),
    };
    this.intake.add(sender, submit);
  }

  settle(): void {
    for (const callback of this.#soon.splice(0)) callback();
  }

  /** The loop makes an entry, and has so much room then. */
  entry(room: number): void {
    this.room = room;
    this.intake.entryMade();
    this.settle();
  }
}

let world: World;
const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];

beforeEach(() => {
  world = new World();
});

describe('what waits', () => {
  test('is taken as far as there is room, the rest after the next entry', () => {
    for (const name of ['1', '2', '3', '4']) world.add(a, name);
    world.entry(2);
    expect(world.taken).toEqual(['1', '2']);
    expect([world.intake.tasks, world.intake.bytes]).toEqual([2, 20]);
    world.entry(10);
    expect(world.taken).toEqual(['1', '2', '3', '4']);
    expect([world.intake.tasks, world.intake.bytes, world.intake.senders]).toEqual([0, 0, 0]);
  });

  test('is taken at once where the loop has room and nothing to do', () => {
    world.room = 5;
    world.add(a, '1');
    world.settle();
    expect(world.taken).toEqual(['1']);
  });

  test('is taken from one sender after the other', () => {
    for (const name of ['a1', 'a2', 'a3', 'a4']) world.add(a, name);
    world.add(b, 'b1');
    world.add(c, 'c1');
    world.add(b, 'b2');
    world.entry(100);
    expect(world.taken).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  test('has one in each entry, although others leave no room in any', () => {
    for (const name of ['1', '2']) world.add(a, name, { tasks: 30 });
    world.entry(-1_000);
    expect(world.taken).toEqual(['1']);
    world.settle();
    expect(world.taken).toEqual(['1']);
    world.entry(-1_000);
    expect(world.taken).toEqual(['1', '2']);
  });

  test('is taken no faster for being proposed a moment later', () => {
    for (const name of ['1', '2', '3', '4']) world.add(a, name);
    world.proposesLater = true;
    world.entry(2);
    expect(world.taken).toEqual(['1', '2']);
    world.room = 0;
    world.settle();
    expect(world.taken).toEqual(['1', '2']);
  });

  test('makes room for others where it comes to nothing once it is decoded', () => {
    for (const name of ['1', '2', '3', '4']) world.add(a, name);
    world.proposesLater = true;
    world.entry(2);
    world.settle();
    expect(world.taken).toEqual(['1', '2', '3', '4']);
  });

  test('tells of the one that waits for longest, whoever sent it', () => {
    expect(world.intake.oldestMs).toBeNull();
    world.add(a, 'a1', { sinceMs: 30 });
    world.add(b, 'b1', { sinceMs: 20 });
    expect(world.intake.oldestMs).toBe(20);
  });

  test('is refused, oldest first, until no more than so much is left', () => {
    for (const name of ['1', '2', '3', '4']) world.add(a, name, { tasks: 10 });
    world.intake.shed(20, () => REFUSAL);
    expect(world.refused).toEqual(['1', '2']);
    world.intake.shed(0, () => null);
    expect(world.refused).toEqual(['1', '2']);
    world.entry(100);
    expect(world.taken).toEqual(['3', '4']);
  });

  test('is gone with its sender, neither taken nor answered', () => {
    world.add(a, 'a1');
    world.add(b, 'b1');
    world.intake.forget(a);
    expect([world.intake.tasks, world.intake.senders]).toEqual([1, 1]);
    world.entry(100);
    expect([...world.taken, ...world.refused]).toEqual(['b1']);
  });
});

test('rounds of one submit of each sender, whatever room there is when, and nothing is lost', () => {
  const sends = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 30 })), { maxLength: 60 });
  const rooms = fc.array(fc.integer({ min: -10, max: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(sends, rooms, (all, entries) => {
      const run = new World();
      const senders = Array.from({ length: 6 }, (_, i) => ({ i }));
      const names = all.map(([sender, tasks], i) => ({ sender, tasks, name: `${sender}:${i}` }));
      for (const { name, sender, tasks } of names)
        run.add(senders[sender] as object, name, { tasks });
      for (const room of entries) run.entry(room);
      const left = names.filter(({ name }) => !run.taken.includes(name));
      expect(run.intake.tasks).toBe(left.reduce((sum, { tasks }) => sum + tasks, 0));
      run.entry(Number.MAX_SAFE_INTEGER);
      expect(run.taken).toEqual(inRounds(names));
    }),
  );
});

/** The first of each sender, in the order in which they came, then the second of each, and so on. */
function inRounds(sent: readonly { readonly sender: number; readonly name: string }[]): string[] {
  const counts = new Map<number, number>();
  const rounds: string[][] = [];
  const order = [...new Set(sent.map(({ sender }) => sender))];
  const sorted = order.flatMap((one) => sent.filter(({ sender }) => sender === one));
  for (const { name, sender } of sorted) {
    const round = counts.get(sender) ?? 0;
    counts.set(sender, round + 1);
    (rounds[round] ??= []).push(name);
  }
  return rounds.flat();
}
