import { figuresOf, meanOf } from './estimates.ts';
import { POLICIES } from './policies.ts';
import type { Policy, Setting } from './policy.ts';
import { SCENARIOS, TRAINING } from './scenarios.ts';
import { simulate } from './simulate.ts';
import { makeWorld } from './world.ts';

/** Training seeds begin here; those that are reported begin at 1. */
const SEED_FIRST = 10_001;

/** The setting of each policy that has any: the least mean response, in the geometric mean over training runs. */
export function tune(seeds: number): Policy[] {
  const scenarios = SCENARIOS.filter(({ name }) => TRAINING.includes(name));
  const worlds = scenarios.flatMap((scenario) =>
    Array.from({ length: seeds }, (_, at) => {
      return { scenario, seed: SEED_FIRST + at, world: makeWorld(scenario, SEED_FIRST + at) };
    }),
  );
  return POLICIES.map((policy) => {
    if (policy.grid === undefined) return policy;
    const scored = policy.grid.map((setting) => {
      const logs = worlds.map((world) =>
        Math.log(figuresOf(simulate({ ...world, policy, setting })).mean),
      );
      return { setting, score: meanOf(logs) };
    });
    const best = scored.toSorted((a, b) => a.score - b.score)[0]?.setting ?? {};
    console.log(`tuned ${policy.name}: ${settingText(best)}`);
    return { ...policy, setting: best };
  });
}

export function settingText(setting: Setting): string {
  return Object.entries(setting)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
