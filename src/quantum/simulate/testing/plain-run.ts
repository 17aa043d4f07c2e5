/** The distribution of a circuit's bits by definition: every branch, over all amplitudes. */
import type { Circuit } from '../../circuit/circuit.ts';
import {
  convert,
  evaluate,
  isTrue,
  storeBits,
  type ClassicalValue,
} from '../../circuit/evaluate.ts';
import type { Operation } from '../../circuit/operation.ts';
import { UNWATCHED } from '../../watch.ts';
import { EXACT_READOUT, type Readout } from '../noise/readout.ts';
import { PlainState } from './plain-state.ts';

interface World {
  readonly state: PlainState;
  readonly bits: Uint8Array;
  readonly values: readonly ClassicalValue[];
  readonly weight: number;
  readonly fate: 'on' | 'break' | 'continue' | 'end';
}

const LEAST = 1e-14;

function step(world: World, operation: Operation, circuit: Circuit, readout: Readout): World[] {
  const { state, bits, values, weight } = world;
  const memory = { bits, values, variables: circuit.variables };
  const inner = (operations: readonly Operation[], from: World): World[] =>
    operations.reduce<World[]>(
      (worlds, next) =>
        worlds.flatMap((w) => (w.fate === 'on' ? step(w, next, circuit, readout) : [w])),
      [from],
    );
  const outcomes = (qubit: number): World[] =>
    ([0, 1] as const).flatMap((outcome) => {
      const one = state.probabilityOfOne(qubit);
      const p = outcome === 1 ? one : 1 - one;
      if (p * weight < LEAST) return [];
      const next = state.copy();
      next.collapse(qubit, outcome);
      return [{ ...world, state: next, bits: bits.slice(), weight: weight * p }];
    });
  switch (operation.kind) {
    case 'gate':
    case 'unitary':
    case 'global-phase':
      state.applyAll([operation], UNWATCHED);
      return [world];
    case 'barrier':
      return [world];
    case 'measure': {
      const error = readout(operation.qubit);
      return outcomes(operation.qubit).flatMap((w) => {
        const truth = w.state.probabilityOfOne(operation.qubit) > 0.5 ? 1 : 0;
        const wrong = error === null ? 0 : truth === 1 ? error.oneAsZero : error.zeroAsOne;
        return [0, 1].map((flip) => {
          const read = w.bits.slice();
          read[operation.bit] = truth ^ flip;
          return {
            ...w,
            state: w.state.copy(),
            bits: read,
            weight: w.weight * (flip === 1 ? wrong : 1 - wrong),
          };
        });
      });
    }
    case 'reset':
      return outcomes(operation.qubit).map((w) => {
        if (w.state.probabilityOfOne(operation.qubit) > 0.5) {
          const x = {
            kind: 'gate',
            name: 'x',
            params: [],
            qubits: [operation.qubit],
            controls: [],
          } as const;
          w.state.applyAll([x], UNWATCHED);
        }
        return w;
      });
    case 'channel':
      return operation.channel.operators.flatMap((matrix) => {
        const next = state.copy();
        const { qubits } = operation;
        next.applyAll([{ kind: 'unitary', matrix, qubits, controls: [], label: '' }], UNWATCHED);
        const p = next.re.reduce((sum, x, i) => sum + x * x + next.im[i]! ** 2, 0);
        if (p * weight < LEAST) return [];
        next.re = next.re.map((x) => x / Math.sqrt(p));
        next.im = next.im.map((x) => x / Math.sqrt(p));
        return [{ ...world, state: next, bits: bits.slice(), weight: weight * p }];
      });
    case 'if':
      return inner(
        isTrue(evaluate(operation.condition, memory)) ? operation.then : operation.otherwise,
        world,
      );
    case 'while': {
      if (!isTrue(evaluate(operation.condition, memory))) return [world];
      return inner(operation.body, world).flatMap((w) => {
        if (w.fate === 'break') return [{ ...w, fate: 'on' as const }];
        if (w.fate === 'end') return [w];
        return step({ ...w, fate: 'on' }, operation, circuit, readout);
      });
    }
    case 'assign': {
      const type = circuit.variables[operation.variable]!.type;
      const value = convert(evaluate(operation.value, memory), type);
      return [{ ...world, values: values.with(operation.variable, value) }];
    }
    case 'store':
      storeBits(evaluate(operation.value, memory), operation.bits, bits);
      return [world];
    default:
      return [{ ...world, fate: operation.kind }];
  }
}

/** Probability of each bitstring over all bits, bit 0 rightmost. */
export function plainRun(circuit: Circuit, readout: Readout = EXACT_READOUT): Map<string, number> {
  let worlds: World[] = [
    {
      state: new PlainState(circuit.qubits),
      bits: new Uint8Array(circuit.bits),
      values: circuit.variables.map(({ initial }) => initial),
      weight: 1,
      fate: 'on',
    },
  ];
  for (const operation of circuit.operations) {
    worlds = worlds.flatMap((w) => (w.fate === 'on' ? step(w, operation, circuit, readout) : [w]));
  }
  const found = new Map<string, number>();
  for (const { bits, weight } of worlds) {
    const key = [...bits].toReversed().join('');
    found.set(key, (found.get(key) ?? 0) + weight);
  }
  return found;
}
