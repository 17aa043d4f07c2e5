import { showSpan } from '../output/moment.ts';
import type { Output } from '../output/output.ts';

const BAR_CELLS = 24;
/** A line that is gone again at once only flickers. */
const QUIET_MS = 500;

/** One line on a terminal that says how far a computation is; nothing where nobody looks. */
export class WorkLine {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  #isDrawn = false;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** `fraction` of 0 … 1. */
  update(fraction: number): void {
    const elapsedMs = this.#now() - this.#startedAtMs;
    if (!this.#output.isTerminal || elapsedMs < QUIET_MS) return;
    const filled = Math.round(fraction * BAR_CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
    const left = fraction > 0 ? `, ${showSpan((elapsedMs / fraction) * (1 - fraction))} left` : '';
    this.#output.draw(`\r\u001B[K${bar} ${Math.floor(fraction * 100)} %${left}`);
    this.#isDrawn = true;
  }

  clear(): void {
    if (this.#isDrawn) this.#output.draw('\r\u001B[K');
    this.#isDrawn = false;
  }
}
