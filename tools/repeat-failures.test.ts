import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
/** A quick file, of a folder whose tests start processes. */
const PROCESSES = 'test/integration/http-limits.test.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'uqo-repeat-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Repeated {
  readonly code: number | null;
  readonly text: string;
  readonly report: {
    readonly numFailedTests: number;
    readonly numPassedTests: number;
    readonly repeatedFiles?: readonly string[];
  };
}

function repeat(...files: readonly string[]): Repeated {
  const reportFile = join(folder, 'report.json');
  const results = [
    { fullName: 'one that held', status: 'passed', failureMessages: [] },
    { fullName: 'one that did not', status: 'failed', failureMessages: ['it was late'] },
  ];
  const testResults = files.map((file) => {
    return { name: join(ROOT, file), status: 'failed', assertionResults: results };
  });
  const [numFailedTests, numPassedTests] = [files.length, 100 + files.length];
  writeFileSync(reportFile, JSON.stringify({ testResults, numFailedTests, numPassedTests }));
  const script = join(ROOT, 'tools', 'repeat-failures.mjs');
  const env = { ...process.env, VITEST: undefined };
  const done = spawnSync(process.execPath, [script, reportFile], { env, encoding: 'utf8' });
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Repeated['report'];
  return { code: done.status, text: done.stdout, report };
}

test('a file of process tests that failed is run again, and both are told', () => {
  const { code, report, text } = repeat(PROCESSES);
  expect(text).toContain(`✗ ${PROCESSES} > one that did not\nit was late`);
  expect({ code, failed: report.numFailedTests }).toEqual({ code: 0, failed: 0 });
  expect(report.numPassedTests).toBeGreaterThan(100);
  expect(report.repeatedFiles).toEqual([PROCESSES]);
});

test('a file that starts no processes stays failed', () => {
  const { code, report, text } = repeat(PROCESSES, 'src/base/rng.test.ts');
  expect(text).toContain('nothing is repeated: src/base/rng.test.ts starts no processes');
  expect({ code, failed: report.numFailedTests }).toEqual({ code: 1, failed: 2 });
});

test('four files that failed are no accident', () => {
  const { code, text } = repeat(PROCESSES, PROCESSES, PROCESSES, PROCESSES);
  expect(text).toContain('nothing is repeated: 4 files failed, at most 3 may');
  expect(code).toBe(1);
});

test('a run that broke off for another reason stays failed', () => {
  const { code, text } = repeat();
  expect(text).toContain('nothing is repeated: no file has a failed test');
  expect(code).toBe(1);
});
