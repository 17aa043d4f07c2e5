import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from '../core/index.ts';
import { submit } from '../core/testing/commands.ts';
import { CommandLanes, type Proposal } from './command-lanes.ts';
import { useSeed } from './testing/seed.ts';

useSeed();

function proposal(command: Command, sizes: { items?: number; bytes?: number } = {}): Proposal {
  return {
    command,
    texts: null,
    items: sizes.items ?? 1,
    bytes: sizes.bytes ?? 0,
    sinceMs: 0,
    resolve: () => undefined,
    reject: () => undefined,
  };
}

function submitOf(priority: number, sizes?: { items?: number; bytes?: number }): Proposal {
  const command = submit('00000000-0000-7000-8000-000000000001') as Extract<
    Command,
    { type: 'task.submit' }
  >;
  const specs = command.specs.map((spec) => ({ ...spec, priority }));
  return proposal({ ...command, specs }, sizes);
}

const other = (sizes?: { items?: number; bytes?: number }): Proposal =>
  proposal({ type: 'clock.advance' }, sizes);

test('the highest priority comes first, then what is no submit, then the other submits', () => {
  const lanes = new CommandLanes();
  const all = [submitOf(4), other(), submitOf(9), submitOf(8), other(), submitOf(9)];
  for (const one of all) lanes.add(one);
  expect(lanes.take()).toEqual([all[2], all[5], all[1], all[4], all[0], all[3]]);
  expect(lanes.isEmpty).toBe(true);
});

test('ordinary submits make an entry of bounded size, and what is urgent overtakes the rest of them', () => {
  const lanes = new CommandLanes();
  for (let i = 0; i < 10; i++) lanes.add(submitOf(4, { items: 1_000 }));
  expect(lanes.take()).toHaveLength(2);
  const urgent = submitOf(9);
  lanes.add(urgent);
  expect(lanes.take()[0]).toBe(urgent);
  expect(lanes.submitTasks).toBe(6_000);
});

test('a large submit has its turn although others fill every entry', () => {
  const lanes = new CommandLanes();
  const large = submitOf(4, { items: 10_000, bytes: 6_000_000 });
  lanes.add(large);
  const entries: Proposal[][] = [];
  for (let i = 0; i < 2; i++) {
    lanes.add(other({ bytes: 4_000_000 }));
    entries.push(lanes.take());
  }
  expect(entries.findIndex((entry) => entry.includes(large))).toBe(1);
});

test('shedding takes the oldest that may be shed, until few enough wait', () => {
  const lanes = new CommandLanes();
  const all = [4, 1, 1, 4, 1, 9].map((priority) => submitOf(priority, { items: 10, bytes: 5 }));
  for (const one of all) lanes.add(one);
  const shed: Proposal[] = [];
  lanes.shed(25, (one) => {
    const isLow = one.command.type === 'task.submit' && one.command.specs[0]?.priority === 1;
    if (isLow) shed.push(one);
    return isLow;
  });
  expect(shed).toEqual([all[1], all[2], all[4]]);
  expect({ items: lanes.items, bytes: lanes.bytes, tasks: lanes.submitTasks }).toEqual({
    items: 30,
    bytes: 15,
    tasks: 20,
  });
});

const step = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'take'),
  priority: fc.constantFrom(null, 0, 4, 9),
  items: fc.constantFrom(1, 500, 3_000),
  bytes: fc.constantFrom(0, 1_000_000, 20_000_000),
});

test('everything that goes in comes out once, each lane in its order, and the counts are right', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const lanes = new CommandLanes();
      const added: Proposal[] = [];
      const taken: Proposal[] = [];
      for (const { bytes, items, kind, priority } of steps) {
        if (kind === 'take') {
          const entry = lanes.take();
          expect(entry.length > 0).toBe(taken.length < added.length);
          taken.push(...entry);
        } else {
          const one =
            priority === null ? other({ bytes, items }) : submitOf(priority, { bytes, items });
          added.push(one);
          lanes.add(one);
        }
        const left = added.filter((one) => !taken.includes(one));
        expect(lanes.items).toBe(left.reduce((sum, one) => sum + one.items, 0));
        expect(lanes.bytes).toBe(left.reduce((sum, one) => sum + one.bytes, 0));
      }
      while (!lanes.isEmpty) taken.push(...lanes.take());
      expect(new Set(taken)).toEqual(new Set(added));
      expect(taken).toHaveLength(added.length);
      for (const lane of [laneOf('urgent'), laneOf('other'), laneOf('submits')]) {
        expect(taken.filter(lane)).toEqual(added.filter(lane));
      }
    }),
  );
});

function laneOf(name: 'urgent' | 'other' | 'submits'): (one: Proposal) => boolean {
  return ({ command }) => {
    if (command.type !== 'task.submit') return name === 'other';
    return (command.specs[0]?.priority === 9 ? 'urgent' : 'submits') === name;
  };
}

test('a short entry takes few submits, not many more of what is no submit, and all that is urgent', () => {
  const lanes = new CommandLanes();
  lanes.shortTasks = 100;
  for (let i = 0; i < 10; i++) {
    lanes.add(other({ items: 50 }));
    lanes.add(submitOf(4, { items: 50 }));
    lanes.add(submitOf(9, { items: 50 }));
  }
  const sizes = lanes.take().map(({ command, items }) => [command.type, items]);
  expect(sizes.map(([type]) => type)).toEqual([
    ...new Array<string>(10).fill('task.submit'),
    ...new Array<string>(3).fill('clock.advance'),
    ...new Array<string>(2).fill('task.submit'),
  ]);
});

test('a short entry has room for a large command that is no submit, also behind an urgent submit', () => {
  const lanes = new CommandLanes();
  lanes.shortTasks = 100;
  const large = other({ items: 5_000 });
  for (const one of [large, other(), submitOf(9)]) lanes.add(one);
  expect(lanes.take()).toContain(large);
});
