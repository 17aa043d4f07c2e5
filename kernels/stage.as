// Runs the steps of a stage over a range of its units.
import { spreadBits } from "./bits";
import {
  denseHigh,
  denseHighHigh,
  denseHighLow,
  denseLow,
  denseLowLow,
  realHigh,
  realLow,
} from "./dense";
import { denseMany } from "./dense-many";
import { diagonal, scale } from "./diagonal";
import { exchange, exchangeLanes, flipLanes } from "./move";
import {
  MODE_BLOCKS,
  MODE_ITEMS,
  STAGE_FIRST,
  STAGE_HIGH_MASK,
  STAGE_IM,
  STAGE_LOCAL_BITS,
  STAGE_LOW_BITS,
  STAGE_MODE,
  STAGE_RE,
  STAGE_STEPS,
  STEP_BLOCK_MASK,
  STEP_BLOCK_VALUE,
  STEP_COUNT,
  STEP_KERNEL,
  STEP_NEXT,
  STEP_VARIANT,
} from "./layout";

// Bytes of a thread's room that hold what one item of `denseMany` joins; a gathered block follows.
const ITEM_ROOM: usize = 4096;
// Between the parts of a gathered block, so that they do not fall on the same lines of a cache.
const PART_GAP: usize = 1088;

export function runStage<T>(stage: usize, from: u32, to: u32, room: usize): void {
  const re: usize = load<u32>(stage, STAGE_RE);
  const im: usize = load<u32>(stage, STAGE_IM);
  const mode = load<u32>(stage, STAGE_MODE);
  const first: usize = load<u32>(stage, STAGE_FIRST);
  if (mode == MODE_ITEMS) {
    runStep<T>(first, re, im, from, to - from, 0, room);
    return;
  }
  const localBits = load<u32>(stage, STAGE_LOCAL_BITS);
  const lowBits = load<u32>(stage, STAGE_LOW_BITS);
  const highMask = load<u32>(stage, STAGE_HIGH_MASK);
  const steps = load<u32>(stage, STAGE_STEPS);
  const elementShift: u32 = sizeof<T>() == 8 ? 3 : 2;
  const runBytes: u32 = 1 << (lowBits + elementShift);
  const bytes: usize = 1 << (localBits + elementShift);
  const blockRe = room + ITEM_ROOM;
  const blockIm = blockRe + bytes + PART_GAP;
  for (let block = from; block < to; block++) {
    const index = spreadBits(block, highMask | ((1 << lowBits) - 1));
    const start: usize = <usize>index << elementShift;
    if (mode == MODE_BLOCKS) {
      runSteps<T>(first, steps, re + start, im + start, index, room);
      continue;
    }
    gather(re + start, blockRe, highMask, elementShift, runBytes);
    gather(im + start, blockIm, highMask, elementShift, runBytes);
    runSteps<T>(first, steps, blockRe, blockIm, index, room);
    scatter(re + start, blockRe, highMask, elementShift, runBytes);
    scatter(im + start, blockIm, highMask, elementShift, runBytes);
  }
}

function gather(source: usize, block: usize, highMask: u32, shift: u32, runBytes: u32): void {
  let high: u32 = 0;
  do {
    copyRun(block, source + (<usize>high << shift), runBytes);
    block += runBytes;
    high = (high - highMask) & highMask;
  } while (high != 0);
}

function scatter(target: usize, block: usize, highMask: u32, shift: u32, runBytes: u32): void {
  let high: u32 = 0;
  do {
    copyRun(target + (<usize>high << shift), block, runBytes);
    block += runBytes;
    high = (high - highMask) & highMask;
  } while (high != 0);
}

@inline
function copyRun(target: usize, source: usize, bytes: u32): void {
  for (let k: u32 = 0; k < bytes; k += 64) {
    const a = v128.load(source + k);
    const b = v128.load(source + k, 16);
    const c = v128.load(source + k, 32);
    const d = v128.load(source + k, 48);
    v128.store(target + k, a);
    v128.store(target + k, b, 16);
    v128.store(target + k, c, 32);
    v128.store(target + k, d, 48);
  }
}

function runSteps<T>(
  first: usize,
  steps: u32,
  re: usize,
  im: usize,
  index: u32,
  room: usize,
): void {
  let step = first;
  for (let k: u32 = 0; k < steps; k++) {
    if ((index & load<u32>(step, STEP_BLOCK_MASK)) == load<u32>(step, STEP_BLOCK_VALUE)) {
      runStep<T>(step, re, im, 0, load<u32>(step, STEP_COUNT), index, room);
    }
    step = load<u32>(step, STEP_NEXT);
  }
}

function runStep<T>(
  step: usize,
  re: usize,
  im: usize,
  from: u32,
  count: u32,
  index: u32,
  room: usize,
): void {
  switch (load<u32>(step, STEP_KERNEL)) {
    case 0:
      return denseHigh<T>(re, im, step, from, count);
    case 1:
      return realHigh<T>(re, im, step, from, count);
    case 4:
      return denseHighHigh<T>(re, im, step, from, count);
    case 6:
      return denseLowLow(re, im, step, from, count);
    case 7:
      return denseMany<T>(re, im, step, from, count, room);
    case 8:
      return exchange(re, im, step, from, count);
    case 9:
      return exchangeLanes(re, im, step, from, count);
    case 11:
      return scale<T>(re, im, step, from, count);
    case 12:
      return diagonal<T>(re, im, step, from, count, index);
    default:
      return runLow<T>(step, re, im, from, count);
  }
}

// The kernels that exchange lanes. Each kind of exchange is a function of its own: one function with all
// their loops is compiled to slow code.
function runLow<T>(step: usize, re: usize, im: usize, from: u32, count: u32): void {
  const kernel = load<u32>(step, STEP_KERNEL);
  const variant = load<u32>(step, STEP_VARIANT);
  if (sizeof<T>() == 8) {
    if (kernel == 2) return denseLow0(re, im, step, from, count);
    if (kernel == 3) return realLow0(re, im, step, from, count);
    if (kernel == 5) return denseHighLow0(re, im, step, from, count);
    return flipLanes0(re, im, step, from, count);
  }
  if (variant == 1) {
    if (kernel == 2) return denseLow1(re, im, step, from, count);
    if (kernel == 3) return realLow1(re, im, step, from, count);
    if (kernel == 5) return denseHighLow1(re, im, step, from, count);
    return flipLanes1(re, im, step, from, count);
  }
  if (kernel == 2) return denseLow2(re, im, step, from, count);
  if (kernel == 3) return realLow2(re, im, step, from, count);
  if (kernel == 5) return denseHighLow2(re, im, step, from, count);
  return flipLanes2(re, im, step, from, count);
}

function denseLow0(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  denseLow<f64>(re, im, step, from, count, 0);
}

function denseLow1(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  denseLow<f32>(re, im, step, from, count, 1);
}

function denseLow2(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  denseLow<f32>(re, im, step, from, count, 2);
}

function realLow0(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  realLow<f64>(re, im, step, from, count, 0);
}

function realLow1(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  realLow<f32>(re, im, step, from, count, 1);
}

function realLow2(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  realLow<f32>(re, im, step, from, count, 2);
}

function denseHighLow0(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  denseHighLow<f64>(re, im, step, from, count, 0);
}

function denseHighLow1(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  denseHighLow<f32>(re, im, step, from, count, 1);
}

function denseHighLow2(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  denseHighLow<f32>(re, im, step, from, count, 2);
}

function flipLanes0(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  flipLanes(re, im, step, from, count, 0);
}

function flipLanes1(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  flipLanes(re, im, step, from, count, 1);
}

function flipLanes2(re: usize, im: usize, step: usize, from: u32, count: u32): void {
  flipLanes(re, im, step, from, count, 2);
}
