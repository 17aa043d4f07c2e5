/** `npm run bench -- [NAME …] [--quick]`: the named benchmarks, or those of the whole path. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const WHOLE_PATH = ['one-process', 'three-processes', 'open-loop', 'restart'];

const flags = process.argv.slice(2).filter((arg) => arg.startsWith('-'));
const named = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));

for (const name of named.length > 0 ? named : WHOLE_PATH) {
  const file = join(folder, `${name}.ts`);
  if (!existsSync(file) || name === 'main') {
    const known = readdirSync(folder).filter(
      (entry) => entry.endsWith('.ts') && entry !== 'main.ts',
    );
    console.error(
      `no benchmark ${name}; there are ${known.map((entry) => entry.slice(0, -3)).join(', ')}`,
    );
    process.exit(2);
  }
  const done = spawnSync(process.execPath, [file, ...flags], { stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
