/** Keys of the index over finished tasks: [combo u32][task 16 bytes], big-endian. */
import { TASK_KEY_BYTES } from './task-key.ts';

export const COMBO_BYTES = 4;

export function indexKey(combo: number, taskKey: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(COMBO_BYTES + TASK_KEY_BYTES);
  key.writeUInt32BE(combo, 0);
  key.set(taskKey, COMBO_BYTES);
  return key;
}
