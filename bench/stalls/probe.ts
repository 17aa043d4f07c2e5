import { PerformanceObserver, performance } from 'node:perf_hooks';
import { LongestTurn, type Turn } from '../harness/longest-turn.ts';

/** Between two submits, in milliseconds. */
const URGENT_EVERY_MS = 10;
/** Quiet time before a case begins. */
const SETTLE_MS = 300;

/** What stood still while the probe was open. */
interface Stalls extends Turn {
  readonly collectionMs: number;
  /** From the moment a submit was to be sent to its answer. */
  readonly p99Ms: number;
}

/** Watches how long turns of the event loop are, and how long something urgent waits meanwhile. */
export class StallProbe {
  readonly #submit: () => Promise<unknown>;
  readonly #turn = new LongestTurn((nowMs) => this.#sendDue(nowMs));
  readonly #collections: PerformanceObserver;
  readonly #waits: number[] = [];
  #under: Promise<void>[] = [];
  #dueMs = performance.now();
  #collectionMs = 0;

  constructor(submit: () => Promise<unknown>) {
    this.#submit = submit;
    this.#collections = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries())
        this.#collectionMs = Math.max(this.#collectionMs, duration);
    });
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  /** Lets things calm down and forgets what was seen so far. */
  async settled(): Promise<void> {
    await pause(SETTLE_MS);
    this.#turn.take();
    this.#collectionMs = 0;
    this.#waits.length = 0;
  }

  async close(): Promise<Stalls> {
    const turn = this.#turn.take();
    this.#turn.close();
    this.#sendDue(performance.now());
    await Promise.all(this.#under);
    await pause(1);
    this.#collections.disconnect();
    const sorted = this.#waits.toSorted((a, b) => a - b);
    const p99Ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
    return { ...turn, collectionMs: this.#collectionMs, p99Ms };
  }

  #sendDue(nowMs: number): void {
    // A late turn sends what should have been sent meanwhile, each with its own moment.
    for (; this.#dueMs <= nowMs; this.#dueMs += URGENT_EVERY_MS) this.#under.push(this.#send());
  }

  async #send(): Promise<void> {
    const dueMs = this.#dueMs;
    await this.#submit();
    this.#waits.push(performance.now() - dueMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
