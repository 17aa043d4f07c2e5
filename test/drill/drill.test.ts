/** A short drill of everything, from a fixed seed. `npm run drill` holds longer ones. */
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALL_FEATURES } from './features/all-features.ts';
import { reportText } from './report.ts';
import { runDrill } from './run-drill.ts';

test('after a short drill everything is proved from the log', async () => {
  const seed = Number(process.env['SEED'] ?? 1);
  const report = await runDrill({
    seconds: 6,
    seed,
    features: ALL_FEATURES,
    say: () => undefined,
  });
  // On a busy machine so short a drill may leave a proof without anything to look at.
  const all = [...report.proofs, ...report.features.flatMap(({ proofs }) => proofs)];
  const offences = all.flatMap((proof) => proof.offences);
  expect([...offences, ...report.faults], reportText(report)).toEqual([]);
  expect(report.proofs.filter(({ checked }) => checked > 0).length).toBeGreaterThan(8);
  if (report.folder !== null) rmSync(report.folder, { recursive: true });
  const { chaos } = report;
  expect(Math.min(chaos.kills, chaos.deaths, chaos.freezes, chaos.jumps)).toBeGreaterThan(0);
}, 300_000);
