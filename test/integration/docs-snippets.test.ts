import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

/** Runs the TypeScript of documentation pages as it stands there. */
const ROOT = path.join(import.meta.dirname, '../..');
const PAGES = [
  'flows.md',
  'budgets.md',
  'breakers.md',
  'supervision.md',
  'born.md',
  'correlation.md',
];
const folder = mkdtempSync(path.join(tmpdir(), 'uqo-docs-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const snippets = PAGES.flatMap((page) => {
  const text = readFileSync(path.join(ROOT, 'docs', page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], i) => ({
    name: `${page} ${i + 1}`,
    code,
  }));
});

test.each(snippets)('$name runs', async ({ code, name }) => {
  const source = pathToFileURL(path.join(ROOT, 'src/orchestrator.ts')).href;
  const file = path.join(folder, `${name.replaceAll(/\W/g, '-')}.mts`);
  const head = `import assert from 'node:assert/strict';\nconst dataDir = ${JSON.stringify(`${file}.data`)};\n`;
  writeFileSync(
    file,
    head + code.replace("'unified-quantum-orchestrator'", JSON.stringify(source)),
  );
  const { stderr } = await promisify(execFile)(process.execPath, ['--no-warnings', file]);
  expect(stderr).toBe('');
});

test('each page has one', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(PAGES.length);
});
