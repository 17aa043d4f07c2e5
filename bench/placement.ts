/**
 * What placement strategies are worth, in a simulation that is the same for all of them.
 *
 *   npm run bench -- placement [--quick]
 *   node bench/placement.ts '--policies=least-loaded;born+p2c;born+p2c, avoiding'
 *
 * Writes bench/PLACEMENT.md and its plots; `--quick` uses fewer seeds and only prints who wins. With
 * `--policies` the mean response of these is printed, without tuning, for the seeds of the page.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isQuick, originText, ROOT } from './harness/report.ts';
import { estimate, figuresOf, type Figures } from './placement/estimates.ts';
import { page, plot, type PageContext } from './placement/page.ts';
import { POLICIES } from './placement/policies.ts';
import type { Policy } from './placement/policy.ts';
import { SCENARIOS, type Scenario } from './placement/scenarios.ts';
import { simulate } from './placement/simulate.ts';
import { tune } from './placement/tune.ts';
import { makeWorld } from './placement/world.ts';

const SEEDS = isQuick() ? 3 : 30;
const TRAINING_SEEDS = isQuick() ? 1 : 3;

function runAll(scenario: Scenario, policies: readonly Policy[]): Map<Policy, Figures[]> {
  const byPolicy = new Map<Policy, Figures[]>(policies.map((policy) => [policy, []]));
  for (let seed = 1; seed <= SEEDS; seed++) {
    const world = makeWorld(scenario, seed);
    for (const [policy, figures] of byPolicy) {
      const setting = policy.setting ?? {};
      figures.push(figuresOf(simulate({ scenario, world, policy, setting, seed })));
    }
  }
  return byPolicy;
}

/** Means in seconds with their intervals, one scenario a line. */
function printOnly(names: readonly string[]): void {
  const known = POLICIES.map(({ name }) => name);
  const odd = names.find((name) => !known.includes(name));
  if (odd !== undefined) throw new Error(`a policy must be one of ${known.join('; ')}, got ${odd}`);
  const chosen = POLICIES.filter(({ name }) => names.includes(name));
  for (const scenario of SCENARIOS) {
    const cells = [...runAll(scenario, chosen)].flatMap(([{ name }, figures]) =>
      (['mean', 'p99'] as const).map((measure) => {
        const { high, low, mean } = estimate(figures.map((one) => one[measure] / 1_000));
        return `${name} ${measure} ${mean.toFixed(2)} (${low.toFixed(2)} – ${high.toFixed(2)})`;
      }),
    );
    console.log(`${scenario.name}: ${cells.join(' | ')}`);
  }
}

const only = process.argv.find((arg) => arg.startsWith('--policies='));
if (only !== undefined) {
  printOnly(only.slice('--policies='.length).split(';'));
  process.exit(0);
}

const usedFrom = process.cpuUsage();
const policies = tune(TRAINING_SEEDS);
const results = new Map<Scenario, Map<Policy, Figures[]>>();
for (const scenario of SCENARIOS) {
  results.set(scenario, runAll(scenario, policies));
  const used = process.cpuUsage(usedFrom);
  console.log(
    `${scenario.name}: ${Math.round((used.user + used.system) / 1e6)} s of processor time`,
  );
}
const used = process.cpuUsage(usedFrom);
const context: PageContext = {
  results,
  policies,
  seeds: SEEDS,
  trainingSeeds: TRAINING_SEEDS,
  minutes: (used.user + used.system) / 60e6,
  origin: originText(),
};
const text = page(context);
if (isQuick()) console.log(text.slice(text.indexOf('## Who wins'), text.indexOf('## 99th')));
else {
  const plots = join(ROOT, 'bench', 'plots');
  mkdirSync(plots, { recursive: true });
  writeFileSync(join(ROOT, 'bench', 'PLACEMENT.md'), text);
  writeFileSync(join(plots, 'placement-mean.svg'), plot(context, 'mean'));
  writeFileSync(join(plots, 'placement-p99.svg'), plot(context, 'p99'));
  console.log('wrote bench/PLACEMENT.md');
}
