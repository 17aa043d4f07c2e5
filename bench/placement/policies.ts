/** All that are compared: what the product ships, variants of it, and the literature. */
import { createStrategy } from '../../src/scheduling/strategies/create-strategy.ts';
import { Born, BORN_TUNING } from '../../src/scheduling/strategies/born.ts';
import type { BornTuning } from '../../src/scheduling/born/feedback.ts';
import type { LatencyTuning } from '../../src/scheduling/latency.ts';
import type { StrategyName } from '../../src/core/index.ts';
import type { Chooser, ChooserContext, Policy, Setting } from './policy.ts';
import {
  Clairvoyant,
  Exp3,
  JoinIdle,
  OwnLeast,
  RandomChoice,
  TrueShortest,
  WeightedChoice,
} from './classical.ts';
import { Thompson } from './thompson.ts';

/** Every combination of two lists of values. */
function gridOf(a: string, as: readonly number[], b: string, bs: readonly number[]): Setting[] {
  return as.flatMap((one) => bs.map((other) => ({ [a]: one, [b]: other })));
}

const BORN_GRID = gridOf('rate', [0.1, 0.3, 1], 'temperature', [0.05, 0.1, 0.25]);
const WEIGHT_GRID: readonly Setting[] = [0.3, 0.5, 0.7, 0.85, 1, 1.15, 1.3, 1.6, 2].map(
  (exponent) => ({ exponent }),
);
const exponentOf = ({ exponent = 1 }: Setting): number => exponent;

function shipped(name: StrategyName, more: Partial<Policy> = {}): Policy {
  return {
    name,
    told: 'nothing',
    origin: 'shipped',
    make: ({ latency, pool }) => createStrategy(name, pool, { latency, interference: null }),
    ...more,
  };
}

function born(
  name: string,
  strategy: 'born' | 'born+p2c',
  tuning: Partial<BornTuning>,
  more: Partial<Policy> = {},
): Policy {
  return {
    name,
    told: 'nothing',
    origin: 'ours',
    make: ({ pool }, setting) =>
      new Born(strategy, pool, null, { ...BORN_TUNING, ...tuning, ...setting }),
    ...more,
  };
}

/** Never hears how an attempt ended. */
function deaf(chooser: Chooser): Chooser {
  return {
    added: (member) => chooser.added(member),
    removed: (member) => chooser.removed(member),
    changed: (member) => chooser.changed(member),
    picked: (member) => chooser.picked(member),
    pick: (choice) => chooser.pick(choice),
  };
}

function classical(
  name: string,
  make: (context: ChooserContext, setting: Setting) => Chooser,
  more: Partial<Policy> = {},
): Policy {
  return { name, told: 'nothing', origin: 'classical', make, ...more };
}

function latencyTuning(setting: Setting): LatencyTuning {
  const { decayRuns = 10, restShare = 0.25 } = setting;
  return { decayRuns, restShare, failureFactor: 2 };
}

const OWN = 'born+p2c';

export const POLICIES: readonly Policy[] = [
  classical('random', (context) => new RandomChoice(context)),
  shipped('round-robin'),
  classical('least connections', (context) => new OwnLeast(context)),
  shipped('least-loaded'),
  shipped('shortest-expected-delay'),
  shipped('power-of-two-choices'),
  classical('join idle queue', (context) => new JoinIdle(context)),
  classical('Thompson', (context, setting) => new Thompson(context, setting), {
    grid: gridOf('discount', [0.9, 0.97, 1], 'prior', [1, 2, 5]),
  }),
  classical('EXP3-IX', (context, setting) => new Exp3(context, setting), {
    grid: gridOf('eta', [0.1, 0.3, 1], 'gamma', [0.2, 0.5, 2]),
  }),
  shipped('latency-aware'),
  shipped('latency-aware', {
    name: 'latency-aware, tuned',
    origin: 'classical',
    grid: gridOf('decayRuns', [1, 3, 10], 'restShare', [0.1, 0.25, 0.5]),
    latency: latencyTuning,
  }),
  shipped('born'),
  shipped(OWN),
  shipped('born+zones'),
  shipped('born+zones+p2c'),
  born('born+p2c, tuned', OWN, {}, { grid: BORN_GRID }),
  born(
    'born+p2c, no feedback',
    OWN,
    {},
    {
      make: (context) => deaf(new Born(OWN, context.pool, null)),
    },
  ),
  born('born+p2c, no floor', OWN, { exploration: 0, floorShare: 1e-9 }),
  born('born+p2c, no pull', OWN, { temperature: 0 }),
  born(
    'born+p2c, interfering',
    OWN,
    {},
    {
      make: ({ pool }) => new Born(OWN, pool, { phase: 0.1, mixer: 0.1 }),
    },
  ),
  shipped('least-loaded', { name: 'least-loaded, avoiding', origin: 'ours', avoids: true }),
  shipped('shortest-expected-delay', {
    name: 'shortest-expected-delay, avoiding',
    origin: 'ours',
    avoids: true,
  }),
  shipped(OWN, { name: 'born+p2c, avoiding', origin: 'ours', avoids: true }),
  classical('weighted random', (context) => new WeightedChoice(context, 1), {
    told: 'speeds',
    grid: WEIGHT_GRID,
    weightExponent: exponentOf,
  }),
  shipped('weighted-round-robin', {
    told: 'speeds',
    grid: WEIGHT_GRID,
    weightExponent: exponentOf,
  }),
  classical(
    'weighted two choices',
    (context, { compare = 1 }) => new WeightedChoice(context, 2, compare),
    {
      told: 'speeds',
      grid: gridOf('exponent', [0.5, 1, 1.5], 'compare', [0.5, 1, 1.5]),
      weightExponent: exponentOf,
    },
  ),
  born('born+p2c, told', OWN, {}, { told: 'speeds' }),
  classical('shortest queue', (context) => new TrueShortest(context), { told: 'truth' }),
  classical('clairvoyant', (context) => new Clairvoyant(context), { told: 'truth' }),
];
