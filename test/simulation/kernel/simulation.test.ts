import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chance } from './chance.ts';
import { EventQueue } from './event-queue.ts';
import { Simulation } from './simulation.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

test('actions leave the queue by moment, and of one moment in the order they came', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }))), (script) => {
      const queue = new EventQueue();
      let twin: { readonly atUs: number; readonly name: number }[] = [];
      const taken: number[] = [];
      for (const [name, atUs] of script.entries()) {
        if (atUs !== null) {
          queue.add(atUs, () => taken.push(name));
          twin.push({ atUs, name });
          continue;
        }
        const [first, ...rest] = twin.toSorted((a, b) => a.atUs - b.atUs);
        expect(queue.nextAtUs).toBe(first?.atUs ?? Infinity);
        queue.take()?.();
        expect(taken.splice(0)).toEqual(first === undefined ? [] : [first.name]);
        const left = new Set(rest);
        twin = twin.filter((item) => left.has(item));
        expect(queue.length).toBe(twin.length);
      }
    }),
    seed,
  );
});

test('a fork draws the same whatever its parent and its siblings have drawn', () => {
  const one = new Chance(7);
  const other = new Chance(7);
  other.below(100);
  other.fork('disk').below(100);
  expect(one.fork('network').below(1_000_000)).toBe(other.fork('network').below(1_000_000));
  expect(one.fork('a').below(1_000_000)).not.toBe(one.fork('b').below(1_000_000));
});

function hashOf(runSeed: number, extraNote: boolean): string {
  const simulation = new Simulation(runSeed);
  const chance = simulation.chance.fork('test');
  simulation.repeat(0, () => {
    simulation.note(1, chance.below(1000));
    return simulation.nowUs < 5_000 ? chance.between(1, 100) : undefined;
  });
  simulation.run(1_000_000);
  if (extraNote) simulation.note(2);
  return simulation.trace.hash;
}

test('two runs of one seed leave the same trace, and another event or seed another one', () => {
  expect(hashOf(1, false)).toBe(hashOf(1, false));
  expect(hashOf(1, false)).not.toBe(hashOf(1, true));
  expect(hashOf(1, false)).not.toBe(hashOf(2, false));
});

test('code that awaits goes on before the next event', async () => {
  const simulation = new Simulation(1);
  const seen: string[] = [];
  simulation.after(
    10,
    () =>
      void Promise.resolve().then(async () => {
        await Promise.resolve();
        seen.push('awaited');
      }),
  );
  simulation.after(10, () => seen.push('event'));
  await simulation.runAsync(100);
  expect(seen).toEqual(['awaited', 'event']);
  expect(simulation.nowUs).toBe(100);
});

test('whatever code waits for that takes no time is over before the next event', async () => {
  const simulation = new Simulation(1);
  const seen: string[] = [];
  const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const waits = [tick, turn, tick, tick, tick, turn, turn, tick];
  simulation.after(10, () => {
    const work = async (): Promise<void> => {
      for (const wait of waits) {
        await wait();
        await Promise.resolve();
      }
      seen.push('awaited');
    };
    void work();
  });
  simulation.after(10, () => seen.push('event'));
  const ticker = Object.getOwnPropertyDescriptor(process, 'nextTick');
  await simulation.runAsync(100);
  expect(seen).toEqual(['awaited', 'event']);
  expect(Object.getOwnPropertyDescriptor(process, 'nextTick')).toEqual(ticker);
});

test('only the last lines are kept, and none are worded where none are wanted', () => {
  const simulation = new Simulation(1, 3);
  for (let line = 0; line < 100; line += 1) simulation.say(() => `line ${line}`);
  expect(simulation.trace.lines.map((line) => line.slice(-7))).toEqual([
    'line 97',
    'line 98',
    'line 99',
  ]);
  const silent = new Simulation(1);
  silent.say(() => {
    throw new Error('must not be worded');
  });
  expect(silent.trace.lines).toEqual([]);
});
