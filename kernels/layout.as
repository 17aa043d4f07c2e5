// Where a stage and its steps keep their fields; `src/quantum/kernels/step-encoder.ts` writes them.
// All are 32-bit words at these byte offsets; "offset" and "mask" count bytes of one part's array.

// Stage
export const STAGE_RE: usize = 0;
export const STAGE_IM: usize = 4;
export const STAGE_MODE: usize = 8;
// Amplitudes of a block are 2^localBits, the lowest 2^lowBits of them side by side in memory.
export const STAGE_LOCAL_BITS: usize = 12;
export const STAGE_LOW_BITS: usize = 16;
export const STAGE_HIGH_MASK: usize = 20;
export const STAGE_STEPS: usize = 24;
export const STAGE_FIRST: usize = 28;

// Units of a stage are items of its single step, or blocks of amplitudes.
export const MODE_ITEMS: u32 = 0;
export const MODE_BLOCKS: u32 = 1;
export const MODE_GATHERED: u32 = 2;

// Step
export const STEP_KERNEL: usize = 0;
export const STEP_NEXT: usize = 4;
// Bits of the byte offset that are the same in all items, and their value.
export const STEP_SKIP: usize = 8;
export const STEP_BASE: usize = 12;
export const STEP_COUNT: usize = 16;
export const STEP_A: usize = 20;
export const STEP_B: usize = 24;
// The step is for blocks whose first amplitude's index has these bits.
export const STEP_BLOCK_MASK: usize = 28;
export const STEP_BLOCK_VALUE: usize = 32;
export const STEP_DATA: usize = 36;
export const STEP_VARIANT: usize = 40;

// Diagonal's data: rowBytes, number of tables; then for each table re, im, local bits, global bits,
// and for each of those bits its place in the offset or index and its place in the entry's offset.
export const DIAGONAL_ROW_BYTES: usize = 0;
export const DIAGONAL_TABLES: usize = 4;
export const DIAGONAL_FIRST: usize = 8;
