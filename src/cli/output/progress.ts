import type { Output } from './output.ts';
import { showSpan } from './moment.ts';

/** Time between two drawings on a terminal, and between two lines elsewhere, in milliseconds. */
const REDRAW_MS = 100;
const LINE_MS = 5_000;
const BAR_CELLS = 24;

export interface ProgressState {
  /** Things done. */
  readonly count: number;
  /** Share done, 0..1; null where the whole is not known. */
  readonly fraction: number | null;
}

/** Says how far a long command is: one line drawn again on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #noun: string;
  readonly #now: () => number;
  readonly #startedAt: number;
  #toldAt: number;
  #isDrawn = false;

  constructor(output: Output, noun: string, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#noun = noun;
    this.#now = now;
    this.#startedAt = now();
    this.#toldAt = this.#startedAt;
  }

  update(state: ProgressState): void {
    const now = this.#now();
    const isTerminal = this.#output.isTerminal;
    if (now - this.#toldAt < (isTerminal ? REDRAW_MS : LINE_MS)) return;
    this.#toldAt = now;
    const text = this.#text(state, now);
    if (!isTerminal) {
      this.#output.message(text);
      return;
    }
    this.#output.draw(`\r\u001B[K${text}`);
    this.#isDrawn = true;
  }

  /** Clears what was drawn; milliseconds since the start. */
  end(): number {
    if (this.#isDrawn) this.#output.draw('\r\u001B[K');
    this.#isDrawn = false;
    return this.#now() - this.#startedAt;
  }

  #text({ count, fraction }: ProgressState, now: number): string {
    const elapsedMs = Math.max(1, now - this.#startedAt);
    const rate = Math.round((count * 1000) / elapsedMs);
    const done = `${count.toLocaleString('en')} ${this.#noun}, ${rate.toLocaleString('en')}/s`;
    if (fraction === null) return done;
    const filled = Math.round(fraction * BAR_CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
    const leftMs = fraction > 0 ? (elapsedMs / fraction) * (1 - fraction) : null;
    const left = leftMs === null ? '' : `, ${showSpan(leftMs)} left`;
    return `${bar} ${Math.round(fraction * 100)}%  ${done}${left}`;
  }
}
