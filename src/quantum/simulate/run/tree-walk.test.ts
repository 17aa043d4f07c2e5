import { expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import type { Expression } from '../../circuit/classical.ts';
import type { Operation } from '../../circuit/operation.ts';
import { UNWATCHED } from '../../watch.ts';
import type { ExactState } from '../exact-state.ts';
import { EXACT_READOUT } from '../noise/readout.ts';
import { OutcomeCounts } from '../outcome-counts.ts';
import { PlainState } from '../testing/plain-state.ts';
import { compileProgram } from './program.ts';
import { TreeWalk } from './tree-walk.ts';

const TURNS = 40;

/** Never looks at a watch itself. */
function plainState(state: PlainState = new PlainState(1)): ExactState {
  return {
    qubits: state.qubits,
    applyAll: (operations, watch) => state.applyAll(operations, watch),
    probabilityOfOne: (qubit) => state.probabilityOfOne(qubit),
    collapse: (qubit, outcome) => state.collapse(qubit, outcome),
    sample: (qubits, shots, rng) => state.sample(qubits, shots, rng),
    copy: () => plainState(state.copy()),
    distribution: () => null,
  };
}

/** Turns of one assignment, `gates` gates and two jumps, behind five assignments and a reading. */
function looping(gates: number): Operation[] {
  const turn: Expression = { kind: 'variable', variable: 0 };
  const literal = (value: number): Expression => ({ kind: 'literal', value: BigInt(value) });
  const add = (value: number): Operation => ({
    kind: 'assign',
    variable: 0,
    value: { kind: 'binary', operator: '+', left: turn, right: literal(value) },
  });
  const flip: Operation = { kind: 'gate', name: 'x', params: [], qubits: [0], controls: [] };
  return [
    { kind: 'measure', qubit: 0, bit: 0 },
    ...Array.from({ length: 5 }, () => add(0)),
    {
      kind: 'while',
      condition: { kind: 'binary', operator: '<', left: turn, right: literal(TURNS) },
      body: [add(1), ...Array.from({ length: gates }, () => flip)],
    },
  ];
}

test.each([253, 509, 100, 1])('a run looks at its watch however long turns are: %i', (gates) => {
  let looks = 0;
  const watch = { ...UNWATCHED, isCanceled: () => ++looks < 0 };
  const walk = new TreeWalk(
    {
      instructions: compileProgram(looping(gates)),
      bits: 1,
      variables: [{ name: 'turn', type: { kind: 'int', width: 32, isSigned: true }, initial: 0n }],
      create: plainState,
      readout: EXACT_READOUT,
      outcomeBits: [0],
      stepsMax: Infinity,
      copiesMax: 10,
      isMixed: false,
    },
    watch,
  );
  walk.draw(1, Rng.fromSeed(1), new OutcomeCounts(1, 2));
  const steps = TURNS * (gates + 3);
  expect(looks).toBeGreaterThanOrEqual(Math.floor(steps / (256 + gates)));
});
