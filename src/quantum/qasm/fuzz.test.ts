import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OrchestratorError } from '../../base/errors.ts';
import { checkCircuit } from '../circuit/check-circuit.ts';
import { PARAMETERS } from '../circuit/testing/random-circuit.ts';
import { parseQasm } from './parse-qasm.ts';

const LIMITS = { operationsMax: 20_000, stepsMax: 200_000, qubitsMax: 1_000, bitsMax: 10_000 };

/** Reads, and checks what comes of it: a circuit that is in order, or an error with a code. */
function survives(source: string): void {
  const start = performance.now();
  try {
    checkCircuit(parseQasm(source, LIMITS));
  } catch (error) {
    if (!(error instanceof OrchestratorError)) throw error;
    expect(error.code).toMatch(/^QASM_/);
    expect(error.details['line']).toBeGreaterThan(0);
  }
  expect(performance.now() - start).toBeLessThan(3_000);
}

const PROGRAMS = [
  'OPENQASM 2.0; include "qelib1.inc"; gate g(a,b) p,q { u3(a,b,-a^2) p; cx p,q; barrier p,q; } qreg q[3]; creg c[2]; h q; g(pi/2,1e-3) q[0],q[1]; measure q[0] -> c[0]; if(c==1) x q[2]; reset q;',
  'OPENQASM 3.0; include "stdgates.inc"; const int n = 3; qubit[n] q; bit[n] c; uint[4] k = 2; angle[5] a = pi / 3; gate g(t) x, y { ctrl @ rz(t) x, y; gphase(t); } def f(qubit[2] p, int[8] m) -> bit { g(m * 0.1) p[0], p[1]; bit r = measure p[0]; if (r) return 1; return measure p[1]; } for uint i in [0:n-1] { h q[i]; if (i == 1) continue; inv @ pow(2) @ s q[i]; } c[0] = f(q[0:1], k); while (c != 5 && k < 9) { c = measure q; k += 1; if (c[1]) break; } switch (k) { case 1, 2 { x q[0]; } default { end; } } let v = q[{0, 2}] ++ q[1:1]; array[float[32], 2, 2] m = {{1, 2}, {3, 4.5}}; rx(m[1, 0] + a) v[1]; delay[100ns] q; box { nop q; } c <<= 1; c = ~c ^ "101";',
  'OPENQASM 3; extern e(int) -> int; input float z; output bit o; defcal x $0 { a {b} } cal { } @note 1\nbit[4] b = "0110"; bit[2] d = b[0:1]; d[0] = b[3]; stretch s; duration t = durationof({x $0;}) + 2us; complex[float[64]] w = 1 + 2im; U(1, 2, 3) $1; negctrl(2) @ x $0, $2, $3; #pragma p\n',
];

const WORDS = (
  'OPENQASM include qreg creg gate opaque measure reset barrier if else for while in switch case default def ' +
  'extern return break continue end let const input output qubit bit int uint float angle bool complex array ' +
  'duration stretch ctrl negctrl inv pow gphase delay box nop cal defcal durationof mutable readonly #dim ' +
  'pragma true false q c x h cx rz U pi sin sizeof popcount 0 1 2 3 10 1.5 -1 1e3 0x1F "01" 100ns 2im $0 ' +
  '[ ] { } ( ) ; : , -> ++ ** == != <= && || << >> += = + - * / % ^ & | ~ ! @'
).split(' ');

const edit = fc.record({
  at: fc.nat(),
  remove: fc.nat({ max: 8 }),
  insert: fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 3 }), fc.constant('')),
});

describe('whatever is read', () => {
  test('programs with some characters changed end in a circuit or a coded error', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PROGRAMS),
        fc.array(edit, { minLength: 1, maxLength: 5 }),
        (program, edits) => {
          let text = program;
          for (const { at, remove, insert } of edits) {
            const place = at % (text.length + 1);
            text = text.slice(0, place) + insert + text.slice(place + remove);
          }
          survives(text);
        },
      ),
      { numRuns: 4_000, ...PARAMETERS },
    );
  });

  test('rows of words end in a circuit or a coded error', () => {
    const words = fc.array(fc.constantFrom(...WORDS), { maxLength: 40 });
    const header = fc.constantFrom('', 'OPENQASM 2.0; ', 'OPENQASM 3.0; qubit[3] q; bit[3] c; ');
    fc.assert(
      fc.property(header, words, (start, row) => survives(start + row.join(' '))),
      { numRuns: 4_000, ...PARAMETERS },
    );
  });

  test('any text ends in a coded error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => survives(text)),
      { numRuns: 2_000, ...PARAMETERS },
    );
  });

  test('the programs that are changed are right themselves', () => {
    for (const program of PROGRAMS) {
      expect(() => parseQasm(program, { ...LIMITS, inputs: { z: 1 } })).not.toThrow();
    }
  });

  test.each([
    ['a name', 'a'.repeat(5_000_000)],
    ['a number', `rz(${'1'.repeat(3_000_000)}) q;`],
    ['digits with bars', `rz(${'1_'.repeat(1_000_000)}1) q;`],
    ['a comment', `//${'x'.repeat(5_000_000)}\nx`],
    ['comments', '/**/ //\n'.repeat(500_000)],
    ['an open comment', `/*${'*'.repeat(5_000_000)}`],
    ['a string', `include "${'x'.repeat(5_000_000)}`],
    ['an annotation', `@${'a.'.repeat(1_000_000)}`],
    ['a pragma', `pragma ${'x '.repeat(1_000_000)}`],
    ['a calibration', `cal {${'{'.repeat(3_000_000)}`],
    ['blanks', ' \n'.repeat(2_000_000)],
    ['semicolons', ';'.repeat(1_000_000)],
    ['operands', `x ${'q,'.repeat(300_000)}q;`],
    ['statements', 'OPENQASM 2.0; qreg q[1]; ' + 'U(0,0,0) q[0];'.repeat(30_000)],
  ])('%s of great length is read in time', (_what, text) => {
    survives(text);
  });
});
