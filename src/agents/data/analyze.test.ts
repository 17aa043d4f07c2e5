import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortOrder } from '../statistics/sort-order.ts';
import { runToEnd } from '../steps.ts';
import { analyze, type Analysis } from './analyze.ts';
import { readAnalyzePayload } from './analyze-payload.ts';
import { histogramOf, type Histogram } from './histogram.ts';
import { findOutliers, type OutlierMethod, type Outliers } from './outliers.ts';

if (process.env['SEED']) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const analysisOf = (payload: unknown): Analysis => runToEnd(analyze(readAnalyzePayload(payload)));

const columnOf = (analysis: Analysis, name: string): Analysis['columns'][number] =>
  analysis.columns.find((column) => column.name === name)!;

const SHOP = `when,item,price,paid
2024-01-01,tea,3.5,yes
2024-01-02,tea,4.5,no
2024-01-03,milk,,yes
2024-01-03,milk,,yes
2024-01-06,milk,4,no
`;

describe('an analysis', () => {
  test('tells schema, gaps, numbers, categories and dates of a small table', () => {
    const analysis = analysisOf({ csv: SHOP });
    expect(analysis.table).toMatchObject({
      rows: 5,
      columns: 4,
      missingCells: 2,
      delimiter: ',',
      header: 'inferred',
    });
    const types = analysis.columns.map(({ type }) => type);
    expect(types).toEqual(['date', 'categorical', 'number', 'boolean']);
    expect(columnOf(analysis, 'price')).toMatchObject({ present: 3, missing: 2, distinct: 3 });
    expect(columnOf(analysis, 'price').numeric).toMatchObject({ count: 3, mean: 4, stddev: 0.5 });
    expect(columnOf(analysis, 'price').numeric!.quantiles).toMatchObject({ p25: 3.75, p50: 4 });
    expect(columnOf(analysis, 'when').range).toEqual({
      min: '2024-01-01',
      max: '2024-01-06',
      spanDays: 5,
    });
    const top = [
      { value: 'milk', count: 3 },
      { value: 'tea', count: 2 },
    ];
    expect(columnOf(analysis, 'item').top).toEqual(top);
    expect(analysis.duplicateRows).toEqual({ total: 1, listed: [{ row: 4, sameAs: 3 }] });
    expect(analysis.summary).toContain('5 rows and 4 columns');
    expect(analysis.summary).toContain('2 of 20 cells are missing (10 %), most in price (40 %');
    expect(analysis.summary).toContain('when covers 2024-01-01 to 2024-01-06.');
  });

  test('is JSON without loss: nothing in it is NaN, infinite or undefined', () => {
    const analysis = analysisOf({
      csv: `${SHOP}2024-01-07,tea,1e150,no\n2024-01-08,x,-1e150,no\n`,
    });
    expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis);
  });

  test('keeps ragged rows, padded or cut, and tells their lines', () => {
    const analysis = analysisOf({ csv: 'a,b\n1,2\n"3\n",4,5\n6\n7,8\n' });
    expect(analysis.table.rows).toBe(4);
    expect(analysis.table.ragged).toEqual({
      total: 2,
      listed: [
        { row: 2, line: 3, cells: 3, expected: 2 },
        { row: 3, line: 5, cells: 1, expected: 2 },
      ],
    });
    expect(columnOf(analysis, 'b')).toMatchObject({ present: 3, missing: 1 });
  });

  test('takes the first record for data where a cell is a number, or as told', () => {
    expect(analysisOf({ csv: 'a,1\nb,2\n' }).table).toMatchObject({ rows: 2, header: 'none' });
    expect(analysisOf({ csv: 'a,b\nc,d\n', header: false }).table.rows).toBe(2);
    const given = analysisOf({ csv: '1,2\n3,4\n', header: true });
    expect(given.columns.map(({ name }) => name)).toEqual(['1', '2']);
  });

  test('names blank and repeated columns apart', () => {
    const analysis = analysisOf({ csv: 'a,,a,a\n1,2,3,4\n', header: true });
    expect(analysis.columns.map(({ name }) => name)).toEqual(['a', 'column_2', 'a_2', 'a_3']);
  });

  test('reads rows of objects, fields in order of appearance, absent ones missing', () => {
    const analysis = analysisOf({ rows: [{ a: 1 }, { b: 'x', a: 2 }, { b: null, c: true }] });
    expect(analysis.columns.map(({ name, missing }) => [name, missing])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 2],
    ]);
  });

  test('reads rows of arrays with names given, and picks fields of objects by them', () => {
    const arrays = analysisOf({ rows: [[1, 2], [3]], columns: ['x', 'y'] });
    expect(arrays.columns.map(({ name }) => name)).toEqual(['x', 'y']);
    expect(arrays.table.ragged.listed).toEqual([{ row: 2, line: null, cells: 1, expected: 2 }]);
    const picked = analysisOf({ rows: [{ a: 1, b: 2 }], columns: ['b'] });
    expect(picked.columns.map(({ name }) => name)).toEqual(['b']);
  });

  test('finds constant columns and copies', () => {
    const rows = [1, 2, 3, 4].map((x) => ({ x, y: x, flag: 'on', z: 5 - x, gap: null }));
    const analysis = analysisOf({ rows });
    expect(analysis.constantColumns).toEqual(['flag']);
    expect(analysis.duplicateColumns).toEqual([{ column: 'y', sameAs: 'x' }]);
    expect(columnOf(analysis, 'gap').type).toBe('empty');
    const pair = analysis.correlations.pairs.find(({ a, b }) => a === 'x' && b === 'z');
    expect(pair).toMatchObject({ n: 4, pearson: -1, spearman: -1 });
  });

  test('takes rows for equal only where every cell is, in value and type', () => {
    const rows = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['1', true],
      [1, true],
      [1, 'true'],
      [null, 'x'],
      ['null', 'x'],
      [1, true],
    ];
    expect(analysisOf({ rows }).duplicateRows).toEqual({
      total: 1,
      listed: [{ row: 8, sameAs: 4 }],
    });
  });

  test('tells the values that do not fit a column, and leaves them out of its numbers', () => {
    const csv = `n\n${Array.from({ length: 19 }, (_, index) => index + 1).join('\n')}\nmany\n`;
    const column = columnOf(analysisOf({ csv, header: true }), 'n');
    expect(column).toMatchObject({ type: 'integer', confidence: 0.95 });
    expect(column.unfitting).toEqual({ total: 1, listed: [{ row: 20, value: 'many' }] });
    expect(column.numeric).toMatchObject({ count: 19, mean: 10 });
  });

  test('compares the first 64 numeric columns and names the others', () => {
    const rows = [0, 1, 2].map((row) =>
      Array.from({ length: 66 }, (_, place) => row * (place + 1)),
    );
    const { correlations } = analysisOf({ rows });
    expect(correlations.pairs).toHaveLength((64 * 63) / 2);
    expect(correlations.leftOut).toEqual(['column_65', 'column_66']);
  });

  test('of a header alone is a table without rows', () => {
    const analysis = analysisOf({ csv: 'a,b\n', header: true });
    expect(analysis.table.rows).toBe(0);
    expect(analysis.columns.map(({ type }) => type)).toEqual(['empty', 'empty']);
  });

  test('takes any text without breaking: a result or a coded refusal', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '1', ',', ';', '"', '\n', '\r', '.', '-'),
    });
    fc.assert(
      fc.property(text, (csv) => {
        try {
          const analysis = analysisOf({ csv });
          expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_PAYLOAD' });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a payload is refused', () => {
  test.each([
    [null, 'payload must be an object, got null'],
    [[], 'payload must be an object, got an array of 0'],
    [{}, 'payload must have one of csv and rows, got neither'],
    [{ csv: 'a', rows: [] }, 'payload must have one of csv and rows, got both'],
    [{ csv: 3 }, 'payload.csv must be a text with a record, got 3'],
    [{ csv: ' \n' }, 'payload.csv must be a text with a record'],
    [{ csv: 'a', delimeter: ';' }, 'payload must have no field but csv, rows'],
    [{ csv: 'a', delimiter: ';;' }, 'payload.delimiter must be one character'],
    [{ rows: [[1]], delimiter: ';' }, 'payload.delimiter must come with payload.csv'],
    [{ csv: 'a', header: 'yes' }, 'payload.header must be true or false, got "yes"'],
    [{ rows: [{ a: 1 }], header: true }, 'payload.header must come with csv or rows of arrays'],
    [{ rows: [] }, 'payload.rows must be an array of 1 to 200000 elements'],
    [{ rows: [{ a: 1 }, 2] }, 'payload.rows[1] must be an object'],
    [{ rows: [[1], { a: 1 }] }, 'payload.rows[1] must be an array'],
    [{ rows: [{ a: [1] }] }, 'payload.rows[0].a must be a number, true, false, null or a text'],
    [{ rows: [[1, {}]] }, 'payload.rows[0][1] must be a number'],
    [{ rows: [{}] }, 'payload.rows must have a field'],
    [{ rows: [[]] }, 'payload must have a column'],
    [{ csv: 'a,b\n1,2', columns: ['x'], header: true }, 'payload.columns must name every column'],
    [{ csv: 'a', columns: ['x', 'x'] }, 'payload.columns[1] must be a text'],
    [{ csv: 'a', histogramBins: 0 }, 'payload.histogramBins must be an integer of 1 to 100, got 0'],
    [{ csv: 'a', outlierMethod: 'z' }, 'payload.outlierMethod must be "iqr" or "mad", got "z"'],
  ])('%j', (payload, message) => {
    const error = expect.objectContaining({
      code: 'INVALID_PAYLOAD',
      retryable: false,
      message: expect.stringContaining(message),
    });
    expect(() => analysisOf(payload)).toThrow(error);
  });
});

describe('a histogram', () => {
  const of = (values: readonly number[], bins?: number): Histogram =>
    runToEnd(histogramOf(Float64Array.from(values).sort(), bins));

  test('of 1 … 8 has bins 2 · 3.5 / 2 wide by Freedman and Diaconis: two', () => {
    expect(of([1, 2, 3, 4, 5, 6, 7, 8])).toEqual({
      rule: 'freedman-diaconis',
      edges: [1, 4.5, 8],
      counts: [4, 4],
    });
  });

  test('puts a value on an edge into the upper bin, the largest into the last', () => {
    expect(of([0, 1, 2, 3], 3).counts).toEqual([1, 1, 2]);
  });

  test('falls back to Sturges where the quartiles are equal, and to one bin of equal values', () => {
    expect(of([1, 5, 5, 5, 5, 5, 5, 9])).toMatchObject({ rule: 'sturges', counts: [1, 0, 6, 1] });
    expect(of([4, 4])).toEqual({ rule: 'constant', edges: [4, 4], counts: [2] });
  });

  test('never has more than 100 bins, and counts every value where its edges say', () => {
    const values = fc.array(fc.double({ min: -1e3, max: 1e150, noNaN: true }), { minLength: 2 });
    fc.assert(
      fc.property(values, fc.option(fc.integer({ min: 1, max: 100 })), (given, bins) => {
        const { edges, counts, rule } = of(given, bins ?? undefined);
        expect(counts.length).toBeLessThanOrEqual(100);
        if (rule === 'constant') return;
        const twin = counts.map((_, bin) => {
          const isLast = bin === counts.length - 1;
          const below = (x: number): boolean =>
            isLast ? x <= edges.at(bin + 1)! : x < edges.at(bin + 1)!;
          return given.filter((x) => x >= edges.at(bin)! && below(x)).length;
        });
        expect(counts).toEqual(twin);
      }),
    );
  });
});

describe('outliers', () => {
  const of = (values: readonly number[], method: OutlierMethod): Outliers => {
    const array = Float64Array.from(values);
    return runToEnd(findOutliers(array, runToEnd(sortOrder(array)), method));
  };

  test('lie beyond 1.5 interquartile ranges, the farthest first', () => {
    const { fences, total, listed } = of([1, 2, 3, 4, 5, -20, 99], 'iqr');
    // Sorted −20 1 2 3 4 5 99: quartiles 1.5 and 4.5.
    expect(fences).toEqual({ low: -3, high: 9 });
    expect(total).toBe(2);
    expect(listed).toEqual([
      { row: 7, value: 99 },
      { row: 6, value: -20 },
    ]);
  });

  test('have a modified z-score above 3.5 by the median absolute deviation', () => {
    const { fences, listed } = of([1, 2, 3, 4, 5, 9], 'mad');
    // Median 3.5; deviations 0.5 0.5 1.5 1.5 2.5 5.5: median 1.5.
    expect(fences!.high).toBeCloseTo(3.5 + (3.5 * 1.5) / 0.6745, 12);
    expect(listed).toEqual([]);
    expect(of([1, 2, 3, 4, 5, 12], 'mad').listed).toEqual([{ row: 6, value: 12 }]);
  });

  test('are not told where the spread is zero', () => {
    expect(of([5, 5, 5, 5, 5, 9], 'iqr')).toMatchObject({ fences: null, total: 0 });
    expect(of([5, 5, 5, 5, 5, 9], 'mad')).toMatchObject({ fences: null, total: 0 });
  });

  test('are all counted and at most 50 listed', () => {
    const values = [
      ...Array.from({ length: 300 }, (_, index) => index % 10),
      ...Array(60).fill(1e4),
    ];
    const { total, listed } = of(values, 'iqr');
    expect(total).toBe(60);
    expect(listed).toHaveLength(50);
  });
});

test('a table of a megabyte is analysed in thousands of steps, more for more rows', () => {
  const stepsOf = (rows: number): number => {
    const csv = `a,b,c\n${Array.from({ length: rows }, (_, row) => `${row},${row % 97},text ${row % 500}`).join('\n')}`;
    let yields = 0;
    for (const steps = analyze(readAnalyzePayload({ csv })); !steps.next().done;) yields += 1;
    return yields;
  };
  const [one, two] = [stepsOf(10_000), stepsOf(20_000)];
  expect(one).toBeGreaterThan(200);
  expect(two / one).toBeGreaterThan(1.9);
});
