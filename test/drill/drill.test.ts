/** A short drill of everything, from a fixed seed. `npm run drill` holds longer ones. */
import { expect, test } from 'vitest';
import { ALL_FEATURES } from './features/all-features.ts';
import { reportText } from './report.ts';
import { isProved, runDrill } from './run-drill.ts';

test('after a short drill everything is proved from the log', async () => {
  const seed = Number(process.env['SEED'] ?? 1);
  const report = await runDrill({
    seconds: 6,
    seed,
    features: ALL_FEATURES,
    say: () => undefined,
  });
  expect(isProved(report), reportText(report)).toBe(true);
  const { chaos } = report;
  expect(Math.min(chaos.kills, chaos.deaths, chaos.freezes, chaos.jumps)).toBeGreaterThan(0);
}, 300_000);
