/** Gives a thread's garbage back at once: an idle thread would keep it for minutes. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

/**
 * Collects the garbage of the calling thread, states of gigabytes among it. Takes some milliseconds.
 *
 * The collector is not offered by Node as such; where it cannot be had, nothing happens.
 */
export function freeMemory(): void {
  collect ??= findCollector();
  collect();
}

function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext("typeof gc === 'function' ? gc : null");
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as () => void) : () => undefined;
}
