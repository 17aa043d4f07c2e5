import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identity, matrix, zeros } from '../linear/complex-matrix.ts';
import { BIT_ORDER, formatBits } from './bit-order.ts';
import { checkCircuit } from './check-circuit.ts';
import { circuit as build } from './circuit-builder.ts';
import { circuitStats, countGates } from './circuit-stats.ts';
import type { Circuit } from './circuit.ts';
import { compose, inverse } from './combine-circuits.ts';
import { GATE_NAMES, gateSpec } from './gate-table.ts';
import { isClifford } from './is-clifford.ts';
import type { Operation } from './operation.ts';
import { errorOf } from './testing/error-of.ts';
import { bitProbabilities, distance, unitaryOf } from './testing/run-exactly.ts';
import { PARAMETERS, randomGates, seeds } from './testing/random-circuit.ts';
import { matrixPower, powerOf } from './unitary-power.ts';

describe('the builder', () => {
  test('its calls become operations in their order', () => {
    const circuit = build(2).h(0).cx(0, 1).measureAll().build();
    expect(circuit).toMatchObject({
      qubits: 2,
      bits: 2,
      quantumRegisters: [{ name: 'q', start: 0, size: 2 }],
      classicalRegisters: [{ name: 'c', start: 0, size: 2 }],
    });
    expect(circuit.operations.map(({ kind }) => kind)).toEqual([
      'gate',
      'gate',
      'measure',
      'measure',
    ]);
    const outcomes = bitProbabilities(circuit);
    expect([...outcomes.keys()].sort()).toEqual(['00', '11']);
    for (const probability of outcomes.values()) expect(probability).toBeCloseTo(0.5, 12);
  });

  test('it has a method for every gate of the table', () => {
    const builder = build(5) as unknown as Record<string, unknown>;
    for (const name of GATE_NAMES) expect(typeof builder[name], name).toBe('function');
  });

  test('a method puts angles first, controls next, targets last', () => {
    const circuit = build(5)
      .crz(0.5, 3, 1)
      .u(1, 2, 3, 4)
      .ccx(4, 2, 0)
      .c4x([0, 1, 2, 3], 4)
      .rzx(0.1, 2, 3)
      .build();
    expect(circuit.operations).toEqual([
      { kind: 'gate', name: 'crz', params: [0.5], qubits: [3, 1], controls: [] },
      { kind: 'gate', name: 'u', params: [1, 2, 3], qubits: [4], controls: [] },
      { kind: 'gate', name: 'ccx', params: [], qubits: [4, 2, 0], controls: [] },
      { kind: 'gate', name: 'c4x', params: [], qubits: [0, 1, 2, 3, 4], controls: [] },
      { kind: 'gate', name: 'rzx', params: [0.1], qubits: [2, 3], controls: [] },
    ]);
  });

  test('controls turn gates into those that have names for them', () => {
    const circuit = build(4)
      .controlled([0, { qubit: 1, value: 0 }], (part) => part.x(2).globalPhase(0.5).cz(2, 3))
      .build();
    expect(circuit.operations).toEqual([
      { kind: 'gate', name: 'cx', params: [], qubits: [0, 2], controls: [{ qubit: 1, value: 0 }] },
      { kind: 'gate', name: 'p', params: [0.5], qubits: [0], controls: [{ qubit: 1, value: 0 }] },
      {
        kind: 'gate',
        name: 'ccz',
        params: [],
        qubits: [0, 2, 3],
        controls: [{ qubit: 1, value: 0 }],
      },
    ]);
  });

  test('what is measured decides', () => {
    const builder = build(2);
    const [bit, out] = builder.bits('c', 2) as [number, number];
    builder
      .x(0)
      .measure(0, bit)
      .ifBit(
        bit,
        (then) => then.x(1),
        (otherwise) => otherwise.h(1),
      )
      .measure(1, out);
    expect([...bitProbabilities(builder.build())]).toEqual([['11', 1]]);
  });

  test('a loop runs until its variable says so', () => {
    const builder = build(1, 2);
    const n = builder.variable('n', { kind: 'int', width: 4, isSigned: false });
    const value = { kind: 'variable', variable: n } as const;
    const one = { kind: 'literal', value: 1n } as const;
    builder.while(
      { kind: 'binary', operator: '<', left: value, right: { kind: 'literal', value: 3n } },
      (body) => body.x(0).assign(n, { kind: 'binary', operator: '+', left: value, right: one }),
    );
    builder.store([0, 1], value);
    expect([...bitProbabilities(builder.build()).keys()]).toEqual(['11']);
  });

  test('a circuit can be put into another one, on other places', () => {
    const inner = build(2).cx(0, 1).measureAll().build();
    const builder = build(3, 2).x(2);
    builder.append(inner, { qubits: [2, 0], bits: [1, 0] });
    expect([...bitProbabilities(builder.build()).keys()]).toEqual(['11']);
    expect(errorOf(() => builder.append(inner, { qubits: [0] })).code).toBe(
      'QUANTUM_QUBITS_INVALID',
    );
  });
});

describe('the check', () => {
  const gate = (change: Partial<Operation & { kind: 'gate' }>): Operation =>
    ({ kind: 'gate', name: 'rz', params: [1], qubits: [0], controls: [], ...change }) as Operation;
  const unitary = { kind: 'unitary', controls: [], label: 'U' } as const;
  const cases: readonly (readonly [Operation, code: string, message: string])[] = [
    [gate({ qubits: [2] }), 'QUANTUM_QUBITS_INVALID', 'a qubit must be 0 to 1, got 2'],
    [gate({ qubits: [-1] }), 'QUANTUM_QUBITS_INVALID', 'got -1'],
    [gate({ qubits: [0.5] }), 'QUANTUM_QUBITS_INVALID', 'got 0.5'],
    [
      gate({ params: [NaN] }),
      'QUANTUM_PARAMETER_INVALID',
      "parameter 0 of 'rz' must be finite, got NaN",
    ],
    [gate({ params: [Infinity] }), 'QUANTUM_PARAMETER_INVALID', 'got Infinity'],
    [gate({ params: [] }), 'QUANTUM_PARAMETER_INVALID', "'rz' must have 1 parameters, got 0"],
    [
      gate({ name: 'cx', params: [], qubits: [1, 1] }),
      'QUANTUM_QUBITS_INVALID',
      'distinct, got 1 twice',
    ],
    [gate({ name: 'cx', params: [] }), 'QUANTUM_QUBITS_INVALID', "'cx' must have 2 qubits, got 1"],
    [gate({ controls: [{ qubit: 0, value: 1 }] }), 'QUANTUM_QUBITS_INVALID', 'got 0 twice'],
    [gate({ name: 'nope' as 'x' }), 'QUANTUM_GATE_UNKNOWN', "got 'nope'"],
    [
      { ...unitary, matrix: identity(4), qubits: [0] },
      'QUANTUM_DIMENSION_INVALID',
      'must be 2 × 2, got 4 × 4',
    ],
    [
      {
        ...unitary,
        matrix: matrix([
          [1, 1],
          [0, 1],
        ]),
        qubits: [0],
      },
      'QUANTUM_NOT_UNITARY',
      'deviation of',
    ],
    [{ ...unitary, matrix: zeros(2), qubits: [0] }, 'QUANTUM_NOT_UNITARY', 'deviation of 1'],
    [{ kind: 'global-phase', angle: NaN }, 'QUANTUM_PARAMETER_INVALID', 'got NaN'],
    [{ kind: 'measure', qubit: 0, bit: 3 }, 'QUANTUM_BITS_INVALID', 'a bit must be 0 to 0, got 3'],
    [{ kind: 'reset', qubit: 9 }, 'QUANTUM_QUBITS_INVALID', 'got 9'],
    [{ kind: 'break' }, 'QUANTUM_JUMP_INVALID', "'break' must be inside a while"],
    [
      { kind: 'assign', variable: 0, value: { kind: 'literal', value: 1n } },
      'QUANTUM_VARIABLE_INVALID',
      'got 0',
    ],
    [
      { kind: 'if', condition: { kind: 'bit', bit: 7 }, then: [], otherwise: [] },
      'QUANTUM_BITS_INVALID',
      'got 7',
    ],
    [
      { kind: 'channel', channel: { name: 'c', qubits: 1, operators: [identity(4)] }, qubits: [0] },
      'QUANTUM_DIMENSION_INVALID',
      "channel 'c'",
    ],
  ];

  test.each(cases)('%o is refused', (operation, code, message) => {
    const circuit: Circuit = { ...build(2, 1).build(), operations: [operation] };
    const error = errorOf(() => checkCircuit(circuit));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test('the deviation of a matrix is told', () => {
    const operation: Operation = {
      ...unitary,
      matrix: matrix([
        [1, 0],
        [0, 1.1],
      ]),
      qubits: [0],
    };
    const circuit: Circuit = { ...build(1).build(), operations: [operation] };
    expect(errorOf(() => checkCircuit(circuit)).details['deviation']).toBeCloseTo(0.21, 10);
  });

  test('registers cover all places once', () => {
    const circuit = build(2).build();
    const [register] = circuit.quantumRegisters as [Circuit['quantumRegisters'][number]];
    for (const registers of [
      [],
      [register, { ...register, name: 'r' }],
      [{ ...register, size: 1 }],
    ]) {
      const error = errorOf(() => checkCircuit({ ...circuit, quantumRegisters: registers }));
      expect(error.code).toBe('QUANTUM_REGISTERS_INVALID');
    }
  });
});

describe('combinations', () => {
  test('a circuit and its inverse are the identity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), seeds, (n, seed) => {
        const circuit = randomGates(n, 15, seed);
        const both = compose(circuit, inverse(circuit));
        expect(distance(unitaryOf(both), identity(2 ** n), false)).toBeLessThan(1e-9);
      }),
      { numRuns: 200, ...PARAMETERS },
    );
  });

  test('what is not unitary has no inverse', () => {
    const error = errorOf(() => inverse(build(1).x(0).reset(0).build()));
    expect(error.code).toBe('QUANTUM_NOT_INVERTIBLE');
    expect(error.message).toBe("only unitary operations have an inverse, got 'reset' at 1");
  });

  test('the first circuit grows where the second is larger', () => {
    const both = compose(build(1).h(0).build(), build(3).cx(0, 2).build());
    expect(both.quantumRegisters).toEqual([
      { name: 'q', start: 0, size: 1 },
      { name: 'more', start: 1, size: 2 },
    ]);
  });

  test('a power of a power is the power of the product', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 5 }), (seed, root) => {
        const gates = randomGates(2, 4, seed).operations.filter(
          (o) => o.kind !== 'barrier',
        ) as never[];
        const wanted = unitaryOf({ ...build(2).build(), operations: gates });
        const part = matrixPower(wanted, 1 / root);
        let product = powerOf(
          [{ kind: 'unitary', matrix: part, qubits: [0, 1], controls: [], label: 'U' }],
          root,
          100,
        );
        product ??= [];
        const got = unitaryOf({ ...build(2).build(), operations: product });
        expect(distance(got, wanted, false)).toBeLessThan(1e-8);
      }),
      { numRuns: 100, ...PARAMETERS },
    );
  });
});

describe('sizes', () => {
  test('depth is the longest chain, and barriers make qubits wait', () => {
    expect(circuitStats(build(3).h(0).h(1).cx(0, 1).t(2).build())).toEqual({
      gates: 4,
      twoQubit: 1,
      depth: 2,
      twoQubitDepth: 1,
      tCount: 1,
    });
    expect(circuitStats(build(2).h(0).barrier().h(1).build()).depth).toBe(2);
    expect(circuitStats(build(2).h(0).h(1).build()).depth).toBe(1);
  });

  test('classical bits make operations wait for measurements', () => {
    const builder = build(2, 1)
      .h(0)
      .measure(0, 0)
      .ifBit(0, (then) => then.x(1).t(1));
    expect(circuitStats(builder.build())).toMatchObject({ gates: 3, depth: 4, tCount: 1 });
  });

  test('barriers, phases and measurements are no gates', () => {
    const circuit = build(2).barrier().globalPhase(1).measureAll().build();
    expect(circuitStats(circuit)).toMatchObject({ gates: 0, depth: 1 });
    expect(countGates(circuit)).toEqual({ barrier: 1, 'global-phase': 1, measure: 2 });
  });

  test('controls beyond the name count as qubits', () => {
    const circuit = build(2).gate('t', [], [0], [1]).build();
    expect(circuitStats(circuit)).toMatchObject({ twoQubit: 1, tCount: 0 });
    expect(countGates(circuit)).toEqual({ ct: 1 });
  });
});

describe('Clifford circuits', () => {
  /** Whether conjugation maps each Pauli operator to one: its matrix has one entry of size 1 in a row. */
  function mapsPaulis(circuit: Circuit): boolean {
    const { qubits } = circuit;
    return Array.from({ length: qubits }, (_, k) => k).every((qubit) =>
      (['x', 'z'] as const).every((pauli) => {
        const builder = build(qubits)
          .append(inverse(circuit))
          .gate(pauli, [], [qubit])
          .append(circuit);
        return isPauli(unitaryOf(builder.build()));
      }),
    );
  }

  function isPauli(m: ReturnType<typeof unitaryOf>): boolean {
    const size = m.rows;
    let flip = -1;
    const phases: { re: number; im: number }[] = [];
    for (let r = 0; r < size; r++) {
      const c = Array.from({ length: size }, (_, k) => k).find(
        (k) => Math.hypot(m.re[r * size + k] as number, m.im[r * size + k] as number) > 0.5,
      );
      if (
        c === undefined ||
        Math.hypot(m.re[r * size + c] as number, m.im[r * size + c] as number) < 1 - 1e-6
      )
        return false;
      if (flip >= 0 && (r ^ c) !== flip) return false;
      flip = r ^ c;
      phases.push({ re: m.re[r * size + c] as number, im: m.im[r * size + c] as number });
    }
    // Ratios to the first are signs that multiply: a Pauli Z pattern.
    const [first] = phases as [{ re: number; im: number }];
    const sign = (k: number): number => {
      const { re, im } = phases[k] as { re: number; im: number };
      return re * first.re + im * first.im;
    };
    for (let r = 0; r < size; r++) {
      let product = 1;
      for (let bit = 1; bit < size; bit <<= 1) if (r & bit) product *= sign(bit);
      if (Math.abs(Math.abs(sign(r)) - 1) > 1e-6 || Math.abs(sign(r) - product) > 1e-6)
        return false;
    }
    return true;
  }

  test('they are told by gates and angles, as their matrices say', () => {
    const angles = [0, Math.PI / 2, Math.PI, -Math.PI / 2, (3 * Math.PI) / 2, Math.PI / 4, 0.3];
    for (const name of GATE_NAMES) {
      const { qubits, params } = gateSpec(name);
      if (qubits > 3) continue;
      const places = Array.from({ length: qubits }, (_, k) => k);
      for (const angle of params === 0 ? [0] : angles) {
        const values = [angle, Math.PI / 2, Math.PI].slice(0, params);
        const circuit = build(qubits).gate(name, values, places).build();
        expect(isClifford(circuit), `${name} ${angle}`).toBe(mapsPaulis(circuit));
      }
    }
  });

  test('turns about any angle that add up to quarters are found', () => {
    expect(isClifford(build(1).u(0, 0.3, -0.3, 0).build())).toBe(true);
    expect(isClifford(build(1).u(Math.PI, 0.3, 0.3, 0).build())).toBe(true);
    expect(
      isClifford(
        build(1)
          .u(Math.PI / 2, 0.3, -0.3, 0)
          .build(),
      ),
    ).toBe(false);
  });

  test('measurements and branches of such gates are fine, channels are not', () => {
    const builder = build(1, 1)
      .measure(0, 0)
      .ifBit(0, (then) => then.s(0));
    expect(isClifford(builder.build())).toBe(true);
    expect(isClifford(builder.ifBit(0, (then) => then.t(0)).build())).toBe(false);
  });
});

describe('bit order', () => {
  test('it is stated, and both printings are offered', () => {
    expect(BIT_ORDER).toContain('rightmost');
    expect(formatBits(1, 3)).toBe('001');
    expect(formatBits(1, 3, 'q0-left')).toBe('100');
    expect(formatBits(2n ** 70n, 71)).toBe(`1${'0'.repeat(70)}`);
    expect(formatBits(5, 0)).toBe('');
  });
});
