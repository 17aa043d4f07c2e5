import { randomInt } from 'node:crypto';

/** A seed for a command that was given none; the answer names it, so that it can be repeated. */
export function randomSeed(): number {
  return randomInt(2 ** 31);
}
