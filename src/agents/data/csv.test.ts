import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runToEnd } from '../steps.ts';
import { detectDelimiter } from './csv-delimiter.ts';
import { parseCsv } from './csv.ts';
import { CELL_CHARACTERS_MAX, COLUMNS_MAX } from './table-bounds.ts';

if (process.env['SEED']) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const cellsOf = (text: string, delimiter = ','): readonly (readonly string[])[] =>
  runToEnd(parseCsv(text, delimiter)).records.map(({ cells }) => cells);

const linesOf = (text: string): readonly number[] =>
  runToEnd(parseCsv(text, ',')).records.map(({ line }) => line);

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

describe('CSV (RFC 4180)', () => {
  test.each([
    {
      name: 'records end with CRLF, LF or CR',
      text: 'a,b\r\nc,d\ne,f\rg,h',
      cells: 'a b|c d|e f|g h',
    },
    { name: 'the last line end is no record', text: 'a,b\r\n', cells: 'a b' },
    { name: 'a quoted cell holds delimiters', text: '"a,b",c', cells: 'a,b c' },
    { name: 'a doubled quote is one quote', text: '"say ""x""",c', cells: 'say "x" c' },
    { name: 'a byte-order mark is no part of the first cell', text: '\uFEFFa,b', cells: 'a b' },
    { name: 'a byte-order mark may stand before a quote', text: '\uFEFF"a",b', cells: 'a b' },
    { name: 'a trailing delimiter makes an empty cell', text: 'a,\nb,', cells: 'a |b ' },
    { name: 'a quote inside a cell is literal', text: 'a 5" pipe,b', cells: 'a 5" pipe b' },
    { name: 'an empty quoted cell is a record', text: '""\nx', cells: '|x' },
  ])('$name', ({ text, cells }) => {
    const shown = cellsOf(text).map((record) => record.join(' '));
    expect(shown.join('|')).toBe(cells);
  });

  test('a quoted cell may run over lines, and later records know their line', () => {
    const text = 'a,b\n"1\n2\r\n3",x\n\ny,z\n';
    expect(cellsOf(text)).toEqual([
      ['a', 'b'],
      ['1\n2\r\n3', 'x'],
      ['y', 'z'],
    ]);
    expect(linesOf(text)).toEqual([1, 2, 6]);
  });

  test('blank lines are no records, and are counted', () => {
    const { records, blankLines } = runToEnd(parseCsv('a\n\n\r\nb\n', ','));
    expect(records.map(({ line }) => line)).toEqual([1, 4]);
    expect(blankLines).toBe(2);
  });

  test('what was written is read back, whatever the text', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', ',', ';', '\n', '\r', 'a', '\uFEFF') }),
    );
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 });
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    const delimiter = fc.constantFrom(',', ';', '\t', '|');
    fc.assert(
      fc.property(table, lineEnd, delimiter, fc.boolean(), (rows, end, mark, isFinal) => {
        const text = rows.map((row) => row.map(quoted).join(mark)).join(end);
        expect(cellsOf(isFinal && rows.length > 0 ? text + end : text, mark)).toEqual(rows);
      }),
    );
  });

  test('cells that need no quotes are read back without them', () => {
    const cell = fc.string({ minLength: 1, unit: fc.constantFrom('a', ' ', '5', '.', 'é', '-') });
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 });
    fc.assert(
      fc.property(table, (rows) => {
        expect(cellsOf(rows.map((row) => row.join(',')).join('\n'))).toEqual(rows);
      }),
    );
  });

  test.each([
    { name: 'an open quote', text: 'a,b\nc,"d\ne', fault: 'must close the quote of line 2' },
    {
      name: 'text after a closing quote',
      text: 'a\n"b"c',
      fault: 'after the closing quote on line 2',
    },
    {
      name: 'too many columns',
      text: ','.repeat(COLUMNS_MAX),
      fault: `at most ${COLUMNS_MAX} columns, got more on line 1`,
    },
    {
      name: 'a cell too long',
      text: `a\n${'x'.repeat(CELL_CHARACTERS_MAX + 1)}`,
      fault: `got ${CELL_CHARACTERS_MAX + 1} on line 2`,
    },
    { name: 'too many rows', text: 'a\n'.repeat(200_002), fault: 'at most 200000 rows' },
    {
      name: 'too many cells',
      text: `${','.repeat(499)}\n`.repeat(4001),
      fault: 'at most 2000000 cells',
    },
  ])('$name is refused', ({ text, fault }) => {
    const error = expect.objectContaining({
      code: 'INVALID_PAYLOAD',
      retryable: false,
      message: expect.stringContaining(fault),
    });
    expect(() => cellsOf(text)).toThrow(error);
  });

  test('a long text is read with a pause for each 4096 characters or record', () => {
    const text = `${'abcdefg,'.repeat(10)}x\n`.repeat(2000);
    let yields = 0;
    for (const steps = parseCsv(text, ','); !steps.next().done;) yields += 1;
    // A pause comes after the record that passes the mark, so each takes at most one record more.
    expect(yields).toBeGreaterThanOrEqual(Math.floor(text.length / (4096 + 82)));
  });
});

describe('the delimiter', () => {
  test.each([
    { text: 'a,b,c\n1,2,3\n', delimiter: ',' },
    { text: 'a;b;c\n1,5;2,5;3,5\n', delimiter: ';' },
    { text: 'a\tb\n1\t2\n', delimiter: '\t' },
    { text: 'a|b\n1|2\n', delimiter: '|' },
    { text: 'one column\nof text\n', delimiter: ',' },
    { text: 'name;note\n"x";"a, b, c"\n"y";"d, e, f"\n', delimiter: ';' },
    { text: 'size,note\n5" pipe;x,ok\n6" pipe,no\n', delimiter: ',' },
  ])('of $text is found', ({ text, delimiter }) => {
    expect(detectDelimiter(text)).toBe(delimiter);
  });

  test('is judged by whole records where the sample cuts one', () => {
    const text = `a;b\n${`1;${'x,'.repeat(40)}\n`.repeat(1000)}`;
    expect(detectDelimiter(text)).toBe(';');
  });
});
