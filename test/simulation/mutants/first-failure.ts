/** `node first-failure.ts FOLDER SEEDS`: prints the first seed that fails with the source in FOLDER, or `none`. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { runSeed } from '../../../src/consensus/testing/run-seed.ts';

const [folder = '', seeds = '0'] = process.argv.slice(2);
const url = pathToFileURL(join(folder, 'consensus/testing/run-seed.ts')).href;
const driver = (await import(url)) as { runSeed: typeof runSeed };
let failed = 0;
for (let seed = 1; seed <= Number(seeds) && failed === 0; seed += 1)
  if (driver.runSeed(seed).failure !== null) failed = seed;
console.log(failed === 0 ? 'none' : failed);
