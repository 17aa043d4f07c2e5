import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentMeets } from './agent.ts';
import { capabilityMeets, meetsRequirement, requirementKey } from './requirement.ts';
import { assign, register, submit } from './testing/commands.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const SEED = process.env['SEED'];
const options = SEED === undefined ? {} : { seed: Number(SEED) };

test.each([
  ['email', 'email', true],
  ['email@2', 'email', true],
  ['email@2', 'email@2', true],
  ['email', 'email@2', false],
  ['email@2', 'email@3', false],
  ['email@20', 'email@2', false],
  ['emails', 'email', false],
  ['emailing', 'email', false],
  ['email@200', 'email@2', false],
  ['email-bulk@2', 'email', false],
  ['email@', 'email', false],
  ['mail', 'email', false],
  ['Email', 'email', false],
])('an offer of %s meets a need of %s: %s', (offered, required, expected) => {
  expect(capabilityMeets(offered, required)).toBe(expected);
});

describe('an agent', () => {
  const agent = { capabilities: ['email@2', 'gpu'], labels: { zone: 'eu', rack: '7' } };

  test.each([
    ['nothing at all', [], {}, true],
    ['one of its capabilities', ['gpu'], {}, true],
    ['all of its capabilities', ['gpu', 'email'], {}, true],
    ['a capability it lacks beside one it has', ['gpu', 'print'], {}, false],
    ['a label it has', [], { zone: 'eu' }, true],
    ['a label with another value', [], { zone: 'us' }, false],
    ['a label it lacks', [], { room: '1' }, false],
    ['a label named like an inherited member', [], { constructor: 'eu' }, false],
    ['everything', ['gpu', 'email@2'], { zone: 'eu', rack: '7' }, true],
  ])('judged for %s', (_, capabilities, labels, expected) => {
    expect(meetsRequirement(agent, { capabilities, labels })).toBe(expected);
  });
});

describe('the key of a requirement', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c', 'a,b', '"'), { maxLength: 3 });
  const labels = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'));
  const requirements = fc.record({ capabilities: words, labels });

  test('does not depend on the order of capabilities or labels', () => {
    fc.assert(
      fc.property(requirements, (requirement) => {
        const turned = {
          capabilities: requirement.capabilities.toReversed(),
          labels: Object.fromEntries(Object.entries(requirement.labels).toReversed()),
        };
        expect(requirementKey(turned)).toBe(requirementKey(requirement));
      }),
      options,
    );
  });

  test('differs where capabilities or labels differ', () => {
    const plain = (requirement: {
      capabilities: string[];
      labels: Record<string, string>;
    }): unknown => [
      requirement.capabilities.toSorted(),
      Object.entries(requirement.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ];
    fc.assert(
      fc.property(requirements, requirements, (one, other) => {
        const isEqual = JSON.stringify(plain(one)) === JSON.stringify(plain(other));
        expect(requirementKey(one) === requirementKey(other)).toBe(isEqual);
      }),
      { ...options, numRuns: 2_000 },
    );
  });
});

describe('what is remembered of who meets a requirement', () => {
  test('is forgotten when it registers with other capabilities', () => {
    const world = new World();
    world.run(1000, register('a1'), submit('t1'));
    expect(agentMeets(world.agent(), world.task().profile)).toBe(true);
    world.run(1000, register('a1', { capabilities: ['post'] }));
    expect(refusalsOf(world.run(1000, assign('t1', 'a1')).results[0])).toEqual(['AGENT_NOT_ABLE']);
  });

  test('is bounded, and right past the bound', () => {
    const world = new World();
    world.run(1000, submit('t1', { requires: { capabilities: [], labels: { n: '7' } } }));
    const { profile } = world.task('t1');
    for (let n = 0; n < 200; n++) {
      world.run(1000, register(`a${n}`, { labels: { n: `${n}` } }));
      expect(agentMeets(world.agent(`a${n}`), profile)).toBe(n === 7);
      expect(profile.meets.size).toBeLessThanOrEqual(64);
    }
    expect(agentMeets(world.agent('a7'), profile)).toBe(true);
  });
});
