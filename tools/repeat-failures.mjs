/**
 * `node tools/repeat-failures.mjs REPORT`: runs files with a failed test once more, says so, and corrects the report.
 *
 * Only tests that start real processes may fail by what else the machine does; and never more than a few of them at
 * once: docs/decisions/0037.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './setup.mjs';

const FILES_MAX = 3;
const PROCESSES = /^test\/(cluster|drill|e2e|integration|raft)\//;

const [reportFile = ''] = process.argv.slice(2);
const report = readReport(reportFile);
const failed = report.testResults.filter(({ status }) => status === 'failed');
const files = failed.map(({ name }) => relative(root, name));
for (const [at, file] of files.entries()) {
  for (const { failureMessages, fullName } of failuresOf(failed[at]))
    console.log(`\n✗ ${file} > ${fullName}\n${failureMessages.join('\n')}`);
}
const whyNot = reasonAgainst(files);
if (whyNot !== null) {
  console.log(`\nnothing is repeated: ${whyNot}`);
  process.exit(1);
}
console.log(`\n▸ once more: ${files.join(' ')}`);
const again = repeat(files);
report.numPassedTests += again.numPassedTests - passedOf(failed);
report.numFailedTests = again.numFailedTests;
report.repeatedFiles = files;
writeFileSync(reportFile, JSON.stringify(report));
process.exit(again.success ? 0 : 1);

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`a report of the tests must be at ${file}, got ${error.message}`);
    process.exit(1);
  }
}

function reasonAgainst(names) {
  if (names.length === 0) return 'no file has a failed test';
  if (names.length > FILES_MAX) return `${names.length} files failed, at most ${FILES_MAX} may`;
  const other = names.find((name) => !PROCESSES.test(name));
  return other === undefined ? null : `${other} starts no processes`;
}

function failuresOf({ assertionResults }) {
  return assertionResults.filter(({ status }) => status === 'failed');
}

function passedOf(results) {
  return results.flatMap(({ assertionResults }) => assertionResults).filter(isPassed).length;
}

function isPassed({ status }) {
  return status === 'passed';
}

function repeat(names) {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-again-'));
  const file = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = [join(root, 'tools', 'run.mjs'), 'test', ...names, ...reporters];
  spawnSync(process.execPath, args, { stdio: 'inherit' });
  const result = readReport(file);
  rmSync(folder, { recursive: true });
  return result;
}
