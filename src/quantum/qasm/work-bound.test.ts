import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { isOrchestratorError } from '../../base/errors.ts';
import { errorOf } from '../circuit/testing/error-of.ts';
import { PARAMETERS } from '../circuit/testing/random-circuit.ts';
import { UNWATCHED } from '../watch.ts';
import { Elaborator } from './elaborator.ts';
import { evaluate, evaluateValue } from './evaluate.ts';
import { execute } from './execute.ts';
import { isRecognized } from './gate-calls.ts';
import { openProgram } from './parse-program.ts';
import { parseQasm } from './parse-qasm.ts';
import { callSubroutine } from './subroutines.ts';
import { randomRepetitive } from './testing/random-repetitive.ts';
import { WorkBound } from './work-bound.ts';

const V3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n';

function rows(count: number, row: (k: number) => string): string {
  return Array.from({ length: count }, (_, k) => row(k)).join('\n');
}

/** Gates each of which calls the one before it twice. */
function doubling(count: number, first: string, params = ''): string {
  const inner = params === '' ? '' : '(t / 2)';
  return rows(count, (k) => {
    const call = `g${k}${inner} a; g${k}${inner} a;`;
    return `gate g${k + 1}${params} a { ${k === 0 ? first : call} }`;
  });
}

const operands = (count: number): string => rows(count, (k) => `q[${k}]`).replaceAll('\n', ', ');

describe('programs that stand for far more than they say', () => {
  test.each([
    ['gates that double', `${doubling(39, 'x a;')}\nqubit q;\ng39 q;`, 43, 1],
    ['empty gates that double', `${doubling(60, '')}\nqubit q;\ng60 q;`, 64, 1],
    ['gates with angles', `${doubling(39, 'rx(t) a;', '(t)')}\nqubit q;\ng39(1) q;`, 43, 1],
    ['a gate of the table', `${doubling(39, 'x a;')}\ngate h a { g39 a; } qubit q;\nh q;`, 43, 1],
    [
      'loops in gates',
      `${rows(30, (k) => `gate g${k + 1} a { for int i in [0:9] { ${k === 0 ? 'x' : `g${k}`} a; } }`)}\nqubit q;\ng30 q;`,
      34,
      1,
    ],
    ['gates on registers', `${doubling(20, 'x a;')}\nqubit[100000] q;\ng20 q;`, 24, 1],
    [
      'powers of powers',
      `gate g a, b, c, d, f { h a; h b; h c; h d; cx d, f; } qubit[5] q;\n${'pow(2) @ '.repeat(60)} g q[0], q[1], q[2], q[3], q[4];`,
      4,
      1,
    ],
    [
      'powers of gates',
      `qubit[6] q;\n${'pow(2) @ '.repeat(60)} ctrl(5) @ x ${operands(6)};`,
      4,
      null,
    ],
    [
      'powers in gates',
      `gate g0 a, b, c, d, f { h a; h b; h c; h d; cx d, f; }\n${rows(39, (k) => `gate g${k + 1} a, b, c, d, f { pow(2) @ g${k} a, b, c, d, f; }`)}\nqubit[5] q;\ng39 q[0], q[1], q[2], q[3], q[4];`,
      44,
      1,
    ],
    [
      'long matrices',
      `${rows(24, (k) => `gate g${k + 1} a, b { ${k === 0 ? 'h a; cx a, b;' : `g${k} a, b; g${k} b, a;`} }`)}\nqubit[2] q;\npow(1000) @ g24 q[0], q[1];`,
      28,
      1,
    ],
    [
      'roots',
      'gate g a, b { h a; cx a, b; } qubit[2] q;\nfor uint i in [0:1000000] { pow(0.37) @ g q[0], q[1]; }',
      4,
      1,
    ],
    [
      'controls',
      `qubit[4001] q;\nfor uint i in [0:1000000] { ctrl(4000) @ x ${operands(4001)}; }`,
      4,
      1,
    ],
    [
      'controls one by one',
      `qubit[2001] q;\nfor uint i in [0:100000] { ${'ctrl @ '.repeat(2000)} x ${operands(2001)}; }`,
      4,
      1,
    ],
    [
      'subroutines',
      `${rows(60, (k) => `def f${k + 1}(qubit a) { ${k === 0 ? 'x a;' : `f${k}(a); f${k}(a);`} }`)}\nqubit q;\nf60(q);`,
      64,
      1,
    ],
    [
      'recursion',
      'def f(int n) -> int { if (n == 0) return 0; return f(n - 1) + f(n - 1); }\nint x = f(60);',
      4,
      1,
    ],
    [
      'recursion by variables',
      'def f(int n) -> int { if (n == 0) return 0; int m = n - 1; return f(m) + f(m); }\nint x = f(60);',
      4,
      1,
    ],
    [
      'recursion by halves',
      'def f(float t) -> float { if (t < 0.001) return 0.0; return f(t / 2) + f(t / 2); }\nfloat x = f(1e9);',
      4,
      1,
    ],
    [
      'recursion by cases',
      'def f(int n) -> int { switch (n) { case 0 { return 1; } default { return f(n - 1) + f(n - 1); } } return 0; }\nint x = f(60);',
      4,
      1,
    ],
    [
      'recursion on qubits',
      'def f(int n, qubit a) { if (n == 0) { x a; } else { f(n - 1, a); f(n - 1, a); } } qubit q;\nf(60, q);',
      4,
      1,
    ],
    ['a loop', 'qubit q;\nfor uint i in [0:1000000000] x q;', 4, 1],
    [
      'a loop that skips',
      'qubit q;\nfor uint i in [0:1000000000] { if (i == 7) continue; x q; }',
      4,
      1,
    ],
    [
      'a loop that measures',
      'qubit q; bit c;\nfor uint i in [0:1000000000] { c = measure q; if (c) break; x q; }',
      4,
      1,
    ],
    ['an empty loop', '\nfor uint i in [0:100000000000] { }', 4, 1],
    [
      'loops in loops',
      'const int n = 100000; qubit q;\nfor uint i in [0:n - 1] { for uint j in [0:n - 1] { x q; } }',
      4,
      1,
    ],
    [
      'loops up to a loop',
      'qubit q;\nfor uint i in [0:99999] { for uint j in [0:i] { x q; } }',
      4,
      1,
    ],
    [
      'loops in calls',
      'def f(int n, qubit a) { for int i in [0:n - 1] x a; } qubit q;\nfor uint i in [0:99999] f(i, q);',
      4,
      1,
    ],
    [
      'loops over sets',
      `qubit q;\n${'for int i in {1, 2, 3, 4} { '.repeat(30)} x q; ${'}'.repeat(30)}`,
      4,
      1,
    ],
    [
      'counting loops',
      'qubit q; int i = 0;\nwhile (i < 9999) { int j = 0; while (j < 9999) { x q; j += 1; } i += 1; }',
      4,
      1,
    ],
    ['resets', 'qubit[100000] q;\nfor uint i in [0:100000] reset q;', 4, 1],
    [
      'measurements',
      'qubit[100000] q; bit[100000] c;\nfor uint i in [0:100000] c = measure q;',
      4,
      1,
    ],
    ['barriers', 'qubit[100000] q;\nfor uint i in [0:1000000] { barrier; }', 4, 1],
    ['bits', '\nfor uint i in [0:1000000] { bit[1000000] c; }', 4, 1],
    ['arrays', '\nfor uint i in [0:1000000] { array[int, 1000, 1000] a; }', 4, 1],
  ])('%s are refused before they are unrolled', (_what, text, line, column) => {
    const start = process.cpuUsage();
    const error = errorOf(() => parseQasm(V3 + text));
    const { user, system } = process.cpuUsage(start);
    expect(error.code).toBe('QASM_TOO_LARGE');
    expect(error.message).toMatch(/at most \d+ (?:operations|steps to unroll)/);
    expect(error.details['line']).toBe(line);
    if (column !== null) expect(error.details['column']).toBe(column);
    // Milliseconds; each was seconds and gigabytes, or without an end.
    expect((user + system) / 1000).toBeLessThan(1000);
  });

  test('OpenQASM 2 is no way around', () => {
    const text = `OPENQASM 2.0;\ninclude "qelib1.inc";\n${doubling(39, 'x a;')}\nqreg q[2];\ng39 q;`;
    const { details, message } = errorOf(() => parseQasm(text));
    expect(details).toMatchObject({ line: 43, column: 1 });
    expect(message).toContain('at most 5000000 operations, this makes at least 549755813888 more');
  });
});

describe('the bound', () => {
  test('is never above what a statement takes', () => {
    let compared = 0;
    let counted = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const program = openProgram(V3 + randomRepetitive(Rng.fromSeed(seed)));
        const limits = { qubitsMax: 100, bitsMax: 1e4, operationsMax: 20_000, stepsMax: 200_000 };
        const settings = { limits, inputs: {}, watch: UNWATCHED, onWarning: () => undefined };
        const checkWork = (): boolean => false;
        const parts = { evaluate, evaluateValue, execute, checkWork, call: callSubroutine };
        const e = new Elaborator(program, settings, parts);
        const bounds = new WorkBound(e, (definition) => isRecognized(e, definition));
        try {
          for (const statement of program.statements) {
            const { work } = bounds.of(statement);
            const [steps, room] = [e.stepsLeft, e.room];
            execute(e, statement);
            expect(work.steps).toBeLessThanOrEqual(steps - e.stepsLeft);
            expect(work.operations).toBeLessThanOrEqual(room - e.room);
            compared += 1;
            counted += work.operations;
          }
        } catch (error) {
          if (!isOrchestratorError(error)) throw error;
        }
      }),
      { numRuns: 2_000, ...PARAMETERS },
    );
    expect(compared).toBeGreaterThan(10_000);
    expect(counted).toBeGreaterThan(10_000);
  });

  test('is what statements take whose values are all known', () => {
    const text = `${V3}gate g(t) a { for int i in [0:2] { rx(t) a; x a; } } def f(int n, qubit[2] a) { for int i in [1:n] g(i) a; }
qubit[2] q; for int k in [0:3] { f(k, q); if (k == 2) x q; }`;
    const operationsMax = 2 * 6 * (1 + 2 + 3) + 2;
    expect(parseQasm(text, { operationsMax }).operations).toHaveLength(operationsMax);
    const error = errorOf(() => parseQasm(text, { operationsMax: operationsMax - 1 }));
    expect(error.message).toContain(`this makes at least ${operationsMax} more`);
  });
});
