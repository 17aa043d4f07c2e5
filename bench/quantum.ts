/** `npm run bench -- quantum [--quick]`: the benchmarks of the quantum engine, one after the other. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './harness/report.ts';

const folder = path.join(ROOT, 'bench');
const isQuick = process.argv.includes('--quick');
let failed = 0;
for (const file of readdirSync(folder)
  .filter((name) => /^quantum-.*\.ts$/.test(name))
  .sort()) {
  console.log(`\n### ${file.slice('quantum-'.length, -'.ts'.length)}\n`);
  const script = path.join(folder, file);
  // Not every one has a short form.
  const hasQuick = readFileSync(script, 'utf8').includes('quick');
  const flags = isQuick && hasQuick ? ['--quick'] : [];
  const { status } = spawnSync(process.execPath, [script, ...flags], {
    stdio: 'inherit',
  });
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
