import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const EXAMPLE = 'examples/12-overload.ts';

test('the program of the page on overload does what the page says', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE]);
  expect(stdout).toContain('refused: critical, for memory');
  expect(stdout.match(/^✓/gm)).toHaveLength(4);
});

test('what the page shows is a part of that program', () => {
  const shown = /```ts\n([\s\S]+?)```/.exec(readFileSync('docs/overload.md', 'utf8'))?.[1] ?? '';
  expect(shown.length).toBeGreaterThan(500);
  expect(readFileSync(EXAMPLE, 'utf8')).toContain(shown);
});
