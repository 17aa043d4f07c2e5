/** Keys of the small facts about the whole store. */
export const META_KEY: {
  readonly format: Buffer;
  readonly head: Buffer;
  readonly totals: Buffer;
} = {
  /** Number of the file's format. */
  format: Buffer.from('format'),
  /** What a checkpoint says of itself; see `checkpoint-head.ts`. */
  head: Buffer.from('head'),
  /** How much the history holds. */
  totals: Buffer.from('totals'),
};

/** Format of the file that this program writes and reads. */
export const FORMAT = 2;
