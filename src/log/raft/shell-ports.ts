/** What the shell of a replicated log asks of its surroundings, so that a test can stand in for them. */

/** Time for ticks, time-outs and back-off. */
export interface ShellClock {
  /** Milliseconds since some fixed moment; never goes back. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void;
  /** Calls `callback` once, after what is happening now. */
  defer(callback: () => void): void;
}

/** Where the shell writes what an operator should know. */
export interface ShellLogger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const systemShellClock: ShellClock = {
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  defer: (callback) => void setImmediate(callback),
};

const nothing = (): void => undefined;
export const SILENT_SHELL_LOGGER: ShellLogger = { info: nothing, warn: nothing, error: nothing };
