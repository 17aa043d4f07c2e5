/** Second attempts in the simulator: when there are any, where they go, and what they cost. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../src/base/rng.ts';
import { AgentTable } from '../../src/scheduling/agent-table.ts';
import { FailureCorrelation } from '../../src/scheduling/correlation/failure-correlation.ts';
import { Latency } from '../../src/scheduling/latency.ts';
import { Offers } from '../../src/scheduling/offers.ts';
import { Pool } from '../../src/scheduling/pool.ts';
import { figuresOf } from '../../bench/placement/estimates.ts';
import { Hedges } from '../../bench/placement/hedges.ts';
import { hedgeFigures } from '../../bench/placement/hedging.ts';
import { POLICIES } from '../../bench/placement/policies.ts';
import type { Policy } from '../../bench/placement/policy.ts';
import { recordsOf } from '../../bench/placement/records.ts';
import { HEDGED, type Scenario } from '../../bench/placement/scenarios.ts';
import { secondMember, type HedgeMode } from '../../bench/placement/second-agent.ts';
import { simulate, type Run } from '../../bench/placement/simulate.ts';
import { HOST_SIZE, makeWorld, ZONE_SIZE } from '../../bench/placement/world.ts';

function policyOf(name: string): Policy {
  return POLICIES.find((policy) => policy.name === name) as Policy;
}

function scenarioOf(name: string): Scenario {
  return HEDGED.find((scenario) => scenario.name === name) as Scenario;
}

function run(scenario: Scenario, name: string, hedging?: HedgeMode): Run {
  const world = makeWorld(scenario, 1);
  const policy = policyOf(name);
  const mode = hedging === undefined ? {} : { hedging };
  return simulate({ scenario, world, policy, setting: {}, seed: 1, ...mode });
}

/** Hedges that know that attempts take 100 ms: 32 have. */
function learned(tasks: number): Hedges {
  const hedges = new Hedges(tasks + 32);
  for (let task = tasks; task < tasks + 32; task++) {
    hedges.started(task, 0, 0);
    hedges.done(task, false, 100);
  }
  return hedges;
}

describe('hedges', () => {
  test('are due once an attempt takes longer than nearly all that ended, and not before any did', () => {
    const unlearned = new Hedges(1);
    unlearned.started(0, 7, 0);
    expect(unlearned.dueMs(100)).toBe(Infinity);
    const hedges = learned(1);
    hedges.started(0, 7, 1_000);
    expect(hedges.dueMs(100)).toBeGreaterThan(1_097);
    expect(hedges.dueMs(100)).toBeLessThan(1_103);
    expect([hedges.takeDue(), hedges.ownAgent(0)]).toEqual([0, 7]);
  });

  test('are paid for by attempts that start, one for twenty', () => {
    const hedges = learned(100);
    let started = 0;
    for (let task = 0; task < 100; task++) {
      hedges.started(task, 0, 1_000);
      while (hedges.dueMs(10_000) < Infinity) {
        hedges.hedged(hedges.takeDue(), 1);
        started += 1;
      }
    }
    // One was there at first, and 32 that had started before had paid.
    expect(started).toBe(Math.floor(1 + (32 + 100) * 0.05));
  });

  test('are four at a time where little runs, and a twentieth of what runs where much does', () => {
    for (const [running, most] of [
      [10, 4],
      [120, 6],
    ] as const) {
      const hedges = learned(200);
      for (let task = 0; task < 200; task++) hedges.started(task, 0, 1_000);
      let live = 0;
      for (; hedges.dueMs(running) < Infinity; live++) hedges.hedged(hedges.takeDue(), 1);
      expect(live).toBe(most);
      hedges.copyEnded(0);
      expect(hedges.dueMs(running)).toBeLessThan(Infinity);
    }
  });
});

describe('the second agent', () => {
  const table = new AgentTable();
  const latency = new Latency();
  const pool = new Pool('', { capabilities: [], labels: {} }, table, {
    latency,
    interference: null,
  });
  for (const record of recordsOf(new Float64Array(100).fill(1), 64, policyOf('random'), {})) {
    const agent = table.add(record);
    table.setCredit(agent, Infinity);
    table.setAvailable(agent, true);
    pool.add(agent);
  }
  const correlation = new FailureCorrelation(table, new Offers(table));
  const rng = Rng.fromSeed(1);
  /** Always the neighbour on the same host, but for every second choice. */
  const near = { pick: (): number => (rng.unit() < 0.5 ? 1 : rng.below(100)) };
  const look = { pool, table, strategy: near, choice: { key: '', rng, nowMs: 0 }, correlation };
  const seconds = (mode: HedgeMode): number[] =>
    Array.from({ length: 200 }, () => secondMember(table.agentAt(0).id, mode, look));

  test('is in another zone where copies are kept apart', () => {
    expect(seconds('apart').filter((agent) => agent < ZONE_SIZE)).toEqual([]);
  });

  test('is any other agent where they are not, the host of the first among them', () => {
    const agents = seconds('elsewhere');
    expect(agents).not.toContain(0);
    expect(agents.filter((agent) => agent < HOST_SIZE).length).toBeGreaterThan(50);
  });
});

describe('a run with hedges', () => {
  test('shortens the tail where some agents are slow, and does each task once', () => {
    const scenario = scenarioOf('grey: slow');
    const [without, hedged] = [
      run(scenario, 'power-of-two-choices'),
      run(scenario, 'power-of-two-choices', 'apart'),
    ];
    expect(figuresOf(hedged).p99).toBeLessThan(0.8 * figuresOf(without).p99);
    const { hedged: share, wasted, won } = hedgeFigures(hedged);
    expect(share).toBeGreaterThan(2);
    expect(share).toBeLessThan(5.1);
    expect(won).toBeLessThan(share);
    expect(wasted).toBeGreaterThan(0);
    expect([...hedged.doneBy].every((agent) => agent >= 0)).toBe(true);
    expect(hedged.attempts).toBe(scenario.tasks + (hedged.hedges?.started ?? 0));
  });

  test('works as long as one without, more by what it wastes, where speeds are the same', () => {
    const scenario: Scenario = { ...scenarioOf('plain'), speeds: 'equal' };
    const worked = ({ workedMs }: Run): number => workedMs.reduce((sum, ms) => sum + ms, 0);
    const without = run(scenario, 'random');
    const hedged = run(scenario, 'random', 'elsewhere');
    expect(hedged.hedges?.wastedMs).toBeGreaterThan(0);
    // What is under way when the last task ends is in neither sum.
    const needed = worked(hedged) - (hedged.hedges?.wastedMs ?? 0);
    expect(needed / worked(without)).toBeCloseTo(1, 4);
  });

  test.each([
    ['attempts hang and fail', scenarioOf('hanging'), 'born+p2c, avoiding'],
    // Late news has many a task done by its hedge before its own attempt is known to have failed.
    [
      'agents refuse',
      { ...scenarioOf('plain'), trouble: 'shocks', delayMs: 2_000 },
      'least-loaded',
    ],
  ] as const)('gives every task one end where %s', (_, scenario, policy) => {
    const { doneBy, lost, responsesMs, struck } = run(scenario, policy, 'apart');
    expect(struck).toBeGreaterThan(100);
    expect(responsesMs.every((ms) => ms > 0)).toBe(true);
    expect(doneBy.filter((agent) => agent < 0)).toHaveLength(lost);
  });
});
