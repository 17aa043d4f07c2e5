import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OrchestratorError } from '../base/errors.ts';
import { REJECTION_CODES } from '../core/index.ts';
import { errorRow, hasErrorRow } from './error-status.ts';
import { problemOf } from './problems.ts';

const SOURCES = new URL('..', import.meta.url).pathname;
/** Rooms that throw to whoever uses them, not through this server. */
const OTHER_DOORS = ['cli', 'client', 'agents', 'quantum'];

function thrownCodes(): Map<string, string> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') &&
      !file.endsWith('.test.ts') &&
      !file.includes('testing/') &&
      !OTHER_DOORS.some((door) => file.startsWith(`${door}/`)),
  );
  const codes = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(join(SOURCES, file), 'utf8');
    const thrown = text.matchAll(/(?:new OrchestratorError|reject|super)\(\s*'([A-Z][A-Z_]+)'/g);
    for (const [, code = ''] of thrown) codes.set(code, file);
  }
  return codes;
}

describe('the table of errors', () => {
  test('has a row for every code that is thrown anywhere below', () => {
    const codes = thrownCodes();
    expect(codes.size).toBeGreaterThan(30);
    const missing = [...codes].filter(([code]) => !hasErrorRow(code));
    expect(missing).toEqual([]);
  });

  test('has a row that blames the caller or the moment for every refusal of core', () => {
    for (const code of REJECTION_CODES)
      expect([code, errorRow(code).status < 500]).toEqual([code, true]);
  });

  test('answers codes it does not know as a failure of the server', () => {
    expect(errorRow('NO_SUCH_CODE').status).toBe(500);
    expect(errorRow('constructor').status).toBe(500);
  });
});

describe('a problem', () => {
  test('tells what a refusal says', () => {
    const error = new OrchestratorError('OVERLOADED', 'too much', {
      retryAfterMs: 1_200,
      path: '/x',
    });
    expect(problemOf(error, 'r1')).toEqual({
      problem: {
        type: 'about:blank',
        title: 'Too much is under way',
        status: 429,
        code: 'OVERLOADED',
        detail: 'too much',
        path: '/x',
        retryAfterMs: 1_200,
      },
      retryAfterSeconds: 2,
      isFailure: false,
    });
  });

  test('of a failure names the request and never the cause', () => {
    for (const error of [
      new Error('secret'),
      new OrchestratorError('LOG_CORRUPT', 'secret'),
      'secret',
    ]) {
      const { isFailure, problem } = problemOf(error, 'r1');
      expect([problem.status, isFailure]).toEqual([500, true]);
      expect(JSON.stringify(problem)).not.toContain('secret');
      expect(problem.detail).toContain('r1');
    }
  });
});
