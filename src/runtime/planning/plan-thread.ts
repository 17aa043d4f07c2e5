/** The thread that solves windows of waiting tasks, one after the other. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import { STARTED, type PlanOrder, type PlanReply } from './plan-protocol.ts';
import { solveWindow } from './solve-window.ts';

/** The server's event loop goes first where processors are short. */
const NICENESS = 5;

const port = parentPort;
invariant(port !== null, 'a plan thread has a parent');

try {
  // Of this thread alone, where threads have priorities of their own.
  setPriority(NICENESS);
} catch {
  // A system that does not allow it goes on without.
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
port.postMessage({ number: STARTED, assignment: null, fault: null } satisfies PlanReply);

port.on('message', (order: PlanOrder) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  port.postMessage(solve(order));
});

function solve({ budgetMs, number, problem }: PlanOrder): PlanReply {
  const watch = {
    nowMs: () => performance.now(),
    isCanceled: () => false,
    progress: () => undefined,
  };
  try {
    const options = { timeMs: budgetMs, seed: number };
    return { number, assignment: solveWindow(problem, options, watch), fault: null };
  } catch (error) {
    return { number, assignment: null, fault: messageOf(error) };
  }
}
