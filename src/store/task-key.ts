/** Task ids as keys: the 16 bytes of the UUID, whose order is the order of the text. */
import { invariant } from '../base/invariant.ts';
import type { TaskId } from '../core/index.ts';

export const TASK_KEY_BYTES = 16;

/** Places of the hexadecimal pairs in the text. */
const PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const DASHES = [8, 13, 18, 23] as const;
const NOT_HEX = 0xff;
const DASH = 0x2d;

const HEX_VALUES = new Uint8Array(0x80).fill(NOT_HEX);
for (let digit = 0; digit < 16; digit++) HEX_VALUES[digit.toString(16).charCodeAt(0)] = digit;
const HEX_TEXTS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Writes the key of `id` at `at`; false, and nothing of worth written, when it is no UUID. */
export function writeTaskKey(id: string, target: Uint8Array, at: number): boolean {
  if (id.length !== 36) return false;
  for (const dash of DASHES) if (id.charCodeAt(dash) !== DASH) return false;
  for (let i = 0; i < TASK_KEY_BYTES; i++) {
    const pair = PAIRS[i] as number;
    const high = HEX_VALUES[id.charCodeAt(pair)] ?? NOT_HEX;
    const low = HEX_VALUES[id.charCodeAt(pair + 1)] ?? NOT_HEX;
    if ((high | low) > 0x0f) return false;
    target[at + i] = (high << 4) | low;
  }
  return true;
}

/** The key of any text, or null when it cannot be a task's id. */
export function findTaskKey(id: string): Buffer | null {
  const key = Buffer.allocUnsafe(TASK_KEY_BYTES);
  return writeTaskKey(id, key, 0) ? key : null;
}

/** The key of an id that core holds. */
export function taskKey(id: TaskId): Buffer {
  const key = findTaskKey(id);
  invariant(key !== null, () => `a task id must be a lower-case UUID, got ${id}`);
  return key;
}

/** The id whose key stands at `at`. */
export function readTaskKey(bytes: Uint8Array, at: number): TaskId {
  let text = '';
  for (let i = 0; i < TASK_KEY_BYTES; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX_TEXTS[bytes[at + i] as number] as string;
  }
  return text as TaskId;
}

/** Milliseconds since 1970 at which a UUIDv7 was made. */
export function taskKeyTime(key: Uint8Array): number {
  let time = 0;
  for (let i = 0; i < 6; i++) time = time * 256 + (key[i] as number);
  return time;
}
