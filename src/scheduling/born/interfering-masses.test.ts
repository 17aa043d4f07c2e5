import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InterferingMasses } from './interfering-masses.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

interface Amplitude {
  re: number;
  im: number;
  s: number;
}

/** The plain twin: n complex numbers, and loops over all of them. */
class Dense {
  amplitudes: Amplitude[] = [];

  push(mass: number, prior: number): void {
    const [re, im] = this.overlap();
    const norm = Math.hypot(re, im);
    const size = Math.sqrt(mass);
    const phase = norm > 0 ? { re: re / norm, im: im / norm } : { re: 1, im: 0 };
    this.amplitudes.push({ re: size * phase.re, im: size * phase.im, s: Math.sqrt(prior) });
  }

  overlap(): [number, number] {
    return [
      this.amplitudes.reduce((sum, { re, s }) => sum + re * s, 0),
      this.amplitudes.reduce((sum, { im, s }) => sum + im * s, 0),
    ];
  }

  set(at: number, mass: number, prior: number): void {
    const { re, im } = this.amplitudes[at] as Amplitude;
    const factor = Math.sqrt(mass) / Math.hypot(re, im);
    this.amplitudes[at] = { re: re * factor, im: im * factor, s: Math.sqrt(prior) };
  }

  turn(at: number, angle: number): void {
    const { re, im, s } = this.amplitudes[at] as Amplitude;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.amplitudes[at] = { re: re * cos - im * sin, im: re * sin + im * cos, s };
  }

  mix(beta: number): void {
    const norm = this.amplitudes.reduce((sum, { s }) => sum + s * s, 0);
    const [re, im] = this.overlap();
    const [kRe, kIm] = [1 - Math.cos(beta), Math.sin(beta)];
    this.amplitudes = this.amplitudes.map((one) => ({
      re: one.re - ((kRe * re - kIm * im) * one.s) / norm,
      im: one.im - ((kRe * im + kIm * re) * one.s) / norm,
      s: one.s,
    }));
  }

  masses(): number[] {
    return this.amplitudes.map(({ re, im }) => re * re + im * im);
  }
}

const step = fc.record({
  kind: fc.constantFrom('push', 'pop', 'set', 'turn', 'mix', 'mix', 'move', 'scale'),
  at: fc.nat(),
  size: fc.double({ min: 0.1, max: 5, noNaN: true }),
  angle: fc.double({ min: -3, max: 3, noNaN: true }),
});

function apply(both: [InterferingMasses, Dense], { kind, at, size, angle }: StepOf): void {
  const [lazy, dense] = both;
  const count = dense.amplitudes.length;
  const position = at % Math.max(1, count);
  if (kind === 'push') for (const one of both) one.push(size, size / 2);
  else if (kind === 'mix') for (const one of both) one.mix(angle);
  else if (kind === 'turn') for (const one of both) one.turn(position, angle);
  else if (kind === 'set' && (dense.masses()[position] ?? 0) > 1e-9) {
    for (const one of both) one.set(position, size, size + 1);
  } else if (kind === 'pop' && count > 2) {
    lazy.pop();
    dense.amplitudes.pop();
  } else if (kind === 'move') {
    lazy.move(count - 1, position);
    dense.amplitudes[position] = { ...(dense.amplitudes[count - 1] as Amplitude) };
  } else if (kind === 'scale') {
    lazy.scale(size);
    const root = Math.sqrt(size);
    dense.amplitudes = dense.amplitudes.map(({ re, im, s }) => ({
      re: re * root,
      im: im * root,
      s,
    }));
  }
}
type StepOf = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

describe('interfering masses', () => {
  test('agree with n complex amplitudes, whatever the history', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.array(step, { maxLength: 150, size: 'max' }),
        (count, history) => {
          const both: [InterferingMasses, Dense] = [new InterferingMasses(), new Dense()];
          for (let at = 0; at < count; at++) {
            for (const one of both) one.push(1 + (at % 3), 1 + (at % 3));
          }
          for (const one of history) apply(both, one);
          const [lazy, dense] = both;
          const masses = dense.masses();
          const total = masses.reduce((sum, mass) => sum + mass, 0);
          expect(Math.abs(lazy.total - total)).toBeLessThan(1e-6 * total);
          for (const [at, mass] of masses.entries()) {
            expect(Math.abs(lazy.at(at) - mass)).toBeLessThan(1e-6 * total);
          }
          const middle = masses.length >> 1;
          const before = masses.slice(0, middle).reduce((sum, mass) => sum + mass, 0);
          expect(Math.abs(lazy.before(middle) - before)).toBeLessThan(1e-6 * total);
          const mass = masses[middle] as number;
          if (mass > 1e-4 * total) expect(lazy.find(before + mass / 2)).toBe(middle);
        },
      ),
      { numRuns: 150, ...SEED },
    );
  });

  test('the mixer keeps the norm, also over thousands of steps', () => {
    const masses = new InterferingMasses();
    for (let at = 0; at < 300; at++) masses.push(1, 1 + (at % 4));
    for (let step = 0; step < 20_000; step++) {
      masses.turn((step * 7) % 300, 0.3);
      masses.mix(0.7);
    }
    expect(masses.total / 300).toBeCloseTo(1, 8);
  });

  test('parts that grow against each other are written anew before they hide what is left', () => {
    const masses = new InterferingMasses();
    for (let at = 0; at < 2; at++) masses.push(1 + at / 3, 1 + at / 3);
    let worst = 0;
    for (let step = 0; step < 300_000; step++) {
      masses.mix(0.7);
      // Back in phase, so that each mixer step adds to B in the same direction.
      for (let at = 0; at < 2; at++) masses.turn(at, 0.7);
      if (step % 1_000 > 0) continue;
      worst = Math.max(worst, Math.abs(masses.total / (masses.at(0) + masses.at(1)) - 1));
    }
    expect(worst).toBeLessThan(1e-6);
    expect(masses.total).toBeCloseTo(7 / 3, 5);
  });

  test("Grover's search: a marked one of 64 has nearly all the mass after six steps", () => {
    const masses = new InterferingMasses();
    for (let at = 0; at < 64; at++) masses.push(1 / 64, 1);
    for (let step = 0; step < 6; step++) {
      masses.turn(37, Math.PI);
      masses.mix(Math.PI);
    }
    // sin²((2k + 1)·asin(1/√N)), Boyer, Brassard, Høyer and Tapp, 1998.
    expect(masses.at(37)).toBeCloseTo(Math.sin(13 * Math.asin(1 / 8)) ** 2, 12);
    expect(masses.find(0.5 * masses.total)).toBe(37);
  });
});
