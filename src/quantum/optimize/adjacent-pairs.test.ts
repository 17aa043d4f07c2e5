import { expect, test } from 'vitest';
import { circuit } from '../circuit/circuit-builder.ts';
import { withoutAdjacentPairs } from './adjacent-pairs.ts';

test('gates beside what undoes them go, and so do those that meet then', () => {
  const { operations } = circuit(3)
    .h(0)
    .cx(0, 1)
    .rz(0.3, 2)
    .rz(-0.3, 2)
    .cx(0, 1)
    .s(0)
    .sdg(0)
    .build();
  const [first] = operations;
  expect(withoutAdjacentPairs(operations)).toEqual([first]);
});

test('a pair put anywhere leaves the very circuit that was there', () => {
  const { operations } = circuit(2).x(0).x(1).cx(0, 1).x(0).build();
  const [x] = operations;
  if (x === undefined) throw new Error('the circuit has gates');
  for (let place = 0; place <= operations.length; place++) {
    expect(withoutAdjacentPairs(operations.toSpliced(place, 0, x, x))).toEqual(operations);
  }
});

test('gates on other qubits, turned about, or with a measurement between them stay', () => {
  const built = circuit(2, 1)
    .cx(0, 1)
    .cx(1, 0)
    .rz(0.3, 0)
    .rz(0.3, 0)
    .x(0)
    .measure(0, 0)
    .x(0)
    .build();
  expect(withoutAdjacentPairs(built.operations)).toBe(built.operations);
});
