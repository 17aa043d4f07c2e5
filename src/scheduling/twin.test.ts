import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STRATEGY_NAMES } from '../core/index.ts';
import { World, type Draw } from './testing/world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const MOVES = {
  join: 4,
  respec: 1,
  changeState: 2,
  leave: 1,
  giveCredit: 2,
  pause: 1,
  setStrategy: 1,
  submit: 6,
  cancel: 2,
  retry: 3,
  ask: 3,
  answer: 2,
  batch: 8,
} as const;
type Kind = keyof typeof MOVES;

const number = fc.nat(65_535);
const move: fc.Arbitrary<{ kind: Kind; draw: Draw }> = fc.record({
  kind: fc.oneof(
    ...Object.entries(MOVES).map(([kind, weight]) => ({
      arbitrary: fc.constant(kind as Kind),
      weight,
    })),
  ),
  draw: fc.tuple(number, number, number, number),
});
const histories = fc.array(move, { maxLength: 80, size: 'max' });

test.each([
  ...STRATEGY_NAMES.map((name) => ({ name, strategies: [name] })),
  { name: 'all strategies', strategies: STRATEGY_NAMES },
])('proposes what its plain twin allows, whatever the history: $name', ({ strategies }) => {
  fc.assert(
    fc.property(fc.integer(), histories, (seed, moves) => {
      const world = new World(strategies, seed);
      for (const { kind, draw } of moves) {
        world[kind](draw);
        world.scheduler.checkInvariants();
        const { scheduler, twin } = world.pictures();
        expect(scheduler).toEqual(twin);
      }
    }),
    { numRuns: 300, ...SEED },
  );
});

test('explains every task with the numbers its plain twin counts', () => {
  fc.assert(
    fc.property(fc.integer(), histories, (seed, moves) => {
      const world = new World(STRATEGY_NAMES, seed);
      for (const { kind, draw } of moves) {
        world[kind](draw);
        const { scheduler, twin, takers } = world.explanations(draw);
        const { matching, available, passedOver } = scheduler.agents;
        const { waitingAhead } = scheduler;
        expect({ matching, available, passedOver, waitingAhead }).toEqual(twin);
        const able = takers.map(({ id }) => id);
        if (able.length === 0) expect(scheduler.pick).toBeNull();
        else expect(able).toContain(scheduler.pick?.agentId);
      }
    }),
    { numRuns: 300, ...SEED },
  );
});
