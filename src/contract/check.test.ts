import { describe, expect, test } from 'vitest';
import type { OrchestratorError } from '../base/errors.ts';
import {
  checkJson,
  checkRegisterAgents,
  checkSubmitExtras,
  checkSubmitTask,
  checkTaskOptions,
  InvalidRequestError,
} from './check.ts';

function faultOf(check: () => void): { path: unknown; message: string } {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect((error as OrchestratorError).code).toBe('INVALID_REQUEST');
    const { details, message } = error as OrchestratorError;
    return { path: details['path'], message };
  }
  throw new Error('nothing was refused');
}

describe('the fault that is told', () => {
  test.each([
    [{ type: 'a', colour: 1 }, '/colour', /not a known field/],
    [{ type: 'a', retry: { attempts: 1 } }, '/retry/attempts', /not a known field/],
    [{ type: 'a', retry: { attemptsMax: 0 } }, '/retry/attemptsMax', />= 1/],
    [
      { type: 'a', retry: { strategy: 'never' } },
      '/retry/strategy',
      /one of exponential, linear, fixed, fibonacci, decorrelated-jitter/,
    ],
    [{ type: 'a', priority: 10 }, '/priority', /<= 9/],
    [{ type: 'a', timeouts: { runMs: -1 } }, '/timeouts/runMs', />= 0/],
    [{ type: 7 }, '/type', /string/],
    [{ type: ' ' }, '/type', /pattern/],
    [{ type: 'a', requires: { labels: { zone: 1 } } }, '/requires/labels/zone', /string/],
    [{ type: 'a', idempotencyKey: '' }, '/idempotencyKey', /pattern/],
    [
      { type: 'a', dependsOn: [{ ref: 'a', onFailure: 'stop' }] },
      '/dependsOn/0/onFailure',
      /one of fail, skip, continue/,
    ],
    [
      { type: 'a', dependsOn: [{ ref: 'a', onfailure: 'skip' }] },
      '/dependsOn/0/onfailure',
      /not a known field/,
    ],
    [
      { type: 'a', dedupe: { key: 'k', mode: 'keep', windowMs: 1 } },
      '/dedupe/mode',
      /one of debounce, throttle, keep-last/,
    ],
    [
      { type: 'a', dedupe: { key: 'k', mode: 'keep-last', windowMs: 1 } },
      '/dedupe/windowMs',
      /not a known field/,
    ],
  ])('of %j is at %s', (task, path, message) => {
    expect(faultOf(() => checkSubmitTask(task))).toEqual({
      path,
      message: expect.stringMatching(message) as string,
    });
  });

  test('of a missing field names the field', () => {
    expect(faultOf(() => checkSubmitTask({})).message).toMatch(/type/);
  });

  test('of nothing at all is the whole request', () => {
    for (const value of [null, undefined, 1, 'x', []]) {
      expect(faultOf(() => checkSubmitTask(value)).message).toMatch(/^the request /);
    }
  });

  test('stands where the caller says that the value stands', () => {
    const { path } = faultOf(() => checkTaskOptions({ type: 'a', queue: '@' }, '/specs/3'));
    expect(path).toBe('/specs/3/queue');
    const fault = faultOf(() => checkRegisterAgents([{ id: 'x', capabilities: [] }], '/agents'));
    expect(fault.path).toBe('/agents/0/capabilities');
    expect(faultOf(() => checkJson(JSON.parse('{"__proto__":1}'), '/payload')).path).toBe(
      '/payload/__proto__',
    );
  });
});

describe('metadata', () => {
  test('must be what JSON can carry', () => {
    for (const metadata of [{ at: new Date(0) }, { size: 1n }, { deep: { f: () => 0 } }]) {
      expect(faultOf(() => checkSubmitTask({ type: 'a', metadata })).path).toMatch(/^\/metadata\//);
      expect(faultOf(() => checkSubmitExtras({ metadata }, '/extras/1')).path).toMatch(
        /^\/extras\/1\/metadata\//,
      );
    }
    checkSubmitTask({ type: 'a', metadata: { a: [1, null, { b: 'c' }] } });
  });
});
