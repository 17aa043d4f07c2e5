import { PerformanceObserver, performance } from 'node:perf_hooks';

/** Between two submits, in milliseconds. */
const URGENT_EVERY_MS = 10;
/** Quiet time before a case begins. */
const SETTLE_MS = 300;

/** What stood still while the probe was open. */
interface Stalls {
  readonly longestMs: number;
  /** Processor time of this thread in the turn that had most of it: what others on the machine do is not in it. */
  readonly longestCpuMs: number;
  readonly collectionMs: number;
  /** From the moment a submit was to be sent to its answer. */
  readonly p99Ms: number;
}

/** Watches how long turns of the event loop are, and how long something urgent waits meanwhile. */
export class StallProbe {
  readonly #submit: () => Promise<unknown>;
  readonly #timer: NodeJS.Timeout;
  readonly #collections: PerformanceObserver;
  readonly #waits: number[] = [];
  #under: Promise<void>[] = [];
  #last = performance.now();
  #lastCpu = cpuMs();
  #dueMs = performance.now();
  #longestMs = 0;
  #longestCpuMs = 0;
  #collectionMs = 0;

  constructor(submit: () => Promise<unknown>) {
    this.#submit = submit;
    this.#timer = setInterval(() => this.#look(), 1);
    this.#collections = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries())
        this.#collectionMs = Math.max(this.#collectionMs, duration);
    });
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  /** Lets things calm down and forgets what was seen so far. */
  async settled(): Promise<void> {
    await pause(SETTLE_MS);
    this.#longestMs = 0;
    this.#longestCpuMs = 0;
    this.#collectionMs = 0;
    this.#waits.length = 0;
  }

  async close(): Promise<Stalls> {
    this.#look();
    clearInterval(this.#timer);
    await Promise.all(this.#under);
    await pause(1);
    this.#collections.disconnect();
    const sorted = this.#waits.toSorted((a, b) => a - b);
    const p99Ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
    return {
      longestMs: this.#longestMs,
      longestCpuMs: this.#longestCpuMs,
      collectionMs: this.#collectionMs,
      p99Ms,
    };
  }

  #look(): void {
    const now = performance.now();
    this.#longestMs = Math.max(this.#longestMs, now - this.#last - 1);
    this.#last = now;
    const cpu = cpuMs();
    this.#longestCpuMs = Math.max(this.#longestCpuMs, cpu - this.#lastCpu);
    this.#lastCpu = cpu;
    // A late turn sends what should have been sent meanwhile, each with its own moment.
    for (; this.#dueMs <= now; this.#dueMs += URGENT_EVERY_MS) this.#under.push(this.#send());
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

function cpuMs(): number {
  const { system, user } = process.threadCpuUsage();
  return (system + user) / 1_000;
}
