import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OrchestratorError } from '../../base/errors.ts';
import { circuit as build } from '../circuit/circuit-builder.ts';
import { PARAMETERS, randomDynamic, seeds } from '../circuit/testing/random-circuit.ts';
import { drawSvg } from './draw-svg.ts';
import { drawText } from './draw-text.ts';
import { angleLabel } from './gate-label.ts';

describe('drawings in characters', () => {
  test('gates, controls, targets and measurements stand on their wires', () => {
    const circuit = build(3)
      .h(0)
      .cx(0, 2)
      .gate('x', [], [1], [{ qubit: 0, value: 0 }])
      .rz(Math.PI / 4, 2)
      .measureAll()
      .build();
    expect(drawText(circuit)).toBe(
      [
        '       ┌───┐                 ┌───┐',
        'q[0]: ─┤ H ├──●───────○──────┤ M ├──────────────',
        '       └───┘  │       │      └─╥─┘ ┌───┐',
        'q[1]: ────────┼───────⊕────────╫───┤ M ├────────',
        '              │  ┌─────────┐   ║   └─╥─┘ ┌───┐',
        'q[2]: ────────⊕──┤ RZ(π/4) ├───╫─────╫───┤ M ├──',
        '                 └─────────┘   ║     ║   └─╥─┘',
        ' c/3: ═════════════════════════╩═════╩═════╩════',
        '                               0     1     2',
        '',
      ].join('\n'),
    );
  });

  test('no line is longer than asked for, whatever the circuit', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 70, max: 140 }), (seed, width) => {
        const circuit = randomDynamic(3, 25, seed);
        for (const line of drawText(circuit, { width }).split('\n')) {
          // A single condition may be longer than the page: it is not split.
          if (!/if |while | = /.test(line))
            expect(Array.from(line).length).toBeLessThanOrEqual(Math.max(width, 110));
          expect(line).toBe(line.trimEnd());
        }
      }),
      { numRuns: 200, ...PARAMETERS },
    );
  });

  test('columns that do not fit go on below', () => {
    const builder = build(1);
    for (let k = 0; k < 20; k++) builder.h(0);
    const lines = drawText(builder.build(), { width: 40 }).split('\n');
    expect(lines.filter((line) => line.startsWith('q[0]:'))).toHaveLength(4);
    expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(40);
    expect(lines.join('').replaceAll(/[^H]/g, '')).toHaveLength(20);
  });

  test('a gate over several wires tells which is which', () => {
    const text = drawText(build(3).rzx(0.5, 2, 0).build());
    expect(text).toContain('┤1           ├');
    expect(text).toContain('RZX(0.5)');
    expect(text).toContain('┤0           ├');
  });

  test('branches are between bands that say their conditions', () => {
    const builder = build(1, 2);
    const bits = { kind: 'bits', bits: [0, 1] } as const;
    builder.if(
      { kind: 'binary', operator: '==', left: bits, right: { kind: 'literal', value: 2n } },
      (then) => then.x(0),
      (otherwise) => otherwise.y(0),
    );
    const text = drawText(builder.build());
    expect(text).toContain('─┤           ├─┤ X ├─┤      ├─┤ Y ├─┤     ├──');
    expect(text).toContain(' │ if c == 2 │ └───┘ │ else │ └───┘ │ end │');
  });

  test('a circuit without anything is drawn as well', () => {
    expect(drawText(build().build())).toBe('(no qubits)\n');
    expect(drawText(build(1).globalPhase(Math.PI).build())).toBe('global phase: π\nq[0]: ──\n');
  });

  test('angles are fractions of π where they are', () => {
    expect([Math.PI / 2, -Math.PI, (3 * Math.PI) / 4, 0.123456, 0].map(angleLabel)).toEqual([
      'π/2',
      '-π',
      '3π/4',
      '0.1235',
      '0',
    ]);
  });

  test('what is too large, and a page too narrow, are refused', () => {
    const code = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        if (error instanceof OrchestratorError) return error.code;
      }
      return 'none';
    };
    expect(code(() => drawText(build(3000).build()))).toBe('QUANTUM_TOO_LARGE');
    expect(code(() => drawText(build(1).build(), { width: 3 }))).toBe('QUANTUM_OPTION_INVALID');
  });
});

/** Attributes of all elements of a name. */
function elements(svg: string, name: string): Record<string, string>[] {
  return [...svg.matchAll(new RegExp(`<${name} ([^>]*)>`, 'g'))].map(([, attributes]) =>
    Object.fromEntries(
      [...(attributes as string).matchAll(/([\w-]+)="([^"]*)"/g)].map(([, k, v]) => [k, v]),
    ),
  );
}

describe('pictures', () => {
  test('they have a title and a description, and text cannot leave its element', () => {
    const svg = drawSvg(build(1).h(0).build(), { title: '<script>alert("x")</script> & co\u0000' });
    expect(svg).toContain('role="img" aria-labelledby="t d"');
    expect(svg).toContain(
      '<title id="t">&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; co</title>',
    );
    expect(svg).toContain('<desc id="d">1 qubits, 0 classical bits, 1 gates');
    expect(svg).not.toContain('<script');
  });

  test('everything lies within the picture, and boxes do not overlap', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 300, max: 1500 }), (seed, width) => {
        const svg = drawSvg(randomDynamic(3, 25, seed), { width });
        const [page] = elements(svg, 'svg') as [Record<string, string>];
        const boxes = elements(svg, 'rect')
          .slice(1)
          .map(({ x, y, width: w, height: h }) => ({
            left: Number(x),
            top: Number(y),
            right: Number(x) + Number(w),
            bottom: Number(y) + Number(h),
          }));
        for (const [k, box] of boxes.entries()) {
          expect(box.left).toBeGreaterThanOrEqual(0);
          expect(box.right).toBeLessThanOrEqual(Number(page['width']));
          expect(box.bottom).toBeLessThanOrEqual(Number(page['height']));
          for (const other of boxes.slice(0, k)) {
            const isApart =
              box.right <= other.left ||
              other.right <= box.left ||
              box.bottom <= other.top ||
              other.bottom <= box.top;
            expect(isApart).toBe(true);
          }
        }
      }),
      { numRuns: 100, ...PARAMETERS },
    );
  });
});
