import { VERSION } from '../../base/version.ts';
import { showSpan } from '../output/moment.ts';
import type { Output } from '../output/output.ts';

type ItemStatus = 'passed' | 'failed' | 'not built';

export interface ReportItem {
  readonly group: string;
  readonly title: string;
  readonly status: ItemStatus;
  readonly durationMs: number;
  /** Figures of what passed, or why it failed; null without any. */
  readonly detail: string | null;
}

const MARKS: Readonly<Record<ItemStatus, string>> = { passed: '✓', failed: '✗', 'not built': '–' };

/** Gathers what was checked and shows it as it comes. */
export class Report {
  readonly #output: Output;
  readonly #items: ReportItem[] = [];
  readonly #startedAt = performance.now();
  #group = '';

  constructor(output: Output) {
    this.#output = output;
    if (output.format === 'table') {
      output.line(`Self-verification of uqo ${VERSION} on Node ${process.versions.node}`);
    }
  }

  get failedCount(): number {
    return this.#items.filter(({ status }) => status === 'failed').length;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  add(item: ReportItem): void {
    this.#items.push(item);
    if (this.#output.format === 'jsonl') this.#output.line(JSON.stringify(item));
    if (this.#output.format === 'table') this.#show(item);
  }

  /** The totals, and with formats for programs everything. */
  end(): void {
    const count = (wanted: ItemStatus): number =>
      this.#items.filter(({ status }) => status === wanted).length;
    const totals = {
      passed: count('passed'),
      failed: count('failed'),
      notBuilt: count('not built'),
      durationMs: Math.round(this.elapsedMs),
    };
    const { format, paint } = this.#output;
    if (format === 'jsonl') return;
    if (format !== 'table') {
      const whole = {
        version: VERSION,
        node: process.versions.node,
        ...totals,
        items: this.#items,
      };
      this.#output.object(whole, []);
      return;
    }
    const failed = `${totals.failed} failed`;
    this.#output.line(
      `\n${totals.passed} passed, ${totals.failed > 0 ? paint.red(failed) : failed}, ${totals.notBuilt} not built, ${showSpan(totals.durationMs)}`,
    );
  }

  #show({ detail, durationMs, group, status, title }: ReportItem): void {
    const { paint } = this.#output;
    if (group !== this.#group) this.#output.line(`\n${paint.bold(group)}`);
    this.#group = group;
    if (status === 'not built') {
      this.#output.line(`  ${paint.dim(`${MARKS[status]} ${title}: not built`)}`);
      return;
    }
    const mark = status === 'passed' ? paint.green(MARKS.passed) : paint.red(MARKS.failed);
    const about = [showSpan(durationMs), ...(detail === null ? [] : [detail])].join(', ');
    this.#output.line(`  ${mark} ${title}  ${paint.dim(about)}`);
  }
}
