import { performance } from 'node:perf_hooks';

/** A stretch in which the event loop did not turn, in milliseconds. */
export interface Turn {
  readonly longestMs: number;
  /** Processor time of this thread in the turn that had most of it: what others on the machine do is not in it. */
  readonly longestCpuMs: number;
}

/** Watches for the longest turn of the event loop, once a millisecond. */
export class LongestTurn {
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();
  #longestMs = 0;
  #lastCpu = cpuMs();
  #longestCpuMs = 0;

  /** @param onTurn - called after each look, with its moment */
  constructor(onTurn: (nowMs: number) => void = () => undefined) {
    this.#timer = setInterval(() => onTurn(this.#look()), 1);
  }

  /** The longest since it was asked last. */
  take(): Turn {
    this.#look();
    const turn = { longestMs: this.#longestMs, longestCpuMs: this.#longestCpuMs };
    this.#longestMs = 0;
    this.#longestCpuMs = 0;
    return turn;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): number {
    const now = performance.now();
    this.#longestMs = Math.max(this.#longestMs, now - this.#last - 1);
    this.#last = now;
    const cpu = cpuMs();
    this.#longestCpuMs = Math.max(this.#longestCpuMs, cpu - this.#lastCpu);
    this.#lastCpu = cpu;
    return now;
  }
}

function cpuMs(): number {
  const { system, user } = process.threadCpuUsage();
  return (system + user) / 1_000;
}
