import { describe, expect, test } from 'vitest';
import type { Circuit } from '../circuit/circuit.ts';
import { errorOf } from '../circuit/testing/error-of.ts';
import { parseQasm, type QasmOptions } from './parse-qasm.ts';

const V3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n';

function v3(text: string, options: QasmOptions = {}): Circuit {
  return parseQasm(V3 + text, options);
}

describe('messages', () => {
  test('they tell line, column, what was expected, and show the line', () => {
    const error = errorOf(() => parseQasm('OPENQASM 2.0;\nqreg q[2];\n\tcx q[0] q[1];\n'));
    expect(error.code).toBe('QASM_SYNTAX');
    expect(error.message).toBe(
      "line 3, column 10: expected ';', got 'q'\n  \tcx q[0] q[1];\n  \t        ^",
    );
    expect(error.details).toMatchObject({ line: 3, column: 10 });
  });

  test('a missing semicolon is told where it belongs', () => {
    const error = errorOf(() => parseQasm('OPENQASM 3.0;\nqubit q\nx q;'));
    expect(error.message).toContain("line 2, column 8: expected ';', got 'x'");
  });

  test.each([
    ['qubit q; hh q;', 'QASM_NAME', "unknown gate 'hh', did you mean 'h'?"],
    ['qubit[2] reg; x reh[0];', 'QASM_NAME', "unknown name 'reh', did you mean 'reg'?"],
    ['qubit q; rz(thta) q;', 'QASM_NAME', "unknown name 'thta'"],
    ['qubit[2] q; x q[2];', 'QASM_RANGE', 'an index must be 0 to 1 here, got 2'],
    ['qubit[2] q; cx q[0], q[0];', 'QASM_RANGE', "qubits of 'cx' must be distinct"],
    ['qubit q; rz(0.0/0.0) q;', 'QASM_RANGE', "a gate's parameter must be finite, got NaN"],
    ['qubit q; rz(exp(1000)) q;', 'QASM_RANGE', "a gate's parameter must be finite, got Infinity"],
    ['qubit q; cx q;', 'QASM_TYPE', "'cx' takes 2 qubits, got 1"],
    ['qubit q; rz q;', 'QASM_TYPE', "'rz' takes 1 parameter, got 0"],
    ['include "other.inc";', 'QASM_UNSUPPORTED', "got 'other.inc'"],
    ['extern f(int) -> int; int x = f(1);', 'QASM_UNSUPPORTED', "'f' is external (extern)"],
    ['int x; int x;', 'QASM_NAME', "'x' is declared already"],
    ['break;', 'QASM_SYNTAX', "'break' stands in a loop"],
    ['qubit[0] q;', 'QASM_RANGE', "the size of 'q' must be 1 to"],
    ['def f(qubit[2] a) { } qubit[3] q; f(q);', 'QASM_TYPE', '2 qubits are expected here, got 3'],
    ['def f() -> bit { } bit b = f();', 'QASM_TYPE', "'f' must return a value"],
    ['const int n = 1; n = 2;', 'QASM_TYPE', "'n' is a constant"],
    ['int[8] x = 1 / 0;', 'QASM_TYPE', 'a divisor must not be zero'],
    [
      'qubit[2] q; bit[3] c; c = measure q;',
      'QASM_TYPE',
      'as many bits as qubits: 2 qubits, got 3 bits',
    ],
    ['delay[-1ns];', 'QASM_RANGE', 'a duration must not be negative'],
    ['bit[2] b = "10"; x b;', 'QASM_TYPE', 'qubits are expected here'],
  ])('%s', (text, code, message) => {
    const error = errorOf(() => v3(text));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.details['line']).toBe(3);
  });
});

describe('limits', () => {
  test.each([
    ['calls', 'def f(int n) { f(n + 1); } f(0);', 'QASM_RECURSION'],
    ['brackets', `float x = ${'('.repeat(5000)}1${')'.repeat(5000)};`, 'QASM_RECURSION'],
    ['signs', `float x = ${'-'.repeat(100_000)}1;`, 'QASM_RECURSION'],
    ['powers', `float x = 1${'**1'.repeat(100_000)};`, 'QASM_RECURSION'],
    ['sums', `float x = 1${'+1'.repeat(100_000)};`, 'QASM_RECURSION'],
    ['indices', `bit[2] b; bit c = b${'[0:1]'.repeat(100_000)};`, 'QASM_RECURSION'],
    ['blocks', '{'.repeat(100_000), 'QASM_RECURSION'],
    ['branches', `${'if (true) '.repeat(100_000)};`, 'QASM_RECURSION'],
    ['arrays', `array[int, 1] a = ${'{'.repeat(100_000)};`, 'QASM_RECURSION'],
    ['types', `complex${'[complex'.repeat(100_000)};`, 'QASM_RECURSION'],
    ['loops', 'qubit q; for uint i in [0:1000000000] { x q; }', 'QASM_TOO_LARGE'],
    ['empty loops', 'for uint i in [0:100000000000] { }', 'QASM_TOO_LARGE'],
    ['qubits', 'qubit[1000000000] q;', 'QASM_TOO_LARGE'],
    ['physical qubits', 'x $99999999999999999999999;', 'QASM_TOO_LARGE'],
    ['bits', 'bit[1000000000] c;', 'QASM_TOO_LARGE'],
    ['arrays', 'array[int, 100000, 100000] a;', 'QASM_TOO_LARGE'],
    ['integers', 'const int x = 2 ** 100000000000;', 'QASM_TYPE'],
    ['shifts', 'const int x = 1 << 100000000000;', 'QASM_TYPE'],
    ['controls', 'qubit q; ctrl(1000000000) @ x q;', 'QASM_RANGE'],
    ['ranges', 'bit[10] c; let d = c[0:1000000000];', 'QASM_RANGE'],
    ['joined bits', `bit[1000] a; let b = a${' ++ a'.repeat(2_000)};`, 'QASM_TOO_LARGE'],
    [
      'barriers',
      'qubit[100000] q; for uint i in [0:1000] { barrier q; barrier; }',
      'QASM_TOO_LARGE',
    ],
    [
      'wide registers',
      'bit[100000] c; bit[100000] d; for uint i in [0:1000] { if (c == d) { } }',
      'QASM_TOO_LARGE',
    ],
    [
      'chains of gates',
      `${Array.from({ length: 3000 }, (_, k) => `gate g${k + 1} a { ${k === 0 ? 'x' : `g${k}`} a; }`).join('\n')} qubit q; g3000 q;`,
      'QASM_RECURSION',
    ],
    [
      'loops in gates',
      `${Array.from({ length: 150 }, (_, k) => `gate g${k + 1} a { for int i in [0:0] { for int j in [0:0] { ${k === 0 ? 'x' : `g${k}`} a; } } }`).join('\n')} qubit q; g150 q;`,
      'QASM_RECURSION',
    ],
    [
      'loops in calls',
      `def f(int n) { ${'for int i in [0:0] { '.repeat(60)} if (n != 0) f(n - 1); ${'}'.repeat(60)} } f(62);`,
      'QASM_RECURSION',
    ],
    [
      'calls that double',
      'def f(int n) -> int { if (n == 0) return 0; return f(n - 1) + f(n - 1); } int x = f(60);',
      'QASM_TOO_LARGE',
    ],
    [
      'powers',
      'gate g a, b, c, d, e { x a; h b; h c; h d; h e; } qubit[5] q; pow(1000000000) @ g q[0], q[1], q[2], q[3], q[4];',
      'QASM_TOO_LARGE',
    ],
  ])('%s end somewhere', (_what, text, code) => {
    const start = performance.now();
    expect(errorOf(() => v3(text, { operationsMax: 100_000, stepsMax: 1_000_000 })).code).toBe(
      code,
    );
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  // Each took minutes or gigabytes while its work was quadratic.
  test.each([
    ['a wide register is changed', 'bit[200000] c; c = ~c; c = c << 1; bit d = c[7];', 200_000],
    ['an array is filled', 'array[int[32], 100000] a; for uint i in [0:99999] { a[i] = i; }', 0],
    [
      'arrays of two types take turns in the circuit',
      'qubit q; bit m = measure q; { array[int[8], 20000] a; if (m) { a[0] = 1; } } { array[int[16], 20000] d; if (m) { d[0] = 1; } }',
      0,
    ],
    [
      'loops are left from within',
      'qubit q; for uint i in [0:5000] { while (true) { for uint j in [0:1] { bit m = measure q; if (m) continue; if (m) break; } bit k = measure q; if (k) break; } }',
      0,
    ],
  ])('%s in time', (_what, text, bits) => {
    const start = performance.now();
    expect(v3(text).bits).toBeGreaterThanOrEqual(bits);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('definitions that double themselves are stopped, empty ones too', () => {
    const rows = (first: string): string =>
      [
        `gate g0 a { ${first} }`,
        ...Array.from({ length: 60 }, (_, k) => `gate g${k + 1} a { g${k} a; g${k} a; }`),
      ].join('\n');
    for (const first of ['x a;', '']) {
      const text = `${rows(first)} qubit q; g60 q;`;
      expect(errorOf(() => v3(text, { operationsMax: 100_000, stepsMax: 500_000 })).code).toBe(
        'QASM_TOO_LARGE',
      );
    }
  });

  test('loops that only a run can end are left to it', () => {
    const circuit = v3('qubit q; while (true) { x q; }');
    expect(circuit.operations).toMatchObject([{ kind: 'while', condition: { value: true } }]);
  });

  test('a canceled watch stops the reading', () => {
    const watch = { nowMs: () => 0, isCanceled: () => true, progress: () => undefined };
    const text = 'int s = 0; for int i in [0:100000] s += i;';
    expect(errorOf(() => v3(text, { watch })).code).toBe('QUANTUM_CANCELED');
  });
});
