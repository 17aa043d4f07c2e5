import { describe, expect, test } from 'vitest';
import type { DomainLabel } from './failure-model.ts';
import { SUSPECT_MS, Suspects } from './suspects.ts';

/** Forty agents, ten in each of four zones; hosts of two. */
function fleet(): Suspects {
  const names = { zone: 10, host: 2 };
  return new Suspects({
    domainOf: (agent, label: DomainLabel) => `${label}-${Math.floor(agent / names[label])}`,
    sizeOf: (label) => names[label],
    total: () => 40,
  });
}

describe('suspects', () => {
  test('a zone is suspect from when a third of its agents fail, and for thirty seconds after', () => {
    const suspects = fleet();
    for (const agent of [0, 2, 4]) suspects.failed(agent, 1_000);
    expect(suspects.of(9, 1_000)).toBeNull();
    suspects.failed(6, 2_000);
    expect(suspects.of(9, 2_000)).toMatchObject({ label: 'zone', name: 'zone-0', failing: 4 });
    expect(suspects.of(10, 2_000)).toBeNull();
    expect(suspects.of(9, 2_000 + SUSPECT_MS)).toBeNull();
    expect(suspects.isEmpty).toBe(true);
  });

  test('end once two attempts completed there, and begin anew with the next failure', () => {
    const suspects = fleet();
    for (const agent of [0, 2, 4, 6]) suspects.failed(agent, 1_000);
    suspects.succeeded(9);
    expect(suspects.of(9, 1_001)).toMatchObject({ name: 'zone-0' });
    suspects.failed(6, 1_002);
    suspects.succeeded(9);
    expect(suspects.of(9, 1_003)).toMatchObject({ name: 'zone-0' });
    suspects.succeeded(12);
    expect(suspects.of(9, 1_003)).toMatchObject({ name: 'zone-0' });
    suspects.succeeded(8);
    expect(suspects.of(9, 1_004)).toBeNull();
    expect(suspects.isEmpty).toBe(true);
    suspects.failed(6, 1_005);
    expect(suspects.of(9, 1_006)).toMatchObject({ name: 'zone-0', failing: 4 });
  });

  test('a success takes an agent out of the count', () => {
    const suspects = fleet();
    for (const agent of [0, 2, 4]) suspects.failed(agent, 1_000);
    suspects.succeeded(2);
    suspects.failed(6, 1_000);
    expect(suspects.all(1_000)).toEqual([]);
  });

  test('failures of ten seconds ago count no more', () => {
    const suspects = fleet();
    for (const agent of [0, 2, 4]) suspects.failed(agent, 1_000);
    suspects.failed(6, 12_000);
    expect(suspects.all(12_000)).toEqual([]);
  });

  test('where all fail alike no zone is to blame', () => {
    const suspects = fleet();
    for (let agent = 0; agent < 40; agent += 3) suspects.failed(agent, 1_000);
    expect(suspects.all(1_000)).toEqual([]);
  });

  test('both agents of a host make the host suspect, not its zone', () => {
    const suspects = fleet();
    suspects.failed(0, 1_000);
    suspects.failed(1, 1_000);
    expect(suspects.all(1_000).map(({ name }) => name)).toEqual(['host-0']);
  });

  test('an agent that fails again and again is one', () => {
    const suspects = fleet();
    for (let time = 0; time < 100; time++) suspects.failed(0, 1_000 + time);
    expect(suspects.all(1_100)).toEqual([]);
  });
});
