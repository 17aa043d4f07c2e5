import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { StrategyName } from '../../core/index.ts';
import { AgentTable } from '../agent-table.ts';
import { Latency } from '../latency.ts';
import { Pool } from '../pool.ts';
import type { Choice } from '../strategy.ts';
import { makeAgent } from '../testing/fixtures.ts';

/** Above the number from which on draws are made ahead. */
const AGENTS = 17_000;
const NAMES = [
  'power-of-two-choices',
  'latency-aware',
  'born',
  'born+p2c',
  'born+zones',
  'born+zones+p2c',
] as const satisfies StrategyName[];

function largePool(): { pool: Pool; table: AgentTable } {
  const table = new AgentTable();
  const shared = { latency: new Latency(), interference: null };
  const pool = new Pool('work', { capabilities: ['work'], labels: {} }, table, shared);
  for (let index = 0; index < AGENTS; index++) {
    const labels = { zone: `zone-${index % 3}` };
    const agent = table.add(makeAgent(`a${index}`, { slots: 1 + (index % 2), labels }));
    table.setCredit(agent, 1_000_000);
    table.setAvailable(agent, true);
    pool.add(agent);
  }
  return { pool, table };
}

function decision(seed = 1): Choice {
  return { key: '', rng: Rng.fromSeed(seed), nowMs: 0, isDecision: true };
}

describe.each(NAMES)('%s in a large pool', (name) => {
  const { pool, table } = largePool();
  pool.strategies.get(name);
  pool.strategies.finish();
  const strategy = pool.strategies.get(name);

  test('draws all members alike, or by their slots', () => {
    const choice = decision();
    const draws = 40_000;
    const bins = new Float64Array(10);
    let large = 0;
    for (let draw = 0; draw < draws; draw++) {
      const member = strategy.pick(choice);
      const bin = Math.floor((member * 10) / AGENTS);
      bins[bin] = (bins[bin] as number) + 1;
      large += member % 2;
    }
    // Five standard deviations.
    const slack = 5 * Math.sqrt(0.1 * 0.9 * draws);
    for (const count of bins) expect(Math.abs(count - draws / 10)).toBeLessThan(slack);
    const share = name.startsWith('born') ? 2 / 3 : 1 / 2;
    expect(Math.abs(large - share * draws)).toBeLessThan(5 * Math.sqrt(0.25 * draws));
  });

  test('never picks who ceased to be available after it was drawn', () => {
    const choice = decision();
    for (let round = 0; round < 200; round++) {
      const member = strategy.pick(choice);
      const agent = pool.agentOf(member);
      table.setAvailable(agent, false);
      pool.refresh(member);
      for (let draw = 0; draw < 40; draw++) expect(strategy.pick(choice)).not.toBe(member);
      table.setAvailable(agent, true);
      pool.refresh(member);
    }
  });

  test('a question changes no later decision', () => {
    const decide = (asks: boolean): number[] => {
      const choice = { ...decision(7), nowMs: asks ? 1e9 : 2e9 };
      return Array.from({ length: 100 }, () => {
        if (asks) strategy.pick({ key: '', rng: Rng.fromState(choice.rng.state), nowMs: 1e9 });
        return strategy.pick(choice);
      });
    };
    expect(decide(true)).toEqual(decide(false));
  });

  test('draws again where members left since, for their numbers name others then', () => {
    const { pool: own, table: agents } = largePool();
    own.strategies.get(name);
    own.strategies.finish();
    const chooser = own.strategies.get(name);
    const choice = decision(3);
    for (let round = 1; round <= 8; round++) {
      chooser.pick(choice);
      const left = Array.from({ length: 600 }, (_, index) => own.agentOf(index * 20));
      for (let index = 0; index < 600; index++) own.remove(index * 20);
      // Each comes back under the number of another one, and half of them are busy now.
      for (const [at, agent] of left.entries()) {
        agents.setAvailable(agent, (at + round) % 2 === 0);
        own.add(agent);
      }
      for (let draw = 0; draw < 31; draw++)
        expect(own.isAvailable(chooser.pick(choice))).toBe(true);
    }
  });
});
