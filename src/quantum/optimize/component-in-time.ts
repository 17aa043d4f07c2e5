/** One connected piece within its share of the time, checks included: as a whole, and in blocks where it is large. */
import type { Operation } from '../circuit/operation.ts';
import { blocksOf } from './blocks.ts';
import {
  canCompareStates,
  optimizeComponent,
  type ComponentContext,
  type OptimizedComponent,
  type PieceTime,
} from './component.ts';
import { costOfOperations, isCheaper, type CircuitCost } from './cost.ts';
import { lookAt } from './look.ts';
import type { Ends } from './observation.ts';
import type { Component } from './segments.ts';
import { translated } from './translate.ts';
import { throwIfCanceled } from '../watch.ts';
import { expectedStateMs, unlessCanceled, type Verification } from './verify.ts';

/** When a piece's time began, and how long it is. */
export interface Span {
  readonly startMs: number;
  readonly spanMs: number;
  /** Called now and then. */
  readonly progress: () => void;
}

/** What became of a piece, with the check of each of its blocks. */
export interface OptimizedInTime extends Omit<OptimizedComponent, 'verification'> {
  readonly verifications: readonly Verification[];
}

/** Share of the time that checks may take. */
const CHECK_SHARE = 0.3;
/** Share of the time for all of a piece that is improved in blocks too; T far apart meet in no block. */
const WHOLE_SHARE = 0.5;
const WHOLE_SHARE_FOR_T = 0.85;
/** Most qubits of blocks, in turn: other sizes have other boundaries. All are checked in microseconds a gate. */
const BLOCK_QUBITS: readonly number[] = [6, 5, 7, 4];
const PASS = 'blocks';
/** What the passes over all of a piece take, with room. */
const WHOLE_MS_PER_GATE = 0.1;
/** Rounds over blocks, by level. */
const ROUNDS: readonly number[] = [0, 1, 3, 12];
/** Random states that a piece should be compared on. */
const STATES = 3;

/**
 * Optimises a piece and checks the result within a span of time.
 *
 * Where states of all its qubits cannot be compared in that time, the piece is cut into blocks of few qubits,
 * each of which is checked by itself.
 */
export function optimizeInTime(
  component: Component,
  context: ComponentContext,
  span: Span,
  ends: Ends | null,
): OptimizedInTime {
  const { watch } = context;
  const { startMs, spanMs, progress } = span;
  const size = { qubits: component.qubits.length, operations: component.operations };
  const takesBlocks =
    size.qubits > Math.max(...BLOCK_QUBITS) &&
    !canCompareStates(size, context, CHECK_SHARE * spanMs);
  const wholeShare = context.metric === 'tCount' ? WHOLE_SHARE_FOR_T : WHOLE_SHARE;
  const wholeMs = takesBlocks ? wholeShare * spanMs : spanMs;
  const checkMs = CHECK_SHARE * wholeMs;
  const expectedMs =
    STATES * expectedStateMs(size.qubits, 2 * size.operations.length, context.simulate);
  const searchMs = wholeMs - Math.min(checkMs, expectedMs);
  const isDue = (part = 1): boolean => {
    progress();
    return watch.nowMs() > startMs + part * searchMs || watch.isCanceled();
  };
  const isTooLong = takesBlocks && size.operations.length * WHOLE_MS_PER_GATE > wholeMs;
  const { verification, ...whole } = isTooLong
    ? unimproved(component)
    : optimizeComponent(component, context, { isDue, checkMs }, ends);
  const asWhole = { ...whole, verifications: verification === null ? [] : [verification] };
  if (!takesBlocks) return asWhole;
  return (
    unlessCanceled(() => improvedInBlocks(component, asWhole, context, span)) ??
    orTranslated(asWhole, context)
  );
}

/** A piece that nothing has been tried on yet. */
function unimproved({ qubits, operations }: Component): OptimizedComponent {
  const wires = qubits.map((_, k) => k);
  const verification = { method: 'none', isEqual: true, reason: 'canceled' } as const;
  return { operations, wires, pass: 'given', verification, defects: [], unchecked: [] };
}

/** What was not checked may not be in the basis either. */
function orTranslated(whole: OptimizedInTime, { basis }: ComponentContext): OptimizedInTime {
  if (basis.isOpen && whole.pass === 'given') return { ...whole, verifications: [] };
  const operations = translated(whole.operations, basis);
  return { ...whole, operations };
}

function improvedInBlocks(
  component: Component,
  whole: OptimizedInTime,
  context: ComponentContext,
  span: Span,
): OptimizedInTime {
  const { level, metric, watch } = context;
  const size = (component.qubits.at(-1) ?? 0) + 1;
  const costOf = ({ operations }: OptimizedInTime): CircuitCost =>
    costOfOperations(size, operations, lookAt(watch));
  const isUnchecked = whole.verifications.some(({ method }) => method === 'none');
  let best = whole;
  for (let round = 0; ; round++) {
    const isLate = watch.nowMs() > span.startMs + span.spanMs;
    const width = BLOCK_QUBITS[round % BLOCK_QUBITS.length];
    // What no check could decide about is made anew, of blocks that are small enough for one.
    const isFirst = isUnchecked && round === 0;
    if (!isFirst && (isLate || round >= ROUNDS[level])) break;
    const from = isFirst ? givenOf(component, whole) : best;
    const next = inBlocks(from, context, { span, width });
    if (!isFirst && !isCheaper(costOf(next), costOf(best), metric)) break;
    best = next;
  }
  return best;
}

/** A piece as it was given, with what is known of attempts at it. */
function givenOf({ qubits, operations }: Component, attempt: OptimizedInTime): OptimizedInTime {
  return { ...attempt, operations, wires: qubits.map((_, k) => k), verifications: [] };
}

/** How one round cuts. */
interface Round {
  readonly span: Span;
  readonly width: number;
}

/** One round over blocks. */
function inBlocks(
  given: OptimizedInTime,
  context: ComponentContext,
  { span, width }: Round,
): OptimizedInTime {
  const { watch } = context;
  const endMs = span.startMs + span.spanMs;
  const blocks = blocksOf(given.operations, width, lookAt(watch));
  const own: ComponentContext = { ...context, mayPermute: false };
  const operations: Operation[] = [];
  const verifications = new Map(given.verifications.map((one) => [one.method, one]));
  let gatesLeft = given.operations.length;
  for (const block of blocks) {
    throwIfCanceled(watch);
    const nowMs = watch.nowMs();
    const blockMs = (Math.max(0, endMs - nowMs) * block.operations.length) / gatesLeft;
    gatesLeft -= block.operations.length;
    const isLate = nowMs > endMs;
    // Once time is up, gates only become what stands for each of them in the basis.
    const found = isLate
      ? { operations: translated(block.operations, own.basis) }
      : optimizeComponent(block, own, timeOf(nowMs, blockMs, own, span));
    for (const operation of found.operations) operations.push(operation);
    if ('verification' in found && found.verification !== null) {
      verifications.set(found.verification.method, found.verification);
    }
  }
  const pass = given.pass.endsWith(PASS)
    ? given.pass
    : [given.pass, PASS].filter((name) => name !== 'given').join(', ');
  return { ...given, pass, operations, verifications: [...verifications.values()] };
}

function timeOf(
  startMs: number,
  blockMs: number,
  { watch }: ComponentContext,
  { progress }: Span,
): PieceTime {
  const isDue = (part = 1): boolean => {
    progress();
    return watch.nowMs() > startMs + part * blockMs || watch.isCanceled();
  };
  return { isDue, checkMs: CHECK_SHARE * blockMs };
}
