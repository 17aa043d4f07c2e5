import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { DispatchRecord, emptyBins, fidelityOf, type DispatchFidelity } from './dispatch-record.ts';

/** Dispatches one of `chances` by `draw`; the distribution turns with every one. */
function recordOf(count: number, draw: (point: number) => number): DispatchFidelity {
  const rng = Rng.fromSeed(11);
  const record = new DispatchRecord();
  for (let dispatch = 0; dispatch < count; dispatch++) {
    const chances = [0.5, 0.3, 0.2].map((_, at, all) => all[(at + dispatch) % 3] as number);
    const point = draw(rng.unit());
    let before = 0;
    let at = 0;
    while (at < 2 && point >= before + (chances[at] as number)) before += chances[at++] as number;
    record.count(before, chances[at] as number);
  }
  const bins = emptyBins();
  record.addTo(bins);
  return fidelityOf(bins) as DispatchFidelity;
}

test('dispatch by the distribution has the expected fidelity, though it changes each time', () => {
  const { alarmBelow, dispatches, expected, value } = recordOf(4_000, (point) => point);
  expect(dispatches).toBe(4_000);
  expect(expected).toBe(1 - 63 / 16_000);
  // 8N(1 − Σ√pq) is about χ² with 63 degrees of freedom; its deviation in these units is 0.0007. Points
  // within a step are spread evenly, so that few bins vary as much as they may.
  expect(value).toBeGreaterThan(alarmBelow);
  expect(value).toBeLessThanOrEqual(1);
});

test('an override shows below the threshold', () => {
  const low = recordOf(4_000, (point) => point * point);
  expect(low.value).toBeLessThan(low.alarmBelow);
  // (∫ √q)² with the density q(v) = 1 / (2√v): 8/9, a little blurred by steps.
  expect(low.value).toBeGreaterThan(0.85);
  const always = recordOf(4_000, () => 0);
  expect(always.value).toBeLessThan(0.6);
});

test('a few dispatches say nothing, and old ones are dropped', () => {
  const record = new DispatchRecord();
  for (let dispatch = 0; dispatch < 255; dispatch++) record.count(0, 1);
  const few = emptyBins();
  record.addTo(few);
  expect(fidelityOf(few)).toBeNull();
  for (let dispatch = 0; dispatch < 100_000; dispatch++) record.count(0, 1);
  const many = emptyBins();
  record.addTo(many);
  expect(fidelityOf(many)?.dispatches).toBeLessThanOrEqual(8_192);
  expect(fidelityOf(many)?.value).toBeGreaterThan(0.999);
});
