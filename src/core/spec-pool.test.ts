import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SpecPool } from './spec-pool.ts';
import type { AgentSpec } from './spec.ts';
import { agentSpec, enroll, register } from './testing/commands.ts';
import { World } from './testing/world.ts';

const seed = process.env['SEED'];
const options = seed === undefined ? {} : { seed: Number(seed) };

/** Few texts, chosen so that one after another they run into each other. */
const text = fc.constantFrom('', 'a', 'aa', '1', '1:a', ' ', ' a', 'a b', 'b');
const specs = fc
  .record({
    kind: text,
    capabilities: fc.array(text, { maxLength: 3 }),
    labels: fc.dictionary(text, text, { maxKeys: 2 }),
    slots: fc.integer({ min: 1, max: 2 }),
    weight: fc.constantFrom(1, 0.5),
  })
  .map((some) => agentSpec(some));

describe('specs of agents', () => {
  test('are one object exactly where they are equal', () => {
    fc.assert(
      fc.property(specs, specs, (one, other) => {
        const pool = new SpecPool();
        const isSame = pool.intern(one) === pool.intern(other);
        expect(isSame).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { ...options, numRuns: 5_000 },
    );
  });

  test.each<[Partial<AgentSpec>, Partial<AgentSpec>]>([
    [{ capabilities: ['a b', 'c'] }, { capabilities: ['a', 'b c'] }],
    [{ capabilities: ['a', 'b'] }, { capabilities: ['a'], labels: { b: '' } }],
    [{ labels: { a: 'bc' } }, { labels: { ab: 'c' } }],
    [{ labels: { a: '', b: '' } }, { labels: { b: '', a: '' } }],
    [{ labels: { a: ' b' } }, { labels: { a: '', b: '' } }],
    [{ kind: 'a1' }, { kind: 'a' }],
    [
      { slots: 1, cost: 11 },
      { slots: 11, cost: 1 },
    ],
  ])('%j and %j are two', (one, other) => {
    const pool = new SpecPool();
    expect(pool.intern(agentSpec(one))).not.toBe(pool.intern(agentSpec(other)));
  });

  test('are forgotten with their last agent', () => {
    const world = new World();
    world.run(1000, enroll(['a1', 'a2', 'a3'], [{ slots: 1 }, { slots: 2 }], [0, 1, 0]));
    const [one, other] = [world.agent('a1').spec, world.agent('a2').spec];
    expect(world.agent('a3').spec).toBe(one);
    expect(world.state.agentSpecs.size).toBe(2);
    world.run(1000, register('a1', { slots: 2 }));
    expect(world.agent('a1').spec).toBe(other);
    world.run(1000, { type: 'agent.remove', agentId: world.agent('a3').id });
    expect(world.state.agentSpecs.size).toBe(1);
  });

  test('survive that their only agent says the same again', () => {
    const world = new World();
    world.run(1000, register('a1'));
    const { spec } = world.agent('a1');
    world.run(1000, register('a1', {}, 'second'));
    expect(world.agent('a1').spec).toBe(spec);
    expect(world.state.agentSpecs.size).toBe(1);
  });
});

describe('enrolling agents', () => {
  test('refuses those past the bound, and takes the others', () => {
    const world = new World();
    world.run(1000, {
      type: 'settings.set',
      settings: { ...world.state.settings, agentsMax: 2 },
    });
    const { results } = world.run(1000, enroll(['a1', 'a2', 'a1', 'a3'], [{}], [0, 0, 0, 0]));
    expect(results).toMatchObject([{ type: 'taken' }]);
    const [result] = results;
    const refused = result?.type === 'taken' ? [...(result.refused ?? [])] : [];
    expect(refused.map(([position, { code }]) => [position, code])).toEqual([[3, 'AGENT_LIMIT']]);
    expect([...world.state.agents.keys()]).toEqual(['a1', 'a2']);
  });
});
