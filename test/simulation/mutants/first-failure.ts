/** `node first-failure.ts FOLDER FROM SEEDS`: prints the first seed that fails with the source in FOLDER, or `none`. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { runSeed } from '../../../src/consensus/testing/run-seed.ts';

const [folder = '', from = '1', seeds = '0'] = process.argv.slice(2);
const end = Number(from) + Number(seeds);
const url = pathToFileURL(join(folder, 'consensus/testing/run-seed.ts')).href;
const driver = (await import(url)) as { runSeed: typeof runSeed };
let failed = 0;
for (let seed = Number(from); seed < end && failed === 0; seed += 1)
  if (driver.runSeed(seed).failure !== null) failed = seed;
console.log(failed === 0 ? 'none' : failed);
