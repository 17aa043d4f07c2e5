import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { BornState } from './born-state.ts';
import { byChance, isUnheard, wanderOf, type ChanceMeasures } from './chance.ts';
import { angleOf, RATE, TEMPERATURE, Yardstick } from './feedback.ts';
import { ZoneStates } from './zone-states.ts';

const SEED = Number(process.env['SEED'] ?? 7);
const LAMBDA = 0.95;
const TUNING = { rate: RATE, temperature: TEMPERATURE };

interface Look extends ChanceMeasures {
  readonly fidelity: number;
  readonly entropy: number;
}

/** Draws and feedbacks of agents with run times that are exponential; `slowdown` is that of the first one. */
function looksAt(priors: readonly number[], slowdown = 1, rounds = 4_000): Look[] {
  const rng = Rng.fromSeed(SEED);
  const [state, yardstick] = [new BornState(), new Yardstick()];
  const size = priors.length;
  for (const [member, prior] of priors.entries()) {
    state.add(member, prior);
    state.enter(member);
  }
  const looks: Look[] = [];
  for (let draw = 1; draw <= rounds * size; draw++) {
    const isBorn = rng.unit() < LAMBDA;
    const member = isBorn ? state.drawBorn(rng.unit()) : state.drawPrior(rng.unit());
    const odds = state.chance(member, LAMBDA) * size;
    const runMs = -Math.log(1 - rng.unit()) * 100 * (member === 0 ? slowdown : 1);
    const p = state.probability(member);
    const pull = TEMPERATURE * Math.log(p / state.priorShare(member));
    const advantage = yardstick.advantage(runMs, true);
    state.rotate(member, angleOf(advantage - pull, odds, p));
    if (draw % (20 * size) > 0 || isUnheard(yardstick)) continue;
    const measures = state.measures();
    if (measures === null) continue;
    const chance = byChance(wanderOf(yardstick, TUNING, measures), measures.priors.entropy);
    if (chance === null) continue;
    looks.push({
      ...chance,
      fidelity: measures.targetFidelity,
      entropy: measures.entropyBits,
    });
  }
  return looks;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function alarms(looks: readonly Look[]): number {
  return mean(looks.map((look) => (look.fidelity < look.targetFidelity.alarmBelow ? 1 : 0)));
}

describe('what chance makes of the measures', () => {
  test.each([
    { name: 'eight agents', priors: [1, 1, 1, 1, 1, 1, 1, 1] },
    { name: 'a hundred agents', priors: new Array<number>(100).fill(1) },
    { name: 'agents with different slots', priors: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5] },
  ])('is what alike agents show: $name', ({ priors }) => {
    const looks = looksAt(priors, 1, priors.length > 50 ? 2_000 : 6_000);
    const expected = mean(looks.map(({ targetFidelity }) => targetFidelity.expected));
    const seen = mean(looks.map(({ fidelity }) => fidelity));
    expect((1 - seen) / (1 - expected)).toBeGreaterThan(0.8);
    expect((1 - seen) / (1 - expected)).toBeLessThan(1.35);
    const entropy = mean(looks.map(({ entropyBits }) => entropyBits.expected));
    expect(Math.abs(entropy - mean(looks.map((look) => look.entropy)))).toBeLessThan(0.03);
    expect(alarms(looks)).toBeLessThan(0.02);
  });

  test('is left by one agent of eight that is four times as slow', () => {
    expect(alarms(looksAt([1, 1, 1, 1, 1, 1, 1, 1], 4, 2_000))).toBeGreaterThan(0.8);
  });

  test('is not said before 64 ends, nor where nothing varies', () => {
    const priors = { entropy: Math.log(4), variance: 0 };
    const sampled = { size: 4, samples: 4, priors };
    expect(isUnheard({ attempts: 63, variance: 0.05 })).toBe(true);
    expect(isUnheard({ attempts: 64, variance: 0.05 })).toBe(false);
    const still = wanderOf({ attempts: 100, variance: 0 }, TUNING, sampled);
    expect(byChance(still, priors.entropy)).toBeNull();
    const alone = wanderOf({ attempts: 100, variance: 1 }, TUNING, { ...sampled, size: 1 });
    expect(byChance(alone, 0)).toBeNull();
  });

  test('allows for measures that were taken of some members only', () => {
    const priors = { entropy: Math.log(1_000), variance: 0 };
    const heard = { attempts: 100_000, variance: 0.05 };
    const of = (samples: number): number =>
      byChance(wanderOf(heard, TUNING, { size: 1_000, samples, priors }), priors.entropy)
        ?.targetFidelity.alarmBelow ?? 0;
    expect(of(64)).toBeLessThan(of(500));
    expect(of(500)).toBeLessThan(of(1_000));
  });
});

test('of zones both factors count, and a zone that is slow as a whole is beyond it', () => {
  for (const slowdown of [1, 4]) {
    const rng = Rng.fromSeed(SEED);
    const states = new ZoneStates();
    for (let member = 0; member < 24; member++) {
      states.add(member, `z${member % 4}`, 1);
      states.change(member, 1, true);
    }
    const found: boolean[] = [];
    const fidelities: number[] = [];
    const expected: number[] = [];
    for (let draw = 1; draw <= 60_000; draw++) {
      const member = states.draw(rng.unit() < LAMBDA, rng.unit(), rng.unit());
      const runMs = -Math.log(1 - rng.unit()) * 100 * (member % 4 === 0 ? slowdown : 1);
      states.learn(member, states.odds(member, LAMBDA), runMs, true);
      if (draw < 3_000 || draw % 400 > 0) continue;
      const measures = states.measures();
      fidelities.push(measures?.targetFidelity ?? 0);
      expected.push(measures?.byChance?.targetFidelity.expected ?? 0);
      found.push(fidelities.at(-1)! < (measures?.byChance?.targetFidelity.alarmBelow ?? 0));
    }
    const share = found.filter(Boolean).length / found.length;
    if (slowdown > 1) expect(share).toBeGreaterThan(0.8);
    else {
      expect(share).toBeLessThan(0.03);
      expect((1 - mean(fidelities)) / (1 - mean(expected))).toBeGreaterThan(0.7);
      expect((1 - mean(fidelities)) / (1 - mean(expected))).toBeLessThan(1.4);
    }
  }
});
