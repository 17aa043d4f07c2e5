/** Random programs of OpenQASM 3 that repeat: loops, calls, definitions, modifiers, branches. */
import type { Rng } from '../../../base/rng.ts';

const HEAD = `qubit[6] q; bit c; bit[3] d; const int n = 3; int v = 2; uint[4] w = 14;
gate g0 a { h a; t a; } gate g1(t) a, b { rx(t) a; if (t > 1) { cx a, b; } else { } g0 b; }
gate g2 a, b, r, s, o { for int i in [0:2] { g0 a; } cx b, r; ctrl @ g0 s, o; pow(3) @ g1(0.5) a, b; }
gate x a { U(pi, 0, pi) a; gphase(0.1); } gate s a { h a; h a; }
def f0(int k, qubit a) { for int i in [0:k] { g0 a; } if (k > 0) { f0(k - 1, a); } }
def f1(int k) -> int { if (k <= 0) return 1; int m = k - 1; return f1(m) + f1(m - 1); }
def f2(uint[4] k, qubit[2] a) -> bit { x a; bit r = measure a[0]; if (r) return r; y a; if (k < 9) return 0; z a; return 1; }
`;

const STATEMENTS: readonly ((rng: Rng, inner: () => string, index: () => string) => string)[] = [
  () => 'x q;',
  () => 'g0 q;',
  () => 's q[1];',
  (_, __, i) => `g1(${i()}) q[0], q[1];`,
  (_, __, i) => `g1(${i()}) q[${i()} % 6], q[5];`,
  () => 'g2 q[0], q[1], q[2], q[3], q[4];',
  (_, __, i) => `pow(${i()}) @ g2 q[0], q[1], q[2], q[3], q[4];`,
  (_, __, i) => `pow(${i()}) @ g1(1.5) q[0], q[1];`,
  (rng) => `pow(${rng.below(7)}.5) @ g0 q[0];`,
  (rng) => `inv @ pow(${rng.below(5)}) @ ctrl(2) @ g0 q[${rng.below(2)}], q[2], q[3];`,
  () => 'negctrl @ ctrl @ gphase(0.3) q[0], q[1];',
  (_, __, i) => `f0(${i()}, q[2]);`,
  (_, __, i) => `v = f1(${i()});`,
  (_, __, i) => `c = f2(${i()}, q[1:2]);`,
  () => 'd[1] = f2(w, q[3:4]);',
  () => 'reset q;',
  () => 'barrier q;',
  () => 'barrier;',
  () => 'c = measure q[0];',
  () => 'd = measure q[0:2];',
  () => 'measure q[1] -> d[1];',
  () => 'c = 0;',
  () => 'd = "101";',
  (_, __, i) => `v = ${i()};`,
  () => 'v += 1;',
  () => 'w += 3;',
  () => 'w = w - 9;',
  () => 'break;',
  () => 'continue;',
  (_, inner, i) => `for int i in [0:${i()}] { ${inner()} }`,
  (_, inner) => `for uint[3] j in {1, 2, 5} { ${inner()} }`,
  (_, inner) => `for int i in [5:-2:-1] { ${inner()} }`,
  (_, inner) => `for bit b in d { ${inner()} }`,
  (_, inner, i) => `if (${i()} > 2) { ${inner()} } else { ${inner()} }`,
  (_, inner, i) => `if (v == ${i()}) { ${inner()} }`,
  (_, inner) => `if (c) { ${inner()} } else { ${inner()} }`,
  (_, inner) => `if (c == 1 || v > 2) { ${inner()} }`,
  (_, inner) => `if (d == 5 && w < 7) { ${inner()} }`,
  (_, inner, i) =>
    `switch (v) { case 0, 1 { ${inner()} } case 2 { ${inner()} } default { v = ${i()}; } }`,
  (_, inner) => `int m = 0; while (m < 3) { ${inner()} m += 1; }`,
  (_, inner) => `while (v > 0) { ${inner()} v -= 1; }`,
  (_, inner) => `while (c) { ${inner()} c = measure q[3]; }`,
  (_, inner) => `{ int v = 4; ${inner()} }`,
  (_, inner) => `box { ${inner()} }`,
];

const INDICES = [
  '0',
  '1',
  '3',
  'n',
  'v',
  'w',
  'i',
  'n - 1',
  'v + 1',
  'i * 2',
  '2 ** n',
  'i % 3',
  'w + 1',
];

export function randomRepetitive(rng: Rng): string {
  const index = (depth: number) => (): string => {
    const text = INDICES[rng.below(INDICES.length)]!;
    // The loop's variable is known in loops alone.
    return depth === 0 && text.includes('i') ? '2' : text;
  };
  const row = (depth: number): string =>
    Array.from({ length: 1 + rng.below(depth === 0 ? 8 : 3) }, () => {
      const isLeaf = depth > 2;
      const loops = STATEMENTS.findIndex((_, k) => k > 26) + 2;
      const at = rng.below(isLeaf ? loops : STATEMENTS.length);
      const inner = (): string => row(depth + 1);
      return STATEMENTS[at]!(rng, inner, index(depth));
    }).join('\n');
  return HEAD + row(0);
}
