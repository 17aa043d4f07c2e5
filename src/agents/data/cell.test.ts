import { describe, expect, test } from 'vitest';
import { readCell } from './cell.ts';
import { inferColumnType, type KindCounts } from './column-type.ts';

describe('a cell', () => {
  test.each([
    ['', 'missing'],
    ['  ', 'missing'],
    ['NA', 'missing'],
    ['null', 'missing'],
    [null, 'missing'],
    ['nan', 'missing'],
    ['12', 'integer'],
    ['-7', 'integer'],
    ['0', 'integer'],
    [3, 'integer'],
    ['1.0', 'number'],
    ['.5', 'number'],
    ['1e3', 'number'],
    [2.5, 'number'],
    ['00123', 'text'],
    ['12345678901234567890', 'text'],
    ['1e400', 'text'],
    [1e200, 'text'],
    ['1,000', 'text'],
    ['0x10', 'text'],
    ['Infinity', 'text'],
    ['yes', 'boolean'],
    ['FALSE', 'boolean'],
    [true, 'boolean'],
    ['2024-02-29', 'date'],
    ['2023-02-29', 'text'],
    ['2024-13-01', 'text'],
    ['2024-01-01T12:30', 'datetime'],
    ['2024-01-01 12:30:59.5Z', 'datetime'],
    ['2024-01-01T24:00', 'text'],
    ['01/02/2024', 'text'],
    ['abc', 'text'],
  ])('%j is %s', (cell, kind) => {
    expect(readCell(cell).kind).toBe(kind);
  });

  test('times with an offset are the same moment as in UTC', () => {
    const moment = Date.UTC(2024, 0, 1, 10, 30);
    expect(readCell('2024-01-01T10:30Z').value).toBe(moment);
    expect(readCell('2024-01-01T12:30+02:00').value).toBe(moment);
    expect(readCell('2024-01-01 05:00-0530').value).toBe(moment);
    expect(readCell('0050-01-01').value).toBeLessThan(Date.UTC(1000, 0, 1));
  });
});

describe('a column', () => {
  const counts = (given: Partial<KindCounts>): KindCounts => ({
    missing: 0,
    integer: 0,
    number: 0,
    boolean: 0,
    date: 0,
    datetime: 0,
    text: 0,
    ...given,
  });

  test.each([
    { given: { missing: 5 }, distinct: 0, type: 'empty', confidence: 1 },
    { given: { integer: 10, missing: 3 }, distinct: 10, type: 'integer', confidence: 1 },
    { given: { integer: 9, number: 1 }, distinct: 10, type: 'number', confidence: 1 },
    { given: { integer: 95, text: 5 }, distinct: 99, type: 'integer', confidence: 0.95 },
    { given: { date: 5, datetime: 5 }, distinct: 10, type: 'datetime', confidence: 1 },
    { given: { boolean: 4 }, distinct: 2, type: 'boolean', confidence: 1 },
    { given: { integer: 6, text: 4 }, distinct: 10, type: 'mixed', confidence: 0.4 },
    { given: { text: 10 }, distinct: 5, type: 'categorical', confidence: 1 },
    { given: { text: 10 }, distinct: 6, type: 'string', confidence: 1 },
    { given: { text: 9000 }, distinct: 1001, type: 'string', confidence: 1 },
  ] as const)('of $given is $type', ({ given, distinct, type, confidence }) => {
    const inferred = inferColumnType(counts(given), distinct);
    expect(inferred.type).toBe(type);
    expect(inferred.confidence).toBeCloseTo(confidence, 12);
  });
});
