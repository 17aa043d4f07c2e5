import { describe, expect, test } from 'vitest';
import { checkCircuit } from '../circuit/check-circuit.ts';
import { circuit as build } from '../circuit/circuit-builder.ts';
import type { Circuit } from '../circuit/circuit.ts';
import { errorOf } from '../circuit/testing/error-of.ts';
import {
  bitProbabilities,
  distance,
  fullProbabilities,
  unitaryOf,
} from '../circuit/testing/run-exactly.ts';
import type { Operation } from '../circuit/operation.ts';
import { parseQasm, type QasmOptions } from './parse-qasm.ts';

const V2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n';
const V3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n';

function v2(text: string): Circuit {
  return checkCircuit(parseQasm(V2 + text));
}

function v3(text: string, options: QasmOptions = {}): Circuit {
  return checkCircuit(parseQasm(V3 + text, options));
}

/** Names of gates with their qubits: "cx 0 1". */
function gates({ operations }: Circuit): string[] {
  return operations.flatMap((o) => {
    if (o.kind !== 'gate') return [];
    const controls = o.controls.map(({ qubit, value }) => `${value === 1 ? '+' : '-'}${qubit}`);
    const angles = o.params.map((p) => Number(p.toFixed(4)));
    return [[o.name, ...angles.map((a) => `(${a})`), ...controls, ...o.qubits].join(' ')];
  });
}

/** Outcomes that are certain to 1e-6, for programs whose result is not up to chance. */
function outcome(circuit: Circuit): string {
  const [[bits, probability]] = [...bitProbabilities(circuit)].sort(([, a], [, b]) => b - a) as [
    [string, number],
  ];
  expect(probability).toBeGreaterThan(1 - 1e-4);
  return bits;
}

describe('OpenQASM 2', () => {
  test('a gate on registers acts on their qubits one by one', () => {
    expect(
      gates(v2('qreg a[2]; qreg b[2]; qreg c[1]; h a; cx a,b; cx c[0],b; cx a[1],c;')),
    ).toEqual(['h 0', 'h 1', 'cx 0 2', 'cx 1 3', 'cx 4 2', 'cx 4 3', 'cx 1 4']);
  });

  test('registers of different sizes in one call are refused', () => {
    const error = errorOf(() => v2('qreg a[2]; qreg b[3]; cx a,b;'));
    expect(error.code).toBe('QASM_TYPE');
    expect(error.message).toContain('2 qubits, got 3');
  });

  test('parameters are real numbers with powers and functions', () => {
    const text =
      'qreg q[1]; rz(-pi^2/4) q[0]; rz(sin(pi/2)+3*(1-4)) q[0]; rz(2^3^0) q[0]; rz(1/2) q[0]; rz(-2^2) q[0]; rz(ln(exp(1.5e0))*sqrt(4)) q[0];';
    const angles = v2(text).operations.map((o) => (o.kind === 'gate' ? o.params[0] : NaN));
    expect(angles).toHaveLength(6);
    const wanted = [-(Math.PI ** 2) / 4, -8, 2, 0.5, -4, 3];
    for (const [k, angle] of angles.entries()) expect(angle).toBeCloseTo(wanted[k], 12);
  });

  test('definitions may use words of OpenQASM 3 as names', () => {
    const text =
      'gate def(angle, bit) in, box { u1(angle) in; cx in, box; rz(bit/2) box; } qreg let[2]; def(0.5,1) let[0],let[1];';
    expect(gates(v2(text))).toEqual(['p (0.5) 0', 'cx 0 1', 'rz (0.5) 1']);
  });

  test('an own definition goes before the known gate, and sees only what is above it', () => {
    const text = 'gate x a { h a; } gate y a { x a; } gate h a { z a; } qreg q[1]; y q[0]; h q[0];';
    expect(gates(v2(text))).toEqual(['h 0', 'z 0']);
  });

  test('a definition that says the same as the known gate counts as that gate', () => {
    const rzz = 'gate rzz(theta) a,b { cx a,b; u1(theta) b; cx a,b; }';
    expect(gates(v2(`${rzz} qreg q[2]; rzz(0.3) q[0],q[1];`))).toEqual(['rzz (0.3) 0 1']);
  });

  test('gates that qelib1.inc lacks are known, and without any include too', () => {
    const circuit = parseQasm(
      'OPENQASM 2.0; qreg q[5]; sx q[0]; rccx q[0],q[1],q[2]; c4x q[0],q[1],q[2],q[3],q[4]; cp(0.1) q[0],q[1];',
    );
    expect(circuit.operations).toHaveLength(12);
  });

  test('if compares a whole register with a number of any size', () => {
    const circuit = v2(
      'qreg q[1]; creg c[70]; measure q[0] -> c[69]; if(c==590295810358705651712) x q[0];',
    );
    const [, branch] = circuit.operations;
    expect(branch).toMatchObject({
      kind: 'if',
      condition: { operator: '==', left: { kind: 'bits' }, right: { value: 2n ** 69n } },
    });
  });

  test('a program without header is OpenQASM 2 when it includes qelib1.inc or has qreg alone', () => {
    expect(gates(parseQasm('include "qelib1.inc"; qreg q[1]; rz(2^3) q[0];'))).toEqual([
      'rz (8) 0',
    ]);
    expect(gates(parseQasm('qreg q[1]; rz(2^3) q[0];'))).toEqual(['rz (8) 0']);
    expect(gates(parseQasm('qubit q; rz(2^3) q;'))).toEqual(['rz (1) 0']);
  });

  test('a register that is measured and never declared is the only one there is', () => {
    const warnings: string[] = [];
    const onWarning = (message: string): unknown => warnings.push(message);
    const text = `${V2}qreg reg[2]; x reg[1]; measure q[0] -> c[0]; measure q[1] -> c[1];`;
    const circuit = parseQasm(text, { onWarning: (message) => void onWarning(message) });
    expect(outcome(circuit)).toBe('10');
    expect(warnings).toEqual([
      "register 'q' is not declared, 'reg' is taken for it",
      "register 'c' is not declared, 2 bits are made for it",
      "register 'q' is not declared, 'reg' is taken for it",
    ]);
  });

  test('opaque gates are refused when they are used', () => {
    expect(() => v2('opaque magic(a) q; qreg q[1];')).not.toThrow();
    expect(errorOf(() => v2('opaque magic(a) q; qreg q[1]; magic(1) q[0];')).code).toBe(
      'QASM_UNSUPPORTED',
    );
  });
});

describe('gates of OpenQASM 3', () => {
  test('modifiers apply from the right, and controls come first', () => {
    const text =
      'qubit[4] q; ctrl @ negctrl @ inv @ s q[0], q[1], q[2]; negctrl(2) @ ctrl @ x q[0], q[1], q[2], q[3]; pow(-2) @ t q[0]; ctrl(3) @ x q[0], q[1], q[2], q[3];';
    expect(gates(v3(text))).toEqual([
      'csdg -1 0 2',
      'cx -0 -1 2 3',
      'p (-1.5708) 0',
      'c3x 0 1 2 3',
    ]);
  });

  test('U carries the phase that the specification gives it', () => {
    const own = v3('qubit[2] q; ctrl @ U(0.4, 0.5, 0.6) q[0], q[1];');
    const wanted = build(2).p(0.2, 0).gate('u', [0.4, 0.5, 0.6], [1], [0]).build();
    expect(distance(unitaryOf(own), unitaryOf(wanted), false)).toBeLessThan(1e-12);
  });

  test.each([
    ['pow(0.5) @ x', 'sx'],
    ['pow(1/2) @ z', 's'],
    ['pow(2) @ sx', 'x'],
    ['inv @ pow(2) @ t', 'sdg'],
  ])('%s is %s', (modified, name) => {
    const a = unitaryOf(v3(`qubit[2] q; ctrl @ ${modified} q[0], q[1];`));
    const b = unitaryOf(v3(`qubit[2] q; ctrl @ ${name} q[0], q[1];`));
    expect(distance(a, b, false)).toBeLessThan(1e-12);
  });

  test('a fractional power of a definition is its principal power', () => {
    const gate = 'gate g a, b { h a; cx a, b; rz(0.3) b; } qubit[2] q;';
    const thrice = unitaryOf(
      v3(`${gate} pow(1/3) @ g q[0], q[1]; pow(1/3) @ g q[0], q[1]; pow(1/3) @ g q[0], q[1];`),
    );
    expect(distance(thrice, unitaryOf(v3(`${gate} g q[0], q[1];`)), false)).toBeLessThan(1e-11);
  });

  test('large powers of one gate cost nothing', () => {
    const circuit = v3(
      'qubit q; pow(1048576) @ p(0.001) q; pow(1000000) @ x q; pow(1000001) @ U(0.1, 0.2, 0.3) q;',
    );
    expect(circuit.operations).toHaveLength(3);
    expect(
      distance(
        unitaryOf(v3('qubit q; pow(1000) @ U(0.1,0.2,0.3) q;')),
        unitaryOf(v3('qubit q; for uint i in [1:1000] U(0.1,0.2,0.3) q;')),
        false,
      ),
    ).toBeLessThan(1e-9);
  });

  test('gphase is a phase of the whole, and of its controls', () => {
    const circuit = v3(
      'qubit[2] q; gphase(0.1); gphase(0.2); ctrl @ gphase(0.3) q[0]; negctrl @ gphase(0.4) q[1]; ctrl(2) @ gphase(0.5) q[0], q[1];',
    );
    expect(circuit.operations[0]).toEqual({ kind: 'global-phase', angle: 0.1 + 0.2 });
    const wanted = build(2).globalPhase(0.3).p(0.3, 0).x(1).p(0.4, 1).x(1).cp(0.5, 0, 1).build();
    expect(distance(unitaryOf(circuit), unitaryOf(wanted), false)).toBeLessThan(1e-12);
  });

  test('gates have loops, conditions and gates of their own in their bodies', () => {
    const text =
      'const int n = 3; gate inner(a) q { rz(a) q; } gate outer(t) q { for int i in [1:n] { inner(t / i) q; } if (n == 3) h q; } qubit q; inv @ outer(1) q;';
    expect(gates(v3(text))).toEqual(['h 0', 'rz (-0.3333) 0', 'rz (-0.5) 0', 'rz (-1) 0']);
  });

  test('physical qubits are counted from 0', () => {
    const circuit = v3('cx $0, $3; bit[2] c; c[0] = measure $3;');
    expect(circuit.qubits).toBe(4);
    expect(circuit.quantumRegisters).toEqual([{ name: 'physical', start: 0, size: 4 }]);
  });

  test('boxes, delays, barriers and calibrations leave no trace but barriers', () => {
    const text =
      'defcalgrammar "openpulse"; cal { {x} ? } defcal x $0 { pulse } stretch s; qubit[2] q; box [200ns] { delay[s] q[0]; delay[100ns + 2 * 10dt] q; nop q; x q[0]; } barrier q; @note this\nx q[1]; pragma user thing\n';
    expect(v3(text).operations.map(({ kind }) => kind)).toEqual(['gate', 'barrier', 'gate']);
  });
});

describe('values that are known', () => {
  const cases: readonly (readonly [text: string, wanted: number])[] = [
    ['int[8] x = 200; float a = x;', -56],
    ['uint[4] x = 15; x += 3; float a = x;', 2],
    ['int x = 7; float a = x / 2;', 3],
    ['int x = -7; float a = x / 2;', -3],
    ['int x = -7; float a = x % 3;', -1],
    ['float a = 7 / 2;', 3.5],
    ['float a = 3 ** 2 ** 0;', 3],
    ['float a = -2 ** 2;', -4],
    ['float a = 2 ** -1;', 0.5],
    ['bit[4] b = "0110"; float a = int[4](b);', 6],
    ['bit[4] b = "1000"; float a = int[4](b);', -8],
    ['bit[8] b = "10001111"; float a = uint[8](b << 1);', 30],
    ['bit[8] b = "10001111"; float a = uint[8](rotl(b, 2));', 62],
    ['bit[8] b = "10001111"; float a = uint[8](rotr(b, 1));', 199],
    ['bit[8] b = "10001111"; float a = popcount(b);', 5],
    ['bit[8] b = "10001111"; float a = uint[3](b[1:3]);', 7],
    ['bit[8] b = "10000001"; float a = uint[2](b[{0, 7}]);', 3],
    ['uint[6] b = 37; float a = rotl(b, 3);', 44],
    ['uint[8] x = 5; x[1] = 1; float a = x;', 7],
    ['uint[8] x = 5; float a = uint[1](x[2]);', 1],
    ['angle[4] x = 9 * (pi / 8); float a = x << 2;', Math.PI / 2],
    ['angle[4] x = 9 * (pi / 8); float a = x >> 2;', Math.PI / 4],
    ['angle[4] x = 7 * (pi / 8); angle[4] y = pi / 8; float a = x + y;', Math.PI],
    ['angle[4] x = pi / 8; angle[4] y = 7 * (pi / 8); float a = x - y;', (5 * Math.PI) / 4],
    ['angle[4] x = 5 * (pi / 4); uint[4] two = 2; float a = two * x;', Math.PI / 2],
    ['angle[4] x = 5 * (pi / 4); angle[4] y = pi / 8; float a = x / y;', 10],
    ['angle[4] x = pi / 4; float a = -x;', (7 * Math.PI) / 4],
    ['bool t = 3 > 2 && !(1 == 2); float a = int(t);', 1],
    ['float a = 0xFa + 0b11 + 0o17 + 1_000;', 250 + 3 + 15 + 1000],
    ['complex[float] z = (1 + 2im) * (3 - 1im); float a = real(z);', 5],
    ['complex[float] z = (1 + 2im) * (3 - 1im); float a = imag(z);', 5],
    ['complex[float] z = sqrt(-4 + 0im); float a = imag(z);', 2],
    [
      'float a = sin(pi / 6) + arccos(0.5) + floor(-1.5) + ceiling(0.2) + exp(0.0) + log(euler) + mod(7, 4) + pow(2, 3);',
      0.5 + Math.PI / 3 - 2 + 1 + 1 + 1 + 3 + 8,
    ],
    ['array[int[8], 2, 3] m = {{1, 2, 3}, {4, 5, 6}}; float a = m[1, 2] * 10 + m[-1][0];', 64],
    ['array[int[8], 2, 3] m = {{1, 2, 3}, {4, 5, 6}}; m[0] = m[1]; float a = m[0, 1];', 5],
    [
      'array[int[8], 2, 3] m = {{1, 2, 3}, {4, 5, 6}}; m[0:1, 0] = m[0:1, 2]; float a = m[0][0] * 10 + m[1, 0];',
      36,
    ],
    ['array[int[8], 5] v; float a = sizeof(v) + v[4];', 5],
    ['int s = 0; for int i in [10:-3:1] s += i; float a = s;', 22],
    ['int s = 0; for int i in {5, 1} { s *= 10; s += i; } float a = s;', 51],
    ['int s = 0; bit[3] b = "110"; for bit x in b { s *= 2; s += int(x); } float a = s;', 3],
    [
      'int i = 0; while (i < 10) { i += 1; if (i == 2) continue; if (i == 4) break; } float a = i;',
      4,
    ],
    [
      'int i = 3; float a = 0; switch (i) { case 1, 2 { a = 1; } case 3 { a = 2; } default { a = 3; } }',
      2,
    ],
    ['int i = 9; float a = 0; switch (i) { case 1, 2 { a = 1; } default { a = 3; } }', 3],
    [
      'def f(int[8] n) -> int[8] { if (n <= 1) return 1; return n * f(n - 1); } float a = f(5);',
      120,
    ],
    [
      'def f(mutable array[int[8], #dim=1] v) { v[0] = 7; } array[int[8], 2] w; f(w); float a = w[0];',
      7,
    ],
    ['def f(int[8] n) { n = 3; } int[8] k = 1; f(k); float a = k;', 1],
    ['bit[4] b = "0110"; let c = b[1:2]; c[0] = 0; float a = uint[4](b);', 4],
    ['duration d = 100ns; float a = (d + 1us) / 550ns;', 2],
    ['float[32] x = 0.1; float a = x;', Math.fround(0.1)],
    ['const uint[8] n = 2 + 3; float a = n ** 2;', 25],
    ['{ int x = 5; } int x = 6; { int x = 7; x += 1; } float a = x;', 6],
    ['int x = 1; if (x == 1) { x = 2; } else { x = 3; } float a = x;', 2],
  ];

  test.each(cases)('%s', (text, wanted) => {
    const circuit = v3(`${text} qubit q; rz(a) q;`);
    const [operation, ...rest] = circuit.operations.filter(({ kind }) => kind !== 'store');
    expect(rest).toEqual([]);
    const angle = operation.kind === 'gate' ? operation.params[0] : NaN;
    expect(angle).toBeCloseTo(wanted, 9);
  });

  test('inputs are taken from the caller', () => {
    const text =
      'input float theta; input bit[2] b; input uint[4] n; input bool f; qubit q; rz(theta + n) q; if (f && b == "10") x q;';
    const circuit = v3(text, { inputs: { theta: 0.5, b: '10', n: 3n, f: true } });
    expect(gates(circuit)).toEqual(['rz (3.5) 0', 'x 0']);
    expect(errorOf(() => v3(text, { inputs: { theta: 1 } })).code).toBe('QASM_INPUT');
    expect(errorOf(() => v3('input float a;', { inputs: { a: NaN } })).code).toBe('QASM_INPUT');
  });
});

describe('values that depend on measurements', () => {
  test('a measured bit decides on a branch', () => {
    const circuit = v3(
      'qubit[2] q; bit c; h q[0]; c = measure q[0]; if (c) { x q[1]; } else { id q[1]; }',
    );
    expect([...fullProbabilities(circuit).keys()].sort()).toEqual(['0|00', '1|11']);
  });

  test('what a branch changes keeps its value where the branch is not taken', () => {
    const taken = (bit: 0 | 1): string => {
      const text = `qubit q; bit c; bit[4] out; uint[4] n = 5; def f(qubit q) -> bit { bit[2] b = "10"; bit m = measure q; if (m) { b[1] = 0; } return b[1]; } bit kept; ${bit === 1 ? 'x q;' : ''} c = measure q; if (c) { n = 3; } else { out[3] = 1; } switch (n) { case 5 { n += 1; } default { n += 2; } } out = n; kept = f(q);`;
      return outcome(v3(text)).slice(-6);
    };
    expect(taken(0)).toBe('101100');
    expect(taken(1)).toBe('001011');
  });

  test('bits are written, combined and read again', () => {
    const text =
      'qubit[3] q; bit[3] c; bit parity; x q[0]; x q[2]; c = measure q; parity = c[0] ^ c[1] ^ c[2]; bit[3] d = ~c; bit[2] e = d[{1, 0}]; d = d << 1;';
    // e, d, parity, c from the left.
    expect(outcome(v3(text))).toBe(['01', '100', '0', '101'].join(''));
  });

  test('integers count, wrap and compare', () => {
    const text =
      'qubit q; bit[8] out; bit c; uint[3] n = 6; x q; for int i in [1:4] { c = measure q; n += int[4](c); } if (n == 2) { out = bit[8](n * 5); }';
    // In three bits: 6 + 4 is 2, and 2 · 5 is 2.
    expect(outcome(v3(text))).toBe('100000010');
  });

  test('a repeat until success ends with its condition', () => {
    const text =
      'qubit q; bit[2] flags = "11"; uint[8] rounds = 0; bit[8] out; while (int[2](flags) != 0) { rounds += 1; reset q; flags[0] = measure q; if (rounds == 3) flags[1] = 0; } out = rounds;';
    expect(outcome(v3(text))).toBe('0000001100');
  });

  test('break and continue of an unrolled loop may depend on measurements', () => {
    const text =
      'qubit[4] q; bit[4] c; uint[4] n = 0; bit[4] out; x q[0]; x q[2]; for int i in [0:3] { c[i] = measure q[i]; if (c[i] == 0) continue; n += 1; if (n == 2) break; n += 4; } out = n;';
    // Qubit 0 makes 5 of n, qubit 2 makes 10.
    expect(outcome(v3(text))).toBe('10100101');
    const other = text.replace('n == 2', 'n == 1');
    expect(outcome(v3(other))).toBe('00010001');
  });

  test('break leaves the innermost of nested loops alone', () => {
    const text =
      'qubit q; bit c; uint[8] n = 0; bit[8] out; x q; for int i in [0:2] { for int j in [0:2] { c = measure q; if (c) break; n += 100; } n += 1; } out = n;';
    expect(outcome(v3(text))).toBe('000000111');
  });

  test('a subroutine returns from inside a branch and a loop of the run', () => {
    const text =
      'def f(qubit q, uint[4] k) -> uint[4] { bit b; while (true) { b = measure q; for int i in [0:1] { if (b) return k + i; } x q; k += 2; } return 0; } qubit q; bit[4] out; uint[4] r = f(q, 1); out = r; bit last; last = measure q;';
    // A scratch bit, the last bit, and the returned 3.
    expect(outcome(v3(text))).toBe('110011');
  });

  test('values of calls survive further calls', () => {
    const text =
      'def m(qubit q) -> bit { return measure q; } qubit[2] q; bit[2] out; x q[1]; out[0] = m(q[0]) | m(q[1]); out[1] = m(q[1]) & m(q[0]);';
    expect(outcome(v3(text)).slice(-2)).toBe('01');
  });

  test('an angle that is measured turns a gate, bit by bit', () => {
    const text =
      'qubit[4] q; angle[3] a; bit[3] b; bit c; x q[0]; x q[2]; b = measure q[0:2]; a = angle[3](b); h q[3]; inv @ p(a) q[3]; p(5 * pi / 4) q[3]; h q[3]; c = measure q[3];';
    expect(outcome(v3(text))).toBe('0101');
  });

  test('a switch on measured bits takes the one case', () => {
    const text =
      'qubit[2] q; bit[2] c; bit[2] out; x q[1]; c = measure q; switch (uint[2](c)) { case 0, 1 { out = "01"; } case 2 { out = "10"; } default { out = "11"; } }';
    expect(outcome(v3(text))).toBe('1010');
  });

  test('end stops the run', () => {
    const text =
      'qubit q; bit c; bit[2] out; x q; c = measure q; out[0] = 1; if (c) end; out[1] = 1;';
    expect(outcome(v3(text))).toBe('011');
    expect(v3('qubit q; x q; end; h q;').operations).toHaveLength(1);
  });

  test('a bit chosen by a measured number is read', () => {
    const text =
      'qubit[3] q; bit[4] table = "0100"; bit[2] c; bit out; x q[1]; c = measure q[0:1]; out = table[uint[2](c)];';
    expect(outcome(v3(text)).slice(0, 1)).toBe('1');
  });

  test('conditions that measure do so in every round', () => {
    const text =
      'def m(qubit q) -> bit { x q; return measure q; } qubit q; uint[4] n = 0; bit[4] out; x q; while (m(q) == 0) { n += 1; x q; if (n == 3) x q; } out = n;';
    expect(outcome(v3(text)).slice(-4)).toBe('0011');
  });

  test('local bits are used again after their block', () => {
    const text =
      'def m(qubit q) -> bit { bit[3] t; t[1] = measure q; return t[1]; } qubit q; bit c; for int i in [1:100] { c = m(q); }';
    const circuit = v3(text);
    expect(circuit.bits).toBe(2);
    expect(circuit.classicalRegisters.map(({ name }) => name)).toEqual(['c', 'scratch']);
  });

  test('what a circuit cannot compute is refused by name', () => {
    const prefix = 'qubit[4] q; bit[2] c; c = measure q[0:1]; ';
    const refused = [
      'x q[uint[2](c)];',
      'for int i in [0:int[2](c)] x q[i];',
      'rz(float[64](uint[2](c)) * 0.5) q[0];',
      'c[uint[1](c[0])] = 1;',
      'pow(uint[2](c)) @ x q[0];',
      'array[int[8], 4] a; a[uint[2](c)] = 1;',
    ];
    for (const text of refused)
      expect(errorOf(() => v3(prefix + text)).code, text).toBe('QASM_UNSUPPORTED');
  });
});

describe('what an index calls', () => {
  const f = 'def f(qubit p) -> int[8] { x p; return 1; } qubit[2] q; bit[2] b;';

  test.each([
    ['of bits', 'bit c = b[f(q[0])];'],
    ['of an integer', 'int[4] n = 3; bit c = n[f(q[0])];'],
    ['of an array', 'array[int[8], 3] a; int[8] n = a[f(q[0])];'],
    ['of a part', 'bit[2] c = b[0:1]; bit d = c[0:f(q[0])][0];'],
    ['of qubits', 'h q[f(q[0])];'],
    ['in an assignment', 'b[f(q[0])] = 0;'],
  ])('happens once: %s', (_what, text) => {
    const { operations } = parseQasm(`OPENQASM 3.0; include "stdgates.inc"; ${f} ${text}`);
    const flips = operations.filter((o) => o.kind === 'gate' && o.name === 'x');
    expect(flips).toHaveLength(1);
  });

  test('happens once where an angle of the run makes one gate many', () => {
    const angle = 'angle[4] a = 0; b[0] = measure q[0]; if (b[0]) a = pi;';
    const source = `OPENQASM 3.0; include "stdgates.inc"; ${f} ${angle} rz(a) q[f(q[0])];`;
    const { operations } = parseQasm(source);
    const inside = operations.flatMap((o) => (o.kind === 'if' ? o.then : []));
    const isFlip = (o: Operation): boolean => o.kind === 'gate' && o.name === 'x';
    expect([operations, inside].map((list) => list.filter(isFlip).length)).toEqual([1, 0]);
  });
});
