import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../base/rng.ts';
import { retryDelayMs } from './retry.ts';
import { RETRY_STRATEGIES, type RetryPolicy, type RetryStrategy } from './spec.ts';
import { RETRY_IN_TESTS } from './testing/commands.ts';

const SEED = process.env['SEED'];
const options = SEED === undefined ? {} : { seed: Number(SEED) };

const FORMULAIC = RETRY_STRATEGIES.filter((strategy) => strategy !== 'decorrelated-jitter');

function policyOf(strategy: RetryStrategy, parts: Partial<RetryPolicy> = {}): RetryPolicy {
  return { ...RETRY_IN_TESTS, strategy, delayMsMax: 10 ** 9, ...parts };
}

function delays(policy: RetryPolicy, count: number, seed = 1): number[] {
  const rng = Rng.fromSeed(seed);
  let last = 0;
  return Array.from({ length: count }, (_, i) => (last = retryDelayMs(policy, i + 1, last, rng)));
}

const policies = fc.record({
  attemptsMax: fc.constant(1000),
  strategy: fc.constantFrom(...RETRY_STRATEGIES),
  delayMs: fc.nat(86_400_000),
  delayMsMax: fc.nat(2_592_000_000),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  nonRetryable: fc.constant([]),
});

describe('without jitter', () => {
  test.each([
    ['fixed', [100, 100, 100, 100, 100, 100]],
    ['linear', [100, 200, 300, 400, 500, 600]],
    ['exponential', [100, 200, 400, 800, 1600, 3200]],
    ['fibonacci', [100, 100, 200, 300, 500, 800]],
  ] as const)('%s waits %j', (strategy, expected) => {
    expect(delays(policyOf(strategy), 6)).toEqual(expected);
  });

  test.each(FORMULAIC)(
    '%s never waits less than before, and stops growing at the ceiling',
    (strategy) => {
      const waits = delays(policyOf(strategy, { delayMsMax: 750 }), 1000);
      for (const [i, wait] of waits.entries())
        expect(wait).toBeGreaterThanOrEqual(waits[i - 1] ?? 0);
      expect(waits.at(-1)).toBe(strategy === 'fixed' ? 100 : 750);
    },
  );
});

describe('with jitter', () => {
  test.each(FORMULAIC)(
    '%s spreads downwards by at most its share, over the whole range',
    (strategy) => {
      const rng = Rng.fromSeed(3);
      const jittered = policyOf(strategy, { delayMs: 10_000, jitter: 0.2 });
      const full = retryDelayMs({ ...jittered, jitter: 0 }, 4, 0, rng);
      const waits = Array.from({ length: 2_000 }, () => retryDelayMs(jittered, 4, 0, rng));
      const [least, most] = [Math.min(...waits), Math.max(...waits)];
      expect(least).toBeGreaterThanOrEqual(0.8 * full);
      expect(most).toBeLessThanOrEqual(full);
      // 2,000 uniform draws leave a hundredth of the range empty with probability 0.99²⁰⁰⁰ < 2 · 10⁻⁹.
      expect(least).toBeLessThan(0.802 * full);
      expect(most).toBeGreaterThan(0.998 * full);
    },
  );

  test('full jitter reaches from nothing to the whole delay', () => {
    const waits = Array.from({ length: 2_000 }, (_, seed) =>
      retryDelayMs(policyOf('fixed', { delayMs: 1_000, jitter: 1 }), 1, 0, Rng.fromSeed(seed)),
    );
    expect(Math.min(...waits)).toBeLessThan(10);
    expect(Math.max(...waits)).toBeGreaterThan(990);
  });
});

describe('decorrelated jitter', () => {
  test('each wait lies between the base and three times the one before', () => {
    for (let seed = 0; seed < 200; seed++) {
      const waits = delays(policyOf('decorrelated-jitter'), 12, seed);
      for (const [i, wait] of waits.entries()) {
        expect(wait).toBeGreaterThanOrEqual(100);
        expect(wait).toBeLessThanOrEqual(3 * (waits[i - 1] ?? 100));
      }
    }
  });

  test('the first wait is spread over the whole of [d, 3d]', () => {
    const policy = policyOf('decorrelated-jitter', { delayMs: 1_000 });
    const firsts = Array.from({ length: 2_000 }, (_, seed) => delays(policy, 1, seed)).flat();
    expect(Math.min(...firsts)).toBeLessThan(1_020);
    expect(Math.max(...firsts)).toBeGreaterThan(2_980);
  });

  test('the ceiling holds however long the waits grew', () => {
    const policy = policyOf('decorrelated-jitter', { delayMsMax: 400 });
    for (const wait of delays(policy, 1000)) expect(wait).toBeLessThanOrEqual(400);
  });

  test('a base of nothing stays nothing', () => {
    const policy = policyOf('decorrelated-jitter', { delayMs: 0 });
    expect(delays(policy, 5)).toEqual([0, 0, 0, 0, 0]);
  });
});

test('every wait is whole and within 0..delayMsMax, for every policy and up to attempt 1000', () => {
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: 1000 }),
      fc.integer(),
      (policy, attempt, seed) => {
        const last = Math.min(policy.delayMs, policy.delayMsMax);
        const wait = retryDelayMs(policy, attempt, last, Rng.fromSeed(seed));
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(policy.delayMsMax);
      },
    ),
    options,
  );
});

test('one draw of chance is made for each wait, whatever the strategy', () => {
  for (const strategy of RETRY_STRATEGIES) {
    const [rng, twin] = [Rng.fromSeed(5), Rng.fromSeed(5)];
    retryDelayMs(policyOf(strategy), 3, 100, rng);
    twin.u32();
    expect(rng.state, strategy).toEqual(twin.state);
  }
});
