/** Prints `N passed, N failed` from a test report, and fails if anything failed or nothing ran. */
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
const { repeatedFiles = [] } = report;
if (repeatedFiles.length > 0) console.log(`failed once, run twice: ${repeatedFiles.join(' ')}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || passed === 0) process.exit(1);
