import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../base/rng.ts';
import { STRATEGY_NAMES, type StrategyName } from '../core/index.ts';
import { AgentTable } from './agent-table.ts';
import { Latency } from './latency.ts';
import { Pool } from './pool.ts';
import { makeAgent } from './testing/fixtures.ts';

const seed = process.env['SEED'];
const options = seed === undefined ? {} : { seed: Number(seed) };

/** A pool whose agents come, go and change as a mirror would tell it. */
class Members {
  readonly table = new AgentTable();
  readonly pool: Pool;
  /** Members by agent. */
  readonly known = new Map<number, number>();
  #made = 0;

  constructor(count: number, takenAtOnce?: number) {
    const shared = { latency: new Latency(), interference: null, takenAtOnce };
    this.pool = new Pool('work', { capabilities: ['work'], labels: {} }, this.table, shared);
    for (let index = 0; index < count; index++) this.add();
  }

  add(): void {
    const agent = this.table.add(makeAgent(`a${this.#made++}`, { slots: 2 }));
    this.table.setCredit(agent, 10);
    this.table.setAvailable(agent, true);
    this.known.set(agent, this.pool.add(agent));
  }

  remove(agent: number): void {
    this.pool.remove(this.known.get(agent) as number);
    this.known.delete(agent);
    this.table.remove(agent);
  }

  setAvailable(agent: number, available: boolean): void {
    this.table.setAvailable(agent, available);
    this.table.setCredit(agent, available ? 10 : 0);
    this.pool.refresh(this.known.get(agent) as number);
  }

  /** Takes whom the strategy picks out of the available ones until nobody is left. */
  pickAll(name: StrategyName): number[] {
    const strategy = this.pool.strategies.get(name);
    const rng = Rng.fromSeed(1);
    const picked: number[] = [];
    while (this.pool.availableCount > 0) {
      const member = strategy.pick({ key: `${picked.length}`, rng, nowMs: 0 });
      if (!this.pool.isAvailable(member)) break;
      strategy.picked(member);
      const agent = this.pool.agentOf(member);
      picked.push(agent);
      this.setAvailable(agent, false);
    }
    return picked;
  }
}

const step = fc.record({
  kind: fc.constantFrom('add', 'remove', 'busy', 'free', 'join'),
  at: fc.nat(),
});

describe('a strategy that is new to a pool', () => {
  test('knows every member in the end, whoever came, left or changed meanwhile', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STRATEGY_NAMES),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { maxLength: 60 }),
        (name, count, takenAtOnce, steps) => {
          const members = new Members(count, takenAtOnce);
          members.pool.strategies.get(name);
          for (const { at, kind } of steps) {
            const agents = [...members.known.keys()];
            const agent = agents[at % Math.max(1, agents.length)];
            if (kind === 'add') members.add();
            else if (kind === 'join') members.pool.strategies.joinOn();
            else if (agent === undefined) continue;
            else if (kind === 'remove') members.remove(agent);
            else members.setAvailable(agent, kind === 'free');
          }
          members.pool.strategies.finish();
          const free = [...members.known.keys()].filter((agent) =>
            members.table.isAvailable(agent),
          );
          expect(members.pickAll(name).toSorted()).toEqual(free.toSorted());
        },
      ),
      { ...options, numRuns: 500 },
    );
  });

  test('takes in the members of a large pool in slices, and another one chooses until then', () => {
    const { pool } = new Members(25, 10);
    const { strategies } = pool;
    expect(strategies.get('least-loaded').name).toBe('power-of-two-choices');
    strategies.joinOn();
    expect(strategies.isJoining).toBe(true);
    strategies.joinOn();
    expect(strategies.isJoining).toBe(false);
    expect(strategies.get('least-loaded').name).toBe('least-loaded');
  });

  test('has memory provided that is written to all over, before it takes in members', () => {
    const { strategies } = new Members(1 << 18).pool;
    strategies.get('consistent-hash');
    let steps = 1;
    for (; strategies.isJoining; steps++) strategies.joinOn();
    // 512 Ki members have room: 16 MiB of arcs and 8 MiB over them, 2 MiB a step.
    expect(steps).toBe(12 + (1 << 18) / 256);
  });
});

test('a strategy that no queue uses any more is forgotten, one that is asked for is not', () => {
  const members = new Members(10, 256);
  const { strategies } = members.pool;
  const [born, hashed] = [strategies.get('born'), strategies.get('consistent-hash')];
  const outcome = (minutes: number) => ({ runMs: 10, ok: true, nowMs: minutes * 60_000 });
  strategies.observed(0, outcome(0));
  for (let minute = 1; minute <= 35; minute++) {
    if (minute <= 5) expect(strategies.get('born')).toBe(born);
    expect(strategies.get('consistent-hash')).toBe(hashed);
    strategies.observed(0, outcome(minute));
    expect(strategies.learning.includes(born)).toBe(minute < 20);
  }
  expect(strategies.get('consistent-hash')).toBe(hashed);
  const anew = strategies.get('born');
  expect(anew).not.toBe(born);
  expect(anew.name).toBe('born');
  for (const member of members.known.values()) anew.picked(member);
});
