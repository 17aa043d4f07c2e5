import { expect, test } from 'vitest';
import { fieldLines, tableLines, type Column } from './table.ts';
import { printable, textWidth, truncate } from './text-width.ts';

interface Row {
  readonly id: string;
  readonly note: string | null;
  readonly count: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'id', value: (row) => row.id },
  { title: 'note', value: (row) => row.note, shrinks: true },
  { title: 'count', value: (row) => row.count, align: 'right' },
];
const ROWS: readonly Row[] = [
  {
    id: '01a203f3-e684-77ae-bc14-e48e17872cbf',
    note: 'a note of some length that goes on',
    count: 5,
  },
  { id: 'b', note: null, count: 12345 },
];

test('columns are as wide as their widest cell', () => {
  expect(tableLines(COLUMNS, ROWS, Number.POSITIVE_INFINITY)).toEqual([
    'ID                                    NOTE                                COUNT',
    '01a203f3-e684-77ae-bc14-e48e17872cbf  a note of some length that goes on      5',
    'b                                     -                                   12345',
  ]);
});

test('a narrow terminal shrinks what may shrink, and never an id', () => {
  const lines = tableLines(COLUMNS, ROWS, 60);
  expect(lines[1]).toBe('01a203f3-e684-77ae-bc14-e48e17872cbf  a note of some…      5');
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(60);
  expect(tableLines(COLUMNS, ROWS, 10)[1]).toContain('01a203f3-e684-77ae-bc14-e48e17872cbf');
});

test('without rows there are titles', () => {
  expect(tableLines(COLUMNS, [], 80)).toEqual(['ID  NOTE  COUNT']);
});

test('a cell cannot steer the terminal or break the line', () => {
  const [, line] = tableLines(COLUMNS, [{ id: 'a\u001B[31m', note: 'x\ny\u202Ez', count: 0 }], 200);
  expect(line).toBe('a\\u001b[31m  x\\ny\\u202ez      0');
});

test('fields that are absent are left out, empty ones shown as a dash', () => {
  expect(
    fieldLines([
      ['a', 1],
      ['long', null],
      ['gone', undefined],
    ]),
  ).toEqual(['a     1', 'long  -']);
});

test.each([
  ['abc', 3],
  ['日本', 4],
  ['e\u0301', 1],
  ['🙂', 2],
])('%s takes %i columns', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('a wide character that does not fit whole is cut', () => {
  expect(truncate('日本語', 4)).toBe('日…');
  expect(truncate('日本', 4)).toBe('日本');
});

test('printable text is left as it is', () => {
  expect(printable('Grüße, 日本 🙂')).toBe('Grüße, 日本 🙂');
});
