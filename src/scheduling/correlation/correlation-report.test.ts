import { expect, test } from 'vitest';
import { Fleet } from '../testing/fleet.ts';
import type { CorrelationReport } from './correlation-report.ts';
import { WINDOW_MS } from './failure-windows.ts';

/** Agents on hosts of four, where whole hosts fail together, in every third of 30 windows. */
function failedFleet(agents: number): Fleet {
  const fleet = new Fleet('power-of-two-choices');
  for (let index = 0; index < agents; index++)
    fleet.add(`a${index}`, { labels: { host: `h${index >> 2}`, zone: `z${index % 3}` } });
  for (let window = 0; window < 30; window++) {
    const nowMs = window * WINDOW_MS;
    let index = 0;
    for (const { id } of fleet.agents.values()) {
      fleet.scheduler.observe(id, 10, ((index++ >> 2) + window) % 3 !== 0, nowMs);
    }
  }
  return fleet;
}

function drained(
  steps: Generator<void, CorrelationReport>,
  between: () => void,
): CorrelationReport {
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) between();
  return step.value;
}

test('a report says the same whatever is done between its steps, as long as no failures come', () => {
  const fleet = failedFleet(120);
  const nowMs = 30 * WINDOW_MS;
  const whole = drained(fleet.scheduler.correlations(nowMs, null), () => undefined);
  expect(whole.agents).toBe(120);
  expect(whole.pairs.every(({ a, b }) => a !== b)).toBe(true);
  expect(whole.pairs).toHaveLength(20);
  const between = (): void => {
    const id = fleet.start();
    if (id !== null) fleet.finish(id);
  };
  expect(drained(fleet.scheduler.correlations(nowMs, null), between)).toEqual(whole);
});

test('a report about thousands of agents is made in many steps, and agents may leave between them', () => {
  const fleet = failedFleet(4_000);
  const ids = [...fleet.agents.keys()];
  let steps = 0;
  const report = drained(fleet.scheduler.correlations(30 * WINDOW_MS, null), () => {
    for (const id of ids.slice(steps * 40, (steps + 1) * 40)) fleet.remove(id);
    steps += 1;
  });
  expect(steps).toBeGreaterThan(40);
  expect(report.agents).toBe(4_000);
  expect(report.domains.length).toBeGreaterThan(0);
  const named = report.modes?.strongest.flatMap(({ agents }) => agents) ?? [];
  expect(named.length).toBeGreaterThan(0);
  expect(named.every((id) => ids.includes(id))).toBe(true);
});
