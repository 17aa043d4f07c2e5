import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitOffsets, maskOf, nextOutside, otherQubits, parity } from './bits.ts';
import { PARAMETERS, someQubits } from './testing/random-states.ts';

test('parity tells whether an odd number of 31 bits is set', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), (bits) => {
      const ones = bits.toString(2).replaceAll('0', '').length;
      expect(parity(bits)).toBe(ones % 2);
    }),
    PARAMETERS,
  );
});

test('offsets of some qubits and numbers outside them reach every basis state once', () => {
  fc.assert(
    fc.property(someQubits(8, 0), ([count, qubits]) => {
      const mask = maskOf(qubits);
      const reached: number[] = [];
      const outside = 2 ** (count - qubits.length);
      for (let k = 0, base = 0; k < outside; k++, base = nextOutside(base, mask)) {
        for (const offset of bitOffsets(qubits)) reached.push(base + offset);
      }
      expect(reached.sort((a, b) => a - b)).toEqual(
        Array.from({ length: 2 ** count }, (_, k) => k),
      );
      expect(maskOf(otherQubits(qubits, count))).toBe(2 ** count - 1 - mask);
    }),
    PARAMETERS,
  );
});
