import type { Operation, GateOperation, UnitaryOperation } from '../../circuit/operation.ts';
import { visitReferences } from '../run/references.ts';
import type { GateNoise, NoiseModel } from './noise-model.ts';
import type { Readout } from './readout.ts';

function fits(rule: GateNoise, name: string, qubits: readonly number[]): boolean {
  const { gates, channel } = rule;
  if (gates !== 'all' && !(gates as ReadonlySet<string>).has(name)) return false;
  if (channel.qubits > 1 && channel.qubits !== qubits.length) return false;
  if (rule.qubits === null) return true;
  return rule.qubits.some(
    (list) => list.length === qubits.length && list.every((qubit, k) => qubit === qubits[k]),
  );
}

function noiseBehind(
  operation: GateOperation | UnitaryOperation,
  rules: readonly GateNoise[],
): readonly Operation[] {
  const qubits = [...operation.controls.map(({ qubit }) => qubit), ...operation.qubits];
  const name = operation.kind === 'gate' ? operation.name : 'unitary';
  return rules
    .filter((rule) => fits(rule, name, qubits))
    .flatMap(({ channel }): readonly Operation[] =>
      channel.qubits === 1
        ? qubits.map((qubit) => ({ kind: 'channel', channel, qubits: [qubit] }))
        : [{ kind: 'channel', channel, qubits }],
    );
}

function withGateNoise(
  operations: readonly Operation[],
  rules: readonly GateNoise[],
): readonly Operation[] {
  return operations.flatMap((operation): readonly Operation[] => {
    if (operation.kind === 'gate' || operation.kind === 'unitary') {
      return [operation, ...noiseBehind(operation, rules)];
    }
    if (operation.kind === 'if') {
      const then = withGateNoise(operation.then, rules);
      return [{ ...operation, then, otherwise: withGateNoise(operation.otherwise, rules) }];
    }
    if (operation.kind === 'while') {
      return [{ ...operation, body: withGateNoise(operation.body, rules) }];
    }
    return [operation];
  });
}

/** Puts the idle channel where a qubit waits for another; control flow counts as one moment. */
function withIdleNoise(
  operations: readonly Operation[],
  { idle }: NoiseModel,
): readonly Operation[] {
  if (idle === null) return operations;
  const moments = new Map<number, number>();
  const noisy: Operation[] = [];
  for (const operation of operations) {
    const isBarrier = operation.kind === 'barrier';
    const touched = new Set(isBarrier ? operation.qubits : []);
    visitReferences(operation, { qubit: (qubit) => touched.add(qubit) });
    const qubits = [...touched];
    const start = Math.max(0, ...qubits.map((qubit) => moments.get(qubit) ?? 0));
    for (const qubit of qubits) {
      const since = moments.get(qubit);
      for (let moment = since ?? start; moment < start; moment++) {
        noisy.push({ kind: 'channel', channel: idle, qubits: [qubit] });
      }
      if (!isBarrier || since !== undefined) moments.set(qubit, isBarrier ? start : start + 1);
    }
    noisy.push(operation);
  }
  return noisy;
}

/** The operations with the model's channels behind their gates. */
export function applyNoise(
  operations: readonly Operation[],
  model: NoiseModel,
): readonly Operation[] {
  if (model.gates.length === 0 && model.idle === null) return operations;
  // Waiting first: the channels behind gates take no time.
  return withGateNoise(withIdleNoise(operations, model), model.gates);
}

/** The readings' errors of a model. */
export function readoutOf({ readout }: NoiseModel): Readout {
  return (qubit) =>
    readout.findLast(({ qubits }) => qubits === null || qubits.has(qubit))?.error ?? null;
}
