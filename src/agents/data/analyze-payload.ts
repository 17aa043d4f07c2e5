import {
  describeValue,
  InvalidPayloadError,
  readArray,
  readInteger,
  readObject,
  readOptional,
} from '../payload.ts';
import { BINS_MAX } from './histogram.ts';
import type { OutlierMethod } from './outliers.ts';
import { COLUMNS_MAX, ROWS_MAX } from './table-bounds.ts';

/** What `data.analyze` is asked, its fields checked but not yet its cells. */
export interface AnalyzePayload {
  readonly source:
    | { readonly type: 'csv'; readonly text: string }
    | { readonly type: 'rows'; readonly rows: readonly unknown[] };
  /** One character; detected when absent. */
  readonly delimiter: string | undefined;
  /** Whether the first record holds names; inferred for CSV when absent, false for rows. */
  readonly header: boolean | undefined;
  /** Names that replace the header's. */
  readonly columns: readonly string[] | undefined;
  /** Bins of every histogram; chosen by Freedman and Diaconis' rule when absent. */
  readonly histogramBins: number | undefined;
  readonly outlierMethod: OutlierMethod;
}

const FIELDS = ['csv', 'rows', 'delimiter', 'header', 'columns', 'histogramBins', 'outlierMethod'];

const COLUMN_NAME_LENGTH_MAX = 200;

/** Checks a payload of `data.analyze`. @throws OrchestratorError `INVALID_PAYLOAD` */
export function readAnalyzePayload(payload: unknown): AnalyzePayload {
  const fields = readObject(payload, 'payload', FIELDS);
  const source = readSource(fields['csv'], fields['rows']);
  const delimiter = readOptional(fields['delimiter'], 'payload.delimiter', readDelimiter);
  if (delimiter !== undefined && source.type === 'rows') {
    throw new InvalidPayloadError(
      'payload.delimiter',
      'must come with payload.csv',
      'payload.rows',
    );
  }
  return {
    source,
    delimiter,
    header: readOptional(fields['header'], 'payload.header', readFlag),
    columns: readOptional(fields['columns'], 'payload.columns', readColumnNames),
    histogramBins: readOptional(fields['histogramBins'], 'payload.histogramBins', (value, path) =>
      readInteger(value, path, { min: 1, max: BINS_MAX }),
    ),
    outlierMethod:
      readOptional(fields['outlierMethod'], 'payload.outlierMethod', readOutlierMethod) ?? 'iqr',
  };
}

function readSource(csv: unknown, rows: unknown): AnalyzePayload['source'] {
  if ((csv === undefined) === (rows === undefined)) {
    const got = csv === undefined ? 'neither' : 'both';
    throw new InvalidPayloadError('payload', 'must have one of csv and rows', got);
  }
  if (csv === undefined) {
    return { type: 'rows', rows: readArray(rows, 'payload.rows', { min: 1, max: ROWS_MAX }) };
  }
  if (typeof csv !== 'string' || csv.trim() === '') {
    throw new InvalidPayloadError(
      'payload.csv',
      'must be a text with a record',
      describeValue(csv),
    );
  }
  return { type: 'csv', text: csv };
}

function readDelimiter(value: unknown, path: string): string {
  if (typeof value !== 'string' || value.length !== 1 || '"\r\n'.includes(value)) {
    const mustHold = 'must be one character, neither a quote nor a line end';
    throw new InvalidPayloadError(path, mustHold, describeValue(value));
  }
  return value;
}

function readFlag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') {
    throw new InvalidPayloadError(path, 'must be true or false', describeValue(value));
  }
  return value;
}

function readColumnNames(value: unknown, path: string): readonly string[] {
  const names = readArray(value, path, { min: 1, max: COLUMNS_MAX });
  const seen = new Set<string>();
  return names.map((name, index) => {
    const isName =
      typeof name === 'string' && name.trim() !== '' && name.length <= COLUMN_NAME_LENGTH_MAX;
    if (!isName || seen.has(name)) {
      const mustHold = `must be a text of 1 to ${COLUMN_NAME_LENGTH_MAX} characters, unlike the others`;
      throw new InvalidPayloadError(`${path}[${index}]`, mustHold, describeValue(name));
    }
    seen.add(name);
    return name;
  });
}

function readOutlierMethod(value: unknown, path: string): OutlierMethod {
  if (value !== 'iqr' && value !== 'mad') {
    throw new InvalidPayloadError(path, 'must be "iqr" or "mad"', describeValue(value));
  }
  return value;
}
