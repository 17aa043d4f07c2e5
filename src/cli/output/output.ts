/** Where a command's data and messages go: data to standard output, everything else to standard error. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type Yaml from 'yaml';
import { createPaint, hasColor, type Paint } from './color.ts';
import { fieldLines, tableLines, type Column } from './table.ts';

export const OUTPUT_FORMATS = ['table', 'json', 'jsonl', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface OutputOptions {
  readonly format: OutputFormat;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export type Fields = readonly (readonly [
  name: string,
  value: string | number | boolean | null | undefined,
])[];

/** Loaded when it is asked for: half of all modules of most commands would be its. */
function toYaml(whole: unknown): string {
  const yaml = createRequire(import.meta.url)('yaml') as typeof Yaml;
  return yaml.stringify(whole);
}

export class Output {
  readonly format: OutputFormat;
  /** For standard output. */
  readonly paint: Paint;
  /** For standard error. */
  readonly messagePaint: Paint;
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    const { environment, format, stderr, stdout } = options;
    this.format = format;
    this.#options = options;
    this.paint = createPaint(hasColor({ environment, isTerminal: stdout.isTTY === true }));
    this.messagePaint = createPaint(hasColor({ environment, isTerminal: stderr.isTTY === true }));
  }

  /** Whether messages are read by a person. */
  get isTerminal(): boolean {
    return this.#options.stderr.isTTY === true;
  }

  /** Columns of the terminal; Infinity where data goes elsewhere. */
  get width(): number {
    const { columns, isTTY } = this.#options.stdout;
    return isTTY === true ? (columns ?? 80) : Number.POSITIVE_INFINITY;
  }

  /** Many things of one kind: `whole` is what the server answered. */
  list<Row>(whole: unknown, rows: readonly Row[], columns: readonly Column<Row>[]): void {
    if (this.format === 'jsonl') for (const row of rows) this.line(JSON.stringify(row));
    else if (this.format !== 'table') this.#document(whole);
    else this.#table(tableLines(columns, rows, this.width));
  }

  /** One thing, shown as its fields. */
  object(whole: unknown, fields: Fields): void {
    if (this.format === 'table') for (const line of fieldLines(fields)) this.line(line);
    else this.#document(whole);
  }

  /** One line of data, as it is. */
  line(text: string): void {
    this.#options.stdout.write(`${text}\n`);
  }

  /** A line of data that waits until the reader has taken what came before. */
  async lineInTurn(text: string): Promise<void> {
    const { stdout } = this.#options;
    if (!stdout.write(`${text}\n`)) await once(stdout, 'drain');
  }

  /** A line for people. */
  message(text: string): void {
    this.#options.stderr.write(`${text}\n`);
  }

  /** Text for people as it is, such as a line that will be drawn again. */
  draw(text: string): void {
    this.#options.stderr.write(text);
  }

  #table(lines: readonly string[]): void {
    const [titles, ...rows] = lines;
    this.line(this.paint.bold(titles ?? ''));
    for (const row of rows) this.line(row);
  }

  #document(whole: unknown): void {
    if (this.format === 'yaml') this.#options.stdout.write(toYaml(whole));
    else this.line(this.format === 'json' ? JSON.stringify(whole, null, 2) : JSON.stringify(whole));
  }
}
