import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { OrchestratorError } from '../base/errors.ts';
import { EXIT, EXIT_MEANINGS, exitCodeOf } from './exit-codes.ts';
import { usageError } from './usage-error.ts';

const docs = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');

test('every exit code has one meaning', () => {
  expect(EXIT_MEANINGS.map(([code]) => code)).toEqual(Object.values(EXIT));
});

test('the table of the docs is this one', () => {
  const rows = [...docs.matchAll(/^\| (\d+) +\| (.+?) +\|$/gm)].map((row) => [
    Number(row[1]),
    row[2],
  ]);
  expect(rows).toEqual(EXIT_MEANINGS);
});

const answer = { status: 500 };

test.each([
  [new OrchestratorError('SERVER_UNREACHABLE', ''), EXIT.unreachable],
  [new OrchestratorError('NOT_A_SERVER', ''), EXIT.unreachable],
  [new OrchestratorError('NO_LEADER', '', { status: 503 }), EXIT.unreachable],
  [new OrchestratorError('NODE_REMOVED', '', { status: 503 }), EXIT.unreachable],
  [new OrchestratorError('TASK_NOT_FOUND', '', { status: 404 }), EXIT.notFound],
  [new OrchestratorError('AGENT_NOT_FOUND', '', { status: 404 }), EXIT.notFound],
  [new OrchestratorError('QUEUE_NOT_FOUND', '', { status: 404 }), EXIT.notFound],
  [new OrchestratorError('QUEUE_FULL', '', { status: 429 }), EXIT.refused],
  [new OrchestratorError('LOG_FULL', '', answer), EXIT.refused],
  [new OrchestratorError('LOG_FULL', ''), EXIT.dataDirUnusable],
  [new OrchestratorError('LOG_FAILED', '', answer), EXIT.refused],
  [new OrchestratorError('LOG_FAILED', ''), EXIT.internal],
  [new OrchestratorError('TASK_ENDED_BADLY', ''), EXIT.taskFailed],
  [new OrchestratorError('WAIT_TIMEOUT', ''), EXIT.timedOut],
  [new OrchestratorError('ADDRESS_UNUSABLE', ''), EXIT.addressUnusable],
  [new OrchestratorError('DATA_DIR_LOCKED', ''), EXIT.dataDirUnusable],
  [new OrchestratorError('LOG_CORRUPT', ''), EXIT.dataDamaged],
  [new OrchestratorError('STORE_OPEN_FAILED', ''), EXIT.dataDamaged],
  [new OrchestratorError('INSECURE_BIND', ''), EXIT.insecureBind],
  [usageError('CONFIG_INVALID', ''), EXIT.usage],
  [new CommanderError(1, 'commander.unknownOption', ''), EXIT.usage],
  [new CommanderError(0, 'commander.helpDisplayed', ''), EXIT.ok],
  [new TypeError('x is undefined'), EXIT.internal],
  ['thrown text', EXIT.internal],
])('%s ends with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});
