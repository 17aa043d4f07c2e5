import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FailureWindows, TRACKED_MAX, WINDOW_MS, WINDOWS_MAX } from './failure-windows.ts';

const seed = process.env['SEED'];
const settings = seed === undefined ? {} : { seed: Number(seed) };

/** The same with sets of numbers, nothing ever dropped but by age. */
class Twin {
  readonly #windows: { number: number; agents: Set<number> }[] = [];

  ended(nowMs: number): void {
    const number = Math.floor(nowMs / WINDOW_MS);
    const last = this.#windows.at(-1);
    if (last !== undefined && number <= last.number) return;
    this.#windows.push({ number, agents: new Set() });
    if (this.#windows.length > WINDOWS_MAX) this.#windows.shift();
  }

  failed(agent: number, nowMs: number): void {
    this.ended(nowMs);
    this.#windows.at(-1)?.agents.add(agent);
  }

  forget(agent: number): void {
    for (const { agents } of this.#windows) agents.delete(agent);
  }

  get count(): number {
    return this.#windows.length;
  }

  together(a: number, b: number): number {
    return this.#windows.filter(({ agents }) => agents.has(a) && agents.has(b)).length;
  }
}

describe('failure windows', () => {
  test('count as sets do, whatever the order of failures, gaps and steps back of the clock', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: -WINDOW_MS, max: 3 * WINDOW_MS }),
      agent: fc.nat(5),
      what: fc.constantFrom('failed', 'failed', 'ended', 'forget'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 300, maxLength: 700 }), (steps) => {
        const [windows, twin] = [new FailureWindows(), new Twin()];
        let nowMs = 1_000_000;
        for (const { afterMs, agent, what } of steps) {
          nowMs += afterMs;
          for (const one of [windows, twin]) {
            if (what === 'failed') one.failed(agent, nowMs);
            else if (what === 'ended') one.ended(nowMs);
            else one.forget(agent);
          }
        }
        expect(windows.count).toBe(twin.count);
        for (let a = 0; a <= 5; a++) {
          expect(windows.failures(a)).toBe(twin.together(a, a));
          for (let b = 0; b < a; b++) expect(windows.together(a, b)).toBe(twin.together(a, b));
        }
      }),
      { numRuns: 20, ...settings },
    );
  });

  test('more agents than are kept cost the bits of the one that failed longest ago', () => {
    const windows = new FailureWindows();
    for (let agent = 0; agent <= TRACKED_MAX; agent++) windows.failed(agent, agent);
    expect(windows.failures(0)).toBe(0);
    expect(windows.failures(1)).toBe(1);
    expect([...windows.agents()]).toHaveLength(TRACKED_MAX);
  });

  test('an agent without a failure in any window is known no more', () => {
    const windows = new FailureWindows();
    windows.failed(7, 0);
    for (let window = 1; window < WINDOWS_MAX; window++) windows.ended(window * WINDOW_MS);
    expect(windows.failures(7)).toBe(1);
    windows.ended(WINDOWS_MAX * WINDOW_MS);
    expect([...windows.agents()]).toEqual([]);
    expect(windows.count).toBe(WINDOWS_MAX);
  });
});
