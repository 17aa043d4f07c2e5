/** All passes over a circuit where it is: at once, or in parts where it is large. */
import type { Circuit } from '../circuit/circuit.ts';
import type { Operation } from '../circuit/operation.ts';
import { withoutAdjacentPairs } from './adjacent-pairs.ts';
import type { ComponentContext } from './component.ts';
import { costOfCircuit, isCheaper } from './cost.ts';
import { lookAt, lookEvery, type Look } from './look.ts';
import { Optimization, type PassReport } from './optimization.ts';
import { pushTranslated, translated } from './translate.ts';
import { unlessCanceled } from './verify.ts';

/** What passes and checks have to say. */
interface Report {
  readonly verified: readonly string[];
  readonly passes: readonly PassReport[];
  readonly defects: readonly string[];
  readonly unchecked: readonly string[];
}

/** What became of a circuit, or of a part of it. */
export interface Stage extends Report {
  readonly operations: readonly Operation[];
  readonly layout: readonly number[] | null;
}

export interface Setting {
  readonly context: ComponentContext;
  /** When the passes are to be done, by the watch. */
  readonly endMs: number;
  /** How much slower than expected the machine is. */
  readonly slowness: number;
  readonly objective: 'unitary' | 'measurement';
}

/** Optimises a circuit where it is, and keeps what is given where that is no worse. */
function improved(
  circuit: Circuit,
  { context, endMs, objective }: Omit<Setting, 'slowness'>,
): Stage {
  const { basis, level, metric, watch } = context;
  const look = lookAt(watch);
  const given = translated(circuit.operations, basis, look);
  const before = costOfCircuit({ ...circuit, operations: given }, look);
  const reduced = level === 0 ? circuit.operations : withoutAdjacentPairs(circuit.operations, look);
  const timeMs = Math.max(0, endMs - watch.nowMs());
  const run = new Optimization(context, timeMs, reduced);
  const found = unlessCanceled(() => {
    const { operations, layout } =
      objective === 'measurement' && level > 0
        ? run.measured(circuit.qubits, reduced)
        : { operations: run.unitary(circuit.qubits, reduced), layout: null };
    return { operations, layout, after: costOfCircuit({ ...circuit, operations }, look) };
  });
  const { passes, defects, unchecked } = run;
  // Gates that are none of an open basis may stay, but not where they cost more than what they stand for.
  const isInBasis =
    basis.isOpen ||
    (given.length === circuit.operations.length &&
      given.every((operation, i) => operation === circuit.operations[i]));
  const mayStay = isInBasis && !isCheaper(before, costOfCircuit(circuit, look), metric);
  const isTaken =
    found !== null &&
    (mayStay ? isCheaper(found.after, before, metric) : !isCheaper(before, found.after, metric));
  if (isTaken) {
    const { operations, layout } = found;
    return { operations, verified: [run.verified], passes, defects, unchecked, layout };
  }
  // Pieces are each no worse, but a depth may not be the sum of theirs.
  return {
    operations: mayStay ? circuit.operations : given,
    verified: ['unchanged'],
    passes,
    defects,
    unchecked,
    layout: null,
  };
}

/** Operations of a circuit that passes go over at once, and of the parts of a larger one. */
const WHOLE_OPERATIONS_MAX = 150_000;
const PART_OPERATIONS = 50_000;
/** Milliseconds that an operation takes at least with passes, so that they find something, and without. */
const PASSES_MS_PER_OPERATION = 0.01;
export const REST_MS_PER_OPERATION = 0.0003;

/**
 * Optimises a circuit within the time, whatever its size.
 *
 * Even a look at every operation takes some time: a large circuit is cut, what has its turn in time is improved, and
 * the rest is only put in the basis. Parts keep their qubits in place, and their unitaries.
 */
export function improvedInTime(circuit: Circuit, setting: Setting): Stage {
  const { operations } = circuit;
  const { context, endMs, slowness } = setting;
  const { basis, level, watch } = context;
  if (operations.length <= WHOLE_OPERATIONS_MAX) return improved(circuit, setting);
  const look = lookAt(watch);
  const leastMs = slowness * PASSES_MS_PER_OPERATION * PART_OPERATIONS;
  const made: Operation[] = [];
  const stages: Report[] = [];
  for (let from = 0; from < operations.length; from += PART_OPERATIONS) {
    const nowMs = watch.nowMs();
    const leftOperations = operations.length - from;
    const leftMs = endMs - nowMs - slowness * REST_MS_PER_OPERATION * leftOperations;
    if (level === 0 || leftMs < leastMs) {
      if (from === 0) return untouched(translated(operations, basis, look));
      pushTranslated(made, operations, { from, basis, look });
      break;
    }
    const part = operations.slice(from, from + PART_OPERATIONS);
    const partMs = Math.max(leastMs, (leftMs * part.length) / leftOperations);
    const { operations: better, ...stage } = improved(
      { ...circuit, operations: part },
      { context, endMs: nowMs + partMs, objective: 'unitary' },
    );
    append(made, better, look);
    stages.push(stage);
  }
  return { operations: made, ...joinedReports(stages), layout: null };
}

function untouched(operations: readonly Operation[]): Stage {
  return { operations, ...joinedReports([]), layout: null };
}

function append(list: Operation[], more: readonly Operation[], look: Look): void {
  for (const [i, operation] of more.entries()) {
    lookEvery(i, look);
    list.push(operation);
  }
}

/** What is known of parts, of which there may be none. */
function joinedReports(stages: readonly Report[]): Report {
  const components = new Map<string, number>();
  for (const { passes } of stages) {
    for (const { pass, components: count } of passes) {
      components.set(pass, (components.get(pass) ?? 0) + count);
    }
  }
  const verified = stages.flatMap((stage) => stage.verified);
  return {
    verified: verified.length === 0 ? ['unchanged'] : [...new Set(verified)],
    passes: [...components].map(([pass, count]) => ({ pass, components: count })),
    defects: stages.flatMap(({ defects }) => defects),
    unchecked: stages.flatMap(({ unchecked }) => unchecked),
  };
}
