import { expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

test.each([
  ['', '', 0],
  ['abc', '', 3],
  ['kitten', 'sitting', 3],
  ['flaw', 'lawn', 2],
  ['same', 'same', 0],
])('the distance of %j and %j is %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the nearest name is the one with the fewest edits', () => {
  expect(nearest('pdf.extract', ['csv.parse', 'pdf.extract-text', 'pdf.extrct'])).toBe(
    'pdf.extrct',
  );
});

test('names that have little in common are not near', () => {
  expect(nearest('pdf.extract', ['quantum.run', 'email'])).toBeNull();
  expect(nearest('pdf.extract', [])).toBeNull();
});
