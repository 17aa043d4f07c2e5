/** `npm run drill -- [--seconds N] [--seed S] [--features a,b] [--keep]`: a fault drill, proved from the log. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ALL_FEATURES } from './features/all-features.ts';
import type { Feature } from './features/feature.ts';
import { reportText } from './report.ts';
import { isProved, runDrill } from './run-drill.ts';

const USAGE = `usage: npm run drill -- [--seconds 120] [--seed S] [--features a,b,…] [--keep]
features: ${ALL_FEATURES.map(({ name }) => name).join(', ')}`;

function usage(fault: string): never {
  console.error(`${fault}\n${USAGE}`);
  process.exit(2);
}

function readOptions(): Readonly<Record<'seconds' | 'seed' | 'features', string | undefined>> & {
  readonly help: boolean;
  readonly keep: boolean;
} {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      options: {
        seconds: text,
        seed: text,
        features: text,
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { features, help = false, keep = false, seconds, seed } = values;
    return { features, help, keep, seconds, seed };
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    return usage(`--${name} must be a whole number above 0, got ${text}`);
  }
  return value;
}

function features(text: string | undefined): readonly Feature[] {
  if (text === undefined) return ALL_FEATURES;
  return text.split(',').map((name) => {
    const feature = ALL_FEATURES.find((each) => each.name === name.trim());
    return feature ?? usage(`there is no feature ${name}`);
  });
}

const options = readOptions();
if (options.help) {
  console.log(USAGE);
} else {
  const report = await runDrill({
    seconds: number('seconds', options.seconds, 120),
    seed: number('seed', options.seed, randomInt(1, 1_000_000)),
    features: features(options.features),
    keepsFolder: options.keep,
    say: (text) => console.error(`▸ ${text}`),
  });
  console.log(reportText(report));
  process.exitCode = isProved(report) ? 0 : 1;
}
