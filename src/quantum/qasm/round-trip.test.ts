import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { circuit as build } from '../circuit/circuit-builder.ts';
import { errorOf } from '../circuit/testing/error-of.ts';
import { distance, fullProbabilities, unitaryOf } from '../circuit/testing/run-exactly.ts';
import {
  PARAMETERS,
  randomDynamic,
  randomGates,
  seeds,
} from '../circuit/testing/random-circuit.ts';
import type { Circuit } from '../circuit/circuit.ts';
import { randomUnitary } from '../linear/random-unitary.ts';
import { parseQasm } from './parse-qasm.ts';
import { toQasm2 } from './to-qasm2.ts';
import { toQasm3 } from './to-qasm3.ts';

const qubits = fc.integer({ min: 1, max: 5 });

describe('exports', () => {
  test('OpenQASM 3 reads back as the same unitary, phase included', () => {
    fc.assert(
      fc.property(qubits, seeds, (n, seed) => {
        const circuit = randomGates(n, 12, seed);
        const back = parseQasm(toQasm3(circuit));
        expect(distance(unitaryOf(circuit), unitaryOf(back), false)).toBeLessThan(1e-9);
        expect(back.quantumRegisters).toEqual(circuit.quantumRegisters);
      }),
      { numRuns: 300, ...PARAMETERS },
    );
  });

  test('OpenQASM 2 reads back as the same unitary up to a phase', () => {
    fc.assert(
      fc.property(qubits, seeds, (n, seed) => {
        const circuit = randomGates(n, 12, seed);
        const back = parseQasm(toQasm2(circuit));
        expect(distance(unitaryOf(circuit), unitaryOf(back), true)).toBeLessThan(1e-9);
      }),
      { numRuns: 300, ...PARAMETERS },
    );
  });

  test('matrices are exact in the angles, and what is too much for a file is refused', () => {
    const rng = Rng.fromSeed(5);
    const on = (n: number): number[] => Array.from({ length: n }, (_, k) => k);
    const matrixOn = (n: number, controls: number): Circuit =>
      build(n + controls)
        .unitary(randomUnitary(2 ** n, rng), on(n), {
          controls: on(controls).map((k) => ({ qubit: n + k, value: 1 })),
        })
        .build();
    for (const circuit of [matrixOn(4, 0), matrixOn(3, 2), matrixOn(2, 3)]) {
      const [three, two] = [toQasm3(circuit), toQasm2(circuit)].map((text) => parseQasm(text));
      expect(distance(unitaryOf(circuit), unitaryOf(three), false)).toBeLessThan(1e-12);
      expect(distance(unitaryOf(circuit), unitaryOf(two), true)).toBeLessThan(1e-12);
    }
    expect(() => toQasm3(matrixOn(7, 0))).toThrow('got a matrix on 7 qubits');
    expect(() => toQasm2(matrixOn(7, 0))).toThrow('got a matrix on 7 qubits');
    expect(() => toQasm2(matrixOn(2, 9))).toThrow('got a matrix on 2 qubits under 9 controls');
    const many = build(12)
      .gate(
        'y',
        [],
        [0],
        on(11).map((k) => ({ qubit: k + 1, value: 1 })),
      )
      .build();
    expect(() => toQasm2(many)).toThrow("got 'y' under 11 controls");
    expect(parseQasm(toQasm3(many)).operations).toHaveLength(1);
  });

  test('circuits that measure, compute and branch read back with the same outcomes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 3 }), seeds, (n, seed) => {
        const circuit = randomDynamic(n, 10, seed);
        const back = parseQasm(toQasm3(circuit));
        const [a, b] = [fullProbabilities(circuit), fullProbabilities(back)];
        for (const key of new Set([...a.keys(), ...b.keys()])) {
          expect(Math.abs((a.get(key) ?? 0) - (b.get(key) ?? 0))).toBeLessThan(1e-7);
        }
      }),
      { numRuns: 300, ...PARAMETERS },
    );
  });

  test('numbers come back to the last bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (angle) => {
        const circuit = build(1).rz(angle, 0).build();
        for (const text of [toQasm2(circuit), toQasm3(circuit)]) {
          const [operation] = parseQasm(text).operations;
          expect(operation).toEqual({
            kind: 'gate',
            name: 'rz',
            params: [angle + 0],
            qubits: [0],
            controls: [],
          });
        }
      }),
      { numRuns: 500, ...PARAMETERS },
    );
  });

  test('fractions of π are written as such', () => {
    const text = toQasm2(
      build(1)
        .rz(Math.PI / 2, 0)
        .rz((-3 * Math.PI) / 8, 0)
        .rz(0.5, 0)
        .build(),
    );
    expect(text).toContain('rz(pi/2) q[0];\nrz(-3*pi/8) q[0];\nrz(0.5) q[0];');
  });

  test('names that a language keeps for itself are changed', () => {
    const builder = build();
    builder.qubits('gate', 1);
    builder.qubits('Große', 1);
    builder.bits('measure', 1);
    builder.x(0).measure(1, 0);
    for (const text of [toQasm2(builder.build()), toQasm3(builder.build())]) {
      expect(parseQasm(text).operations).toHaveLength(2);
    }
  });

  test('conditions of OpenQASM 2 are registers equal to numbers, on both sides of a bit', () => {
    const builder = build(1);
    const [bit] = builder.bits('c', 1) as [number];
    builder.measure(0, bit).ifBit(
      bit,
      (then) => then.x(0),
      (otherwise) => otherwise.h(0),
    );
    const text = toQasm2(builder.build());
    expect(text).toContain('if(c==1) x q[0];\nif(c==0) h q[0];');
    const [a, b] = [fullProbabilities(builder.build()), fullProbabilities(parseQasm(text))];
    expect([...a]).toEqual([...b]);
  });

  test('what a language does not have is refused by name', () => {
    const always = { kind: 'literal', value: true } as const;
    const loop = build(1)
      .while(always, (body) => body.x(0))
      .build();
    expect(errorOf(() => toQasm2(loop)).code).toBe('QASM_UNSUPPORTED');
    expect(toQasm3(loop)).toContain('while (true) {\n  x q[0];\n}');
    const channel = { name: 'keep', qubits: 1, operators: [] };
    expect(errorOf(() => toQasm3(build(1).channel(channel, [0]).build())).code).toBe(
      'QASM_UNSUPPORTED',
    );
  });
});
