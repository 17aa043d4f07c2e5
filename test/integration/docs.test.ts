/** The programs in the documentation do what it says. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = pathToFileURL(join(ROOT, 'src', 'orchestrator.ts')).href;

/** Runs the first TypeScript block of a page, with a folder of its own, and returns what it prints. */
async function run(page: string): Promise<string> {
  const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
  const [, program] = /```ts\n([^]*?)```/.exec(text) ?? [];
  expect(program).toBeDefined();
  const folder = mkdtempSync(join(tmpdir(), 'uqo-docs-'));
  try {
    const file = join(folder, 'program.ts');
    writeFileSync(file, (program ?? '').replace("'unified-quantum-orchestrator'", `'${PACKAGE}'`));
    const args = ['--disable-warning=ExperimentalWarning', file, join(folder, 'data')];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('flow control: two of a key run at once, and no more', async () => {
  expect(await run('flow-control.md')).toBe('at most 2 of account-7 at once\n');
});
