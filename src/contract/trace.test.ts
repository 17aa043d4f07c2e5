import { describe, expect, test } from 'vitest';
import { isTraceparent, traceOf } from './trace.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TASK = '0198c0de-7a11-7000-8000-000000000001';

describe('a trace context', () => {
  test.each([
    [PARENT, true],
    [PARENT.replace(/^00/, 'cc'), true],
    [PARENT.replace(/^00/, 'ff'), false],
    [PARENT.toUpperCase(), false],
    [`${PARENT}-more`, false],
    [PARENT.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)), false],
    [PARENT.replace('b7ad6b7169203331', '0'.repeat(16)), false],
    ['', false],
    [7, false],
  ])('%j is one: %s', (text, isOne) => expect(isTraceparent(text)).toBe(isOne));
});

describe('the trace of an attempt', () => {
  test('is the same whenever it is asked, and another for every attempt and task', () => {
    const spans = new Set<string>();
    for (let token = 1; token <= 1_000; token++) {
      const { spanId, traceId, traceparent } = traceOf({ taskId: TASK, fencingToken: token }, null);
      expect(traceOf({ taskId: TASK, fencingToken: token }, null).spanId).toBe(spanId);
      expect(traceId).toBe('0198c0de7a1170008000000000000001');
      expect(traceparent).toBe(`00-${traceId}-${spanId}-01`);
      expect(isTraceparent(traceparent)).toBe(true);
      spans.add(spanId);
      spans.add(traceOf({ taskId: TASK.replace(/1$/, '2'), fencingToken: token }, null).spanId);
    }
    expect(spans.size).toBe(2_000);
  });

  test("goes on the submitter's, with its flags", () => {
    const lease = { taskId: TASK, fencingToken: 7 };
    const { spanId, traceparent } = traceOf(lease, PARENT.replace(/01$/, '00'));
    expect(traceparent).toBe(`00-0af7651916cd43dd8448eb211c80319c-${spanId}-00`);
  });
});
